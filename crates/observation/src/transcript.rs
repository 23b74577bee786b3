//! A session so far: a pure fold of observations. Views and checks are functions of it.

use crate::round_trip::RoundTrips;
use crate::{
    Asked, Closed, ConnectionNumber, Event, Frame, Gap, Hop, Observation, Opening, Party, Refusal, Seq, Tunnel,
};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Everything an observer knows of a session.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Ascending by number; holes where the feed had a gap.
    observations: VecDeque<Rc<Observation>>,
    /// Those of which observations are kept, and those that may go on.
    connections: HashMap<ConnectionNumber, Connection>,
    round_trips: RoundTrips,
    total: Tally,
    last: Seq,
    capacity: usize,
}

/// What is known of one connection. Counts go on also where observations were dropped here to stay within bounds.
#[derive(Clone, Debug)]
pub struct Connection {
    pub number: ConnectionNumber,
    /// When its request had come, or, where that was not seen, when the first observation of it was made. In microseconds
    /// since the session began.
    pub began_us: u64,
    /// The request at something in between, the line to a middlebox, the opening, refusal and end, if they were seen; their
    /// observations may have been dropped.
    pub asked: Option<Seq>,
    pub tunnel: Option<Seq>,
    pub opening: Option<Seq>,
    pub refusal: Option<Seq>,
    pub closed: Option<Seq>,
    /// Where it lies, if something stands between the client and the server.
    pub hop: Option<Hop>,
    /// The connection that is the other leg, once both are known.
    pub other: Option<ConnectionNumber>,
    pub client: Tally,
    pub server: Tally,
    /// How many of its observations are kept.
    kept: usize,
    /// Whether its end was seen, or may have been in a gap since it was last seen.
    over: bool,
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
        Self {
            observations: VecDeque::new(),
            connections: HashMap::new(),
            round_trips: RoundTrips::new(capacity),
            total: Tally::default(),
            last: Seq(0),
            capacity: capacity.max(1),
        }
    }

    /// Adds an observation. One that is no newer than the last changes nothing and gives `false`.
    pub fn observe(&mut self, observation: Rc<Observation>) -> bool {
        if observation.seq <= self.last {
            return false;
        }
        self.last = observation.seq;
        let connection = self.connections.entry(observation.connection);
        let connection = connection.or_insert_with(|| Connection::first_seen(&observation));
        connection.observe(&observation);
        // The far leg comes later, and names the near one.
        if let (number, Some(near)) = (connection.number, connection.other)
            && let Some(near) = self.connections.get_mut(&near)
        {
            near.other = Some(number);
        }
        self.round_trips.observe(&observation);
        if let Event::Frame(frame) = &observation.event {
            self.total.add(frame);
        }
        self.observations.push_back(observation);
        if self.observations.len() > self.capacity {
            self.drop_oldest();
        }
        true
    }

    /// Notes that the feed will not bring what `gap` names.
    pub fn gap(&mut self, gap: Gap) {
        if gap.to <= self.last {
            return;
        }
        self.last = gap.to;
        self.round_trips.gap();
        // Any of them may have ended there, and those that did will not be heard of again.
        self.connections.retain(|_, connection| {
            connection.over = true;
            connection.kept > 0
        });
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

    /// Those with a number past `seq`.
    pub fn after(&self, seq: Seq) -> impl DoubleEndedIterator<Item = &Rc<Observation>> {
        self.observations.range(self.observations.partition_point(|observation| observation.seq <= seq)..)
    }

    /// What is known of a connection; `None` also once it is over and nothing of it is kept.
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

    /// How long pings took to be answered.
    #[must_use]
    pub fn round_trips(&self) -> &RoundTrips {
        &self.round_trips
    }

    /// What both ends of all connections have sent, those included that are no longer known.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.total
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.observations.pop_front() else { return };
        if let Some(connection) = self.connections.get_mut(&oldest.connection) {
            connection.kept -= 1;
            if connection.kept == 0 && connection.over {
                self.connections.remove(&oldest.connection);
            }
        }
    }
}

impl Connection {
    fn first_seen(observation: &Observation) -> Self {
        Self {
            number: observation.connection,
            began_us: observation.at_us,
            asked: None,
            tunnel: None,
            opening: None,
            refusal: None,
            closed: None,
            hop: None,
            other: None,
            client: Tally::default(),
            server: Tally::default(),
            kept: 0,
            over: false,
        }
    }

    fn observe(&mut self, observation: &Observation) {
        self.kept += 1;
        let seq = Some(observation.seq);
        match &observation.event {
            Event::Asked(Asked { route, .. }) => {
                self.asked = seq;
                self.lies(route.hop.as_ref());
            }
            Event::Tunnel(Tunnel { hop, .. }) => {
                self.tunnel = seq;
                self.lies(Some(hop));
            }
            Event::Opening(Opening { requested_us, route, .. }) => {
                self.opening = seq;
                self.began_us = self.began_us.min(*requested_us);
                self.lies(route.hop.as_ref());
            }
            Event::Refusal(Refusal { requested_us, route, .. }) => {
                self.refusal = seq;
                self.began_us = self.began_us.min(*requested_us);
                self.lies(route.hop.as_ref());
            }
            Event::Closed(_) => self.closed = seq,
            Event::Act(_) | Event::Records(_) => {}
            Event::Frame(frame) => match frame.from {
                Party::Client => self.client.add(frame),
                Party::Server => self.server.add(frame),
            },
        }
        // What the relay does on purpose may come after either.
        self.over = self.refusal.is_some() || self.closed.is_some();
    }

    fn lies(&mut self, hop: Option<&Hop>) {
        if let Some(hop) = hop {
            self.other = self.other.or(hop.other);
            self.hop = Some(hop.clone());
        }
    }
}

impl Tally {
    fn add(&mut self, frame: &Frame) {
        self.frames += 1;
        self.bytes += frame.wire_bytes();
        self.messages += u64::from(frame.position.is_some_and(|position| position.fragment == 1));
    }
}
