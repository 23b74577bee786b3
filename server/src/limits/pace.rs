//! Slows a connection down when the clients at its address transfer more bytes than they may.

use super::client::Client;
use observation::{Act, Deliberate};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A connection settles its bytes in parts of this size, so that most reads do not touch what its address shares.
const PART: u64 = 64 << 10;

/// The bytes of one connection.
#[derive(Debug)]
pub(crate) struct Pace {
    client: Arc<Client>,
    /// Bytes that were transferred and not settled.
    owed: u64,
    /// Until when the connection waits.
    until: Option<Instant>,
    told: bool,
}

impl Pace {
    /// `None` if the bytes of the client are not limited.
    pub(crate) fn new(client: Option<&Arc<Client>>) -> Option<Box<Self>> {
        let client = Arc::clone(client.filter(|client| client.is_paced())?);
        Some(Box::new(Self { client, owed: 0, until: None, told: false }))
    }

    /// Counts bytes in either direction.
    #[inline]
    pub(crate) fn count(&mut self, bytes: u64) {
        self.owed += bytes;
    }

    /// Whether the connection must not transfer more now.
    #[inline]
    pub(crate) fn must_wait(&mut self) -> bool {
        self.owed >= PART && self.is_behind()
    }

    /// When a wait ends that has begun and not ended.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }

    /// What to record about the first wait.
    pub(crate) fn first_wait(&mut self) -> Option<Act> {
        let explanation = "the relay slows this connection down: the connections from your network address together transfer more \
                           than one address may; delays from here on are not those of your client or of the behavior settings";
        let is_first = self.until.is_some() && !std::mem::replace(&mut self.told, true);
        is_first.then(|| Act::of(Deliberate::by_limit("client-bytes", explanation)))
    }

    fn is_behind(&mut self) -> bool {
        while self.until().is_none() && self.owed >= PART {
            let kib = NonZeroU32::new(u32::try_from(self.owed / 1024).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
            match self.client.transfer(kib) {
                Ok(taken) => {
                    self.owed -= u64::from(taken.get()) * 1024;
                    self.until = None;
                }
                // tokio's timers fire on whole milliseconds.
                Err(wait) => self.until = Some(Instant::now() + wait.max(Duration::from_millis(1))),
            }
        }
        self.until().is_some()
    }
}
