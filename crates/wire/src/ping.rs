//! Which ping a pong answers. RFC 6455 §5.5.2 and §5.5.3.
//!
//! A pong repeats the payload of its ping, and nothing else connects the two. An endpoint may answer only the latest of several
//! pings, and it may send pongs that answer none. So if several pings have the same payload, a pong proves only that the oldest
//! of them has arrived.

use std::collections::VecDeque;

/// The pings of one end of a connection that may still be answered, in the order in which they were sent.
#[derive(Clone, Debug)]
pub struct Pings<T> {
    waiting: VecDeque<Ping<T>>,
    capacity: usize,
}

#[derive(Clone, Debug)]
struct Ping<T> {
    payload: Vec<u8>,
    about: T,
    /// Whether an earlier pong, or a ping that is no longer known, may belong to this ping's payload.
    is_doubtful: bool,
}

/// The ping that a pong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// What was said about the ping when it was sent.
    pub ping: T,
    /// Whether the pong may answer a later ping instead, because that one has the same payload.
    pub is_uncertain: bool,
}

impl<T> Pings<T> {
    /// An empty list that keeps at most `capacity` pings and drops the oldest first.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { waiting: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// Adds a ping with this payload, which was sent now.
    pub fn sent(&mut self, payload: &[u8], about: T) {
        self.waiting.push_back(Ping { payload: payload.to_vec(), about, is_doubtful: false });
        if self.waiting.len() > self.capacity
            && let Some(dropped) = self.waiting.pop_front()
        {
            self.doubt(&dropped.payload);
        }
    }

    /// Returns the oldest ping with the payload of this pong, and stops waiting for it and for all pings before it: pongs arrive
    /// in the order of their pings. `None` for an unsolicited pong.
    pub fn pong(&mut self, payload: &[u8]) -> Option<Answered<T>> {
        let index = self.waiting.iter().position(|ping| ping.payload == payload)?;
        let Ping { about, is_doubtful, .. } = self.waiting.drain(..=index).next_back()?;
        // If the pong answers one of these, the next pong with this payload may answer none.
        let has_twin = self.doubt(payload);
        Some(Answered { ping: about, is_uncertain: is_doubtful || has_twin })
    }

    /// What was said about the pings that still wait, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|ping| &ping.about)
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Marks the pings with this payload as doubtful. Returns whether there are any.
    fn doubt(&mut self, payload: &[u8]) -> bool {
        let mut any = false;
        for ping in self.waiting.iter_mut().filter(|ping| ping.payload == payload) {
            (ping.is_doubtful, any) = (true, true);
        }
        any
    }
}
