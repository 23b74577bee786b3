//! Round-trip times: from the relay's ping to the pong with the same payload.

use crate::{ConnectionNumber, Event, Frame, Observation, Party, Seq};
use std::collections::{HashMap, VecDeque};
use wire::opcode::Opcode;

/// The most pings of one connection that may wait for a pong. The oldest are dropped first.
const MAX_WAITING: usize = 32;

/// A ping that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    pub connection: ConnectionNumber,
    pub ping: Seq,
    pub pong: Seq,
    /// The time between the two, in microseconds of the relay's clock.
    pub us: u64,
}

/// The round trips of a session.
#[derive(Clone, Debug)]
pub struct RoundTrips {
    waiting: HashMap<ConnectionNumber, VecDeque<(Seq, u64, Vec<u8>)>>,
    /// Sorted by `pong`.
    trips: VecDeque<RoundTrip>,
    capacity: usize,
}

impl RoundTrips {
    /// An empty list that keeps at most `capacity` round trips and drops the oldest first.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { waiting: HashMap::new(), trips: VecDeque::new(), capacity: capacity.max(1) }
    }

    pub fn observe(&mut self, observation: &Observation) {
        match &observation.event {
            Event::Frame(frame) => self.frame(observation, frame),
            Event::Closed(_) => drop(self.waiting.remove(&observation.connection)),
            _ => {}
        }
    }

    /// Forgets all waiting pings. Call it at a gap, because their pongs may be missing.
    pub fn gap(&mut self) {
        self.waiting.clear();
    }

    /// The round trip that ended with the pong in the observation `pong`.
    #[must_use]
    pub fn ending_with(&self, pong: Seq) -> Option<RoundTrip> {
        let index = self.trips.binary_search_by_key(&pong, |trip| trip.pong).ok()?;
        self.trips.get(index).copied()
    }

    /// The kept round trips of a connection, oldest first.
    pub fn of(&self, connection: ConnectionNumber) -> impl DoubleEndedIterator<Item = RoundTrip> {
        self.trips.iter().copied().filter(move |trip| trip.connection == connection)
    }

    fn frame(&mut self, observation: &Observation, frame: &Frame) {
        match (frame.from, frame.opcode()) {
            (Party::Server, Opcode::Ping) => {
                let waiting = self.waiting.entry(observation.connection).or_default();
                waiting.push_back((observation.seq, observation.at_us, frame.unmasked_payload()));
                if waiting.len() > MAX_WAITING {
                    waiting.pop_front();
                }
            }
            (Party::Client, Opcode::Pong) => {
                let Some(waiting) = self.waiting.get_mut(&observation.connection) else { return };
                let payload = frame.unmasked_payload();
                // The latest ping with that payload. RFC 6455 §5.5.3 lets a client answer only the last of several pings.
                let Some(index) = waiting.iter().rposition(|(_, _, sent)| *sent == payload) else { return };
                let Some((ping, at_us, _)) = waiting.drain(..=index).next_back() else { return };
                let us = observation.at_us.saturating_sub(at_us);
                self.trips.push_back(RoundTrip { connection: observation.connection, ping, pong: observation.seq, us });
                if self.trips.len() > self.capacity {
                    self.trips.pop_front();
                }
            }
            _ => {}
        }
    }
}
