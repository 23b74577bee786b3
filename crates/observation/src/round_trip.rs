//! Round-trip times: from a ping to the pong that answers it.
//!
//! The relay's clock measures them where the relay sees both ends of the trip: pings to the client, and on the server side of
//! `/relay`, where the relay is the client, pings to the server. A client's ping to the lab is answered by the relay itself, so
//! it measures nothing.

use crate::{ConnectionNumber, Event, Frame, Hop, Observation, Party, Seq};
use std::collections::{HashMap, VecDeque};
use wire::opcode::Opcode;
use wire::ping::{Answered, Pings};

/// The most pings of one connection that may wait for a pong. The oldest are dropped first.
const MAX_WAITING: usize = 32;
/// The most connections to servers that are remembered, because a gap may hide their end.
const MAX_TO_SERVERS: usize = 256;

/// A ping that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    pub connection: ConnectionNumber,
    pub ping: Seq,
    pub pong: Seq,
    /// The time between the two, in microseconds of the relay's clock.
    pub us: u64,
    /// Whether the pong may answer another ping with the same payload. `ping` is then the oldest of them, and `us` the longest
    /// time that is possible.
    pub is_uncertain: bool,
}

/// The round trips of a session.
#[derive(Clone, Debug)]
pub struct RoundTrips {
    /// The pings on each connection, by their sender.
    waiting: HashMap<(ConnectionNumber, Party), Pings<(Seq, u64)>>,
    /// The connections on which the relay is the client of another server, and which are open.
    to_servers: VecDeque<ConnectionNumber>,
    /// Sorted by `pong`.
    trips: VecDeque<RoundTrip>,
    capacity: usize,
}

impl RoundTrips {
    /// An empty list that keeps at most `capacity` round trips and drops the oldest first.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { waiting: HashMap::new(), to_servers: VecDeque::new(), trips: VecDeque::new(), capacity: capacity.max(1) }
    }

    pub fn observe(&mut self, observation: &Observation) {
        let number = observation.connection;
        match &observation.event {
            Event::Frame(frame) => self.frame(observation, frame),
            Event::Opening(opening) if opening.route.hop.as_ref().is_some_and(Hop::leads_to_a_server) => {
                self.to_servers.push_back(number);
                if self.to_servers.len() > MAX_TO_SERVERS {
                    self.to_servers.pop_front();
                }
            }
            Event::Closed(_) => {
                self.to_servers.retain(|&other| other != number);
                for party in [Party::Client, Party::Server] {
                    self.waiting.remove(&(number, party));
                }
            }
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
        let Observation { seq, at_us, connection, .. } = *observation;
        match frame.opcode() {
            Opcode::Ping if self.measures(connection, frame.from) => {
                let waiting = self.waiting.entry((connection, frame.from));
                waiting.or_insert_with(|| Pings::new(MAX_WAITING)).sent(&frame.unmasked_payload(), (seq, at_us));
            }
            Opcode::Pong => {
                let Some(waiting) = self.waiting.get_mut(&(connection, frame.from.other())) else { return };
                let payload = frame.unmasked_payload();
                let Some(Answered { ping: (ping, sent_us), is_uncertain }) = waiting.pong(&payload) else { return };
                let us = at_us.saturating_sub(sent_us);
                // If the log keeps less than a control frame holds, the payloads may differ after that.
                let is_uncertain = is_uncertain || frame.truncated();
                self.trips.push_back(RoundTrip { connection, ping, pong: seq, us, is_uncertain });
                if self.trips.len() > self.capacity {
                    self.trips.pop_front();
                }
            }
            _ => {}
        }
    }

    fn measures(&self, connection: ConnectionNumber, pinging: Party) -> bool {
        pinging == Party::Server || self.to_servers.contains(&connection)
    }
}
