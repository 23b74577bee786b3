//! A session so far: a pure fold of observations. Views and checks are functions of it.

use crate::{Closed, ConnectionNumber, Event, Frame, Gap, Observation, Opening, Party, Refusal, Seq};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Everything an observer knows of a session.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Ascending by number; holes where the feed had a gap.
    observations: VecDeque<Rc<Observation>>,
    connections: BTreeMap<ConnectionNumber, Connection>,
    last: Seq,
    capacity: usize,
}

/// What is known of one connection. Counts go on also where observations were dropped here to stay within bounds.
#[derive(Clone, Debug)]
pub struct Connection {
    pub number: ConnectionNumber,
    pub phase: Phase,
    /// The opening, refusal and end, while they are kept.
    pub opening: Option<Seq>,
    pub refusal: Option<Seq>,
    pub closed: Option<Seq>,
    /// Who sent the first close frame.
    pub first_close: Option<Party>,
    pub client: Tally,
    pub server: Tally,
}

/// Where a connection stands, by what the wire carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Refused,
    Open,
    /// A close frame was seen.
    Closing,
    Closed,
}

/// What one end has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub frames: u64,
    /// Headers included.
    pub bytes: u64,
    pub messages: u64,
}

impl Transcript {
    /// An empty transcript that keeps `capacity` observations and drops the oldest past that.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { observations: VecDeque::new(), connections: BTreeMap::new(), last: Seq(0), capacity: capacity.max(1) }
    }

    /// Adds an observation. One that is no newer than the last changes nothing and gives `false`.
    pub fn observe(&mut self, observation: Rc<Observation>) -> bool {
        if observation.seq <= self.last {
            return false;
        }
        self.last = observation.seq;
        let number = observation.connection;
        self.connections.entry(number).or_insert_with(|| Connection::new(number)).observe(&observation);
        if self.observations.len() == self.capacity {
            self.observations.pop_front();
        }
        self.observations.push_back(observation);
        true
    }

    /// Notes that the feed will not bring what `gap` names.
    pub fn gap(&mut self, gap: Gap) {
        self.last = self.last.max(gap.to);
    }

    /// The number to resume after.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.last
    }

    #[must_use]
    pub fn get(&self, seq: Seq) -> Option<&Rc<Observation>> {
        let index = self.observations.binary_search_by_key(&seq, |observation| observation.seq).ok()?;
        self.observations.get(index)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Rc<Observation>> {
        self.observations.iter()
    }

    pub fn connections(&self) -> impl DoubleEndedIterator<Item = &Connection> {
        self.connections.values()
    }

    #[must_use]
    pub fn connection(&self, number: ConnectionNumber) -> Option<&Connection> {
        self.connections.get(&number)
    }

    #[must_use]
    pub fn opening(&self, number: ConnectionNumber) -> Option<&Opening> {
        match &self.get(self.connection(number)?.opening?)?.event {
            Event::Opening(opening) => Some(opening),
            _ => None,
        }
    }

    #[must_use]
    pub fn refusal(&self, number: ConnectionNumber) -> Option<&Refusal> {
        match &self.get(self.connection(number)?.refusal?)?.event {
            Event::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    #[must_use]
    pub fn closed(&self, number: ConnectionNumber) -> Option<&Closed> {
        match &self.get(self.connection(number)?.closed?)?.event {
            Event::Closed(closed) => Some(closed),
            _ => None,
        }
    }

    /// The kept fragments of a message, in order, with their numbers.
    #[must_use]
    pub fn message(&self, number: ConnectionNumber, from: Party, message: u64) -> Vec<(Seq, &Frame)> {
        let fragment = |observation: &'_ Rc<Observation>| match &observation.event {
            Event::Frame(frame) if observation.connection == number && frame.from == from => {
                frame.position.filter(|position| position.message == message).map(|_| observation.seq)
            }
            _ => None,
        };
        self.observations.iter().filter_map(fragment).filter_map(|seq| Some((seq, self.frame(seq)?))).collect()
    }

    #[must_use]
    pub fn frame(&self, seq: Seq) -> Option<&Frame> {
        match &self.get(seq)?.event {
            Event::Frame(frame) => Some(frame),
            _ => None,
        }
    }

    /// Frames and bytes of all connections and both ends.
    #[must_use]
    pub fn total(&self) -> Tally {
        let ends = self.connections.values().flat_map(|connection| [connection.client, connection.server]);
        ends.fold(Tally::default(), |sum, end| Tally {
            frames: sum.frames + end.frames,
            bytes: sum.bytes + end.bytes,
            messages: sum.messages + end.messages,
        })
    }
}

impl Connection {
    fn new(number: ConnectionNumber) -> Self {
        Self {
            number,
            // Seen first in the middle, after a gap, it is open.
            phase: Phase::Open,
            opening: None,
            refusal: None,
            closed: None,
            first_close: None,
            client: Tally::default(),
            server: Tally::default(),
        }
    }

    fn observe(&mut self, observation: &Observation) {
        let seq = Some(observation.seq);
        match &observation.event {
            Event::Opening(_) => self.opening = seq,
            Event::Refusal(_) => (self.refusal, self.phase) = (seq, Phase::Refused),
            Event::Closed(_) => (self.closed, self.phase) = (seq, Phase::Closed),
            Event::Frame(frame) => {
                if frame.opcode() == wire::opcode::Opcode::Close {
                    self.first_close.get_or_insert(frame.from);
                    self.phase = Phase::Closing;
                }
                let end = match frame.from {
                    Party::Client => &mut self.client,
                    Party::Server => &mut self.server,
                };
                end.frames += 1;
                end.bytes += frame.wire_bytes();
                end.messages += u64::from(frame.position.is_some_and(|position| position.fragment == 1));
            }
        }
    }
}
