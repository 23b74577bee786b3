//! Redis with a replica that can take its place.

use crate::support::fault_line::{Direction, FaultLine};
use crate::support::redis::{Options, RedisServer};
use crate::support::soon;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) struct Engine {
    primary: RedisServer,
    replica: RedisServer,
    /// The network between the two.
    replication: FaultLine,
    is_stalled: bool,
}

impl Engine {
    /// `None` if this machine has no redis-server.
    pub(crate) async fn start() -> Option<Self> {
        let primary = RedisServer::with(Options { append_only: true, ..Options::default() }).await?;
        let replication = FaultLine::to(primary.address).await;
        let replica = replica(&replication).await;
        Some(Self { primary, replica, replication, is_stalled: false })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.primary.address
    }

    pub(crate) fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    pub(crate) async fn stall(&mut self) {
        self.primary.pause().await;
        self.is_stalled = true;
    }

    pub(crate) async fn resume(&mut self) {
        if std::mem::take(&mut self.is_stalled) {
            self.primary.resume().await;
        }
    }

    /// A crash, or an orderly stop, and a start with the data that it had acknowledged, or without.
    pub(crate) async fn restart(&mut self, crash: bool, keep: bool) {
        self.resume().await;
        if crash {
            self.primary.kill().await;
        } else {
            self.primary.stop().await;
        }
        if !keep {
            self.primary.wipe();
        }
        self.primary.start_again().await;
    }

    pub(crate) async fn flush(&self) {
        self.primary.flush().await;
    }

    /// What the primary takes does not reach the replica any more.
    pub(crate) fn hold_replica(&self) {
        self.replication.stall(Direction::FromUpstream);
    }

    /// The primary dies, and the replica takes its place, with a new replica of its own.
    pub(crate) async fn fail_over(&mut self) {
        self.primary.kill().await;
        self.is_stalled = false;
        self.replica.promote().await;
        // What was held must not arrive later.
        self.replication.cut();
        self.replication.lead_to(self.replica.address);
        self.replication.heal();
        let next = replica(&self.replication).await;
        // The one that died is dropped.
        self.primary = std::mem::replace(&mut self.replica, next);
    }

    /// Whether Redis has the session of the test, which is the only one.
    pub(crate) async fn has_session(&self) -> bool {
        !self.keys("framescope:s:*").await.is_empty()
    }

    /// How many relays have been declared lost, since Redis was empty.
    pub(crate) async fn lost_relays(&self) -> usize {
        if self.is_stalled { 0 } else { self.keys("framescope:gone:*").await.len() }
    }

    /// Waits until relays have brought the session back after a loss.
    pub(crate) async fn until_restored(&self) {
        soon(async {
            while !self.has_session().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    async fn keys(&self, pattern: &str) -> Vec<String> {
        self.primary.command(&["KEYS", pattern]).await
    }
}

async fn replica(replication: &FaultLine) -> RedisServer {
    let options = Options { append_only: true, replica_of: Some(replication.address), ..Options::default() };
    RedisServer::with(options).await.unwrap()
}
