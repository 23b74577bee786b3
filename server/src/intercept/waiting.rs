//! The messages of a connection that wait. Their number and size are bounded.

use crate::conditions::unit::Unit;
use crate::memory::MemoryShare;
use observation::rule::Expiry;
use std::mem::size_of;
use tokio::time::Instant;
use wire::Sender;

/// The most messages of a connection that wait, in both directions.
pub(crate) const MAX_WAITING: usize = 64;
/// The most bytes in them.
pub(crate) const MAX_WAITING_BYTES: usize = 2 << 20;

/// A message that waits.
#[derive(Debug)]
pub(super) struct Waiter<T> {
    /// The position of the rule in the list, and its name.
    pub(super) rule: (usize, String),
    pub(super) unit: Unit,
    pub(super) original: T,
    pub(super) until: Instant,
    pub(super) why: Wait,
}

/// Why it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// For an observer to decide about the message with this number.
    Held {
        number: u64,
        expiry: Expiry,
    },
    Delayed,
    /// For so many other messages of its direction.
    Behind(u32),
}

#[derive(Debug)]
pub(super) struct Waiting<T> {
    /// In the order in which they arrived.
    waiters: Vec<Waiter<T>>,
    share: MemoryShare,
    /// How many were held so far.
    held: u64,
}

/// Why no more may wait. Without a capital letter at the start and without a full stop.
pub(super) type Full = &'static str;

impl<T> Waiting<T> {
    pub(super) fn new(share: MemoryShare) -> Self {
        Self { waiters: Vec::new(), share, held: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Whether one from this end waits.
    pub(super) fn has_from(&self, from: Sender) -> bool {
        self.waiters.iter().any(|waiter| waiter.unit.from == from)
    }

    /// `held` numbers are in use already.
    pub(super) fn count_from(&mut self, held: u64) {
        self.held = held;
    }

    /// The number of the next message to hold.
    pub(super) fn next_number(&mut self) -> u64 {
        self.held += 1;
        self.held
    }

    /// Whether a message of this size may wait.
    pub(super) fn room_for(&mut self, unit: &Unit) -> Result<(), Full> {
        if self.waiters.len() >= MAX_WAITING {
            return Err("64 messages of this connection already wait");
        }
        let bytes = self.bytes() + cost(unit);
        if bytes > MAX_WAITING_BYTES {
            return Err("the messages of this connection that wait already have 2 MiB");
        }
        self.share.resize(bytes).map_err(|_| "this relay has no memory left for messages that wait")
    }

    pub(super) fn add(&mut self, mut waiter: Waiter<T>) {
        waiter.unit.forget_values();
        self.waiters.push(waiter);
    }

    /// Who sent the held message with this number.
    pub(super) fn sender_of(&self, number: u64) -> Option<Sender> {
        let is_it = |waiter: &&Waiter<T>| matches!(waiter.why, Wait::Held { number: of, .. } if of == number);
        self.waiters.iter().find(is_it).map(|waiter| waiter.unit.from)
    }

    /// The held message with this number.
    pub(super) fn take_held(&mut self, number: u64) -> Option<Waiter<T>> {
        let is_it = |waiter: &Waiter<T>| matches!(waiter.why, Wait::Held { number: of, .. } if of == number);
        let at = self.waiters.iter().position(is_it)?;
        Some(self.remove(at))
    }

    /// The next message whose wait is over: the one that is due first.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Waiter<T>> {
        let due = self.waiters.iter().enumerate().filter(|(_, waiter)| waiter.until <= now);
        let (at, _) = due.min_by_key(|(_, waiter)| waiter.until)?;
        Some(self.remove(at))
    }

    /// Another message from this end has gone on. Those that waited only for it are due now.
    pub(super) fn passed(&mut self, from: Sender, now: Instant) {
        for waiter in &mut self.waiters {
            if let Wait::Behind(left) = &mut waiter.why
                && waiter.unit.from == from
            {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    waiter.until = now;
                }
            }
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.waiters.iter().map(|waiter| waiter.until).min()
    }

    pub(super) fn take_all(&mut self) -> Vec<Waiter<T>> {
        let all = std::mem::take(&mut self.waiters);
        // Shrinking cannot fail.
        let _ = self.share.resize(0);
        all
    }

    fn bytes(&self) -> usize {
        self.waiters.iter().map(|waiter| cost(&waiter.unit)).sum()
    }

    fn remove(&mut self, at: usize) -> Waiter<T> {
        let waiter = self.waiters.remove(at);
        let bytes = self.bytes();
        // Shrinking cannot fail.
        let _ = self.share.resize(bytes);
        waiter
    }
}

/// What a waiting message takes: its content, and about as much again for its frames.
fn cost(unit: &Unit) -> usize {
    size_of::<Waiter<()>>() + 2 * unit.content.len()
}
