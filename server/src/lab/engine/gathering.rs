//! Replies that wait for each other, so that their order says nothing about which message each one answers.

use std::time::Duration;
use tokio::time::Instant;
use wire::message::MessageKind;

/// How long the first of them waits at most.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// With this many bytes, the connection stops reading until the messages are answered.
const FULL_BYTES: usize = 1 << 20;

/// A message that is to be answered.
pub(super) type Asked = (MessageKind, Vec<u8>);

#[derive(Default)]
pub(super) struct Gathering {
    waiting: Vec<Asked>,
    until: Option<Instant>,
}

impl Gathering {
    pub(super) fn add(&mut self, asked: Asked, now: Instant) {
        self.waiting.push(asked);
        self.until.get_or_insert(now + MAX_WAIT);
    }

    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    /// When the messages are answered at the latest.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn bytes(&self) -> usize {
        self.waiting.iter().map(|(_, content)| content.capacity()).sum()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes() >= FULL_BYTES
    }

    pub(super) fn take(&mut self) -> Vec<Asked> {
        self.until = None;
        std::mem::take(&mut self.waiting)
    }
}
