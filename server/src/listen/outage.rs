//! Accepts connections also when the system has no descriptors left for a while.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The pause after a failed accept, most likely because no descriptors are left.
const PAUSE: Duration = Duration::from_millis(100);
/// After such a time without a failure, an outage is over. Accepting often fails again after a single success.
const OVER: Duration = Duration::from_secs(5);

/// Whether accepting fails at the moment. An outage gets one line in the log when it begins, and one when it is over.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    failures: u64,
    last: Option<Instant>,
}

impl Outage {
    /// The next connection. After a failure, `None` and a pause.
    pub(crate) async fn accept(&mut self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
        match listener.accept().await {
            Ok(accepted) => {
                self.has_accepted();
                Some(accepted)
            }
            Err(error) => {
                if self.failures == 0 {
                    tracing::warn!(%error, "the relay cannot accept connections; it tries again until it can");
                }
                self.failures += 1;
                self.last = Some(Instant::now());
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    fn has_accepted(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() >= OVER) {
            tracing::info!(failures = self.failures, "the relay accepts connections again");
            *self = Self::default();
        }
    }
}
