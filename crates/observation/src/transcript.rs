//! The state of a session: a pure fold of observations. Views and checks are functions of it.

use crate::round_trip::RoundTrips;
use crate::{
    Asked, Closed, ConnectionNumber, Event, Frame, Gap, Hop, Note, Observation, Opening, Party, Refusal, Seq, Tunnel,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

/// Everything that an observer knows about a session.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Sorted by number, with gaps where the feed had one.
    observations: VecDeque<Rc<Observation>>,
    /// The connections that have kept observations or may continue.
    connections: HashMap<ConnectionNumber, Connection>,
    round_trips: RoundTrips,
    /// The numbers of the observations that have a note, each with the number of the newest.
    notes: BTreeMap<Seq, Seq>,
    newest_note: Option<Seq>,
    total: Tally,
    last: Seq,
    capacity: usize,
}

/// What is known about one connection. Its counts include observations that the transcript has dropped.
#[derive(Clone, Debug)]
pub struct Connection {
    pub number: ConnectionNumber,
    /// When its request had arrived or, if that was not seen, when its first observation was made. In microseconds since the
    /// session began.
    pub began_us: u64,
    /// The number of each of its events below, if it was seen. The observation may have been dropped.
    pub asked: Option<Seq>,
    pub tunnel: Option<Seq>,
    pub opening: Option<Seq>,
    pub refusal: Option<Seq>,
    pub closed: Option<Seq>,
    /// Its place at an intermediary, if there is one between client and server.
    pub hop: Option<Hop>,
    /// The connection on the other side of the intermediary, once it is known.
    pub other: Option<ConnectionNumber>,
    pub client: Tally,
    pub server: Tally,
    /// How many of its observations are kept.
    kept: usize,
    /// Whether its end was seen, or may be in a gap.
    over: bool,
}

/// How much one end has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub frames: u64,
    /// Including headers.
    pub bytes: u64,
    pub messages: u64,
}

impl Transcript {
    /// An empty transcript that keeps at most `capacity` observations and drops the oldest first.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            observations: VecDeque::new(),
            connections: HashMap::new(),
            round_trips: RoundTrips::new(capacity),
            notes: BTreeMap::new(),
            newest_note: None,
            total: Tally::default(),
            last: Seq(0),
            capacity: capacity.max(1),
        }
    }

    /// Adds an observation. Ignores it and returns `false` if it is not newer than the last one.
    pub fn observe(&mut self, observation: Rc<Observation>) -> bool {
        if observation.seq <= self.last {
            return false;
        }
        self.last = observation.seq;
        let connection = self.connections.entry(observation.connection);
        let connection = connection.or_insert_with(|| Connection::first_seen(&observation));
        connection.observe(&observation);
        // The server side of an intermediary is recorded later and names the client side.
        if let (number, Some(near)) = (connection.number, connection.other)
            && let Some(near) = self.connections.get_mut(&near)
        {
            near.other = Some(number);
        }
        self.round_trips.observe(&observation);
        match &observation.event {
            Event::Frame(frame) => self.total.add(frame),
            Event::Note(note) => {
                self.notes.insert(note.about, observation.seq);
                self.newest_note = Some(observation.seq);
            }
            _ => {}
        }
        self.observations.push_back(observation);
        if self.observations.len() > self.capacity {
            self.drop_oldest();
        }
        true
    }

    /// Records that the feed will not send the observations in `gap`.
    pub fn gap(&mut self, gap: Gap) {
        if gap.to <= self.last {
            return;
        }
        self.last = gap.to;
        self.round_trips.gap();
        // Any connection may have ended in the gap. No further observation would tell.
        self.connections.retain(|_, connection| {
            connection.over = true;
            connection.kept > 0
        });
    }

    /// The number of the last observation, for resuming the feed after it.
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

    /// The observations with a number greater than `seq`.
    pub fn after(&self, seq: Seq) -> impl DoubleEndedIterator<Item = &Rc<Observation>> {
        self.observations.range(self.observations.partition_point(|observation| observation.seq <= seq)..)
    }

    /// What is known about a connection. `None` if it is unknown, or if it has ended and none of its observations is kept.
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

    /// The text of the note that is pinned to an observation.
    #[must_use]
    pub fn note(&self, about: Seq) -> Option<&str> {
        let (_, note) = self.newest_about(about)?;
        Some(&*note.text).filter(|text| !text.is_empty())
    }

    /// The number of the note that is pinned to an observation.
    #[must_use]
    pub fn note_number(&self, about: Seq) -> Option<Seq> {
        let (number, note) = self.newest_about(about)?;
        (!note.text.is_empty()).then_some(number)
    }

    /// The newest note about an observation, which has no text if the note was removed.
    fn newest_about(&self, about: Seq) -> Option<(Seq, &Note)> {
        let number = *self.notes.get(&about)?;
        match &self.get(number)?.event {
            Event::Note(note) => Some((number, note)),
            _ => None,
        }
    }

    /// The number of the newest note. It changes with each note that is added, changed or removed.
    #[must_use]
    pub fn newest_note(&self) -> Option<Seq> {
        self.newest_note
    }

    /// The round-trip times of pings.
    #[must_use]
    pub fn round_trips(&self) -> &RoundTrips {
        &self.round_trips
    }

    /// How much both ends of all connections have sent, including connections that are no longer known.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.total
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.observations.pop_front() else { return };
        if let Event::Note(note) = &oldest.event
            && self.notes.get(&note.about) == Some(&oldest.seq)
        {
            self.notes.remove(&note.about);
        }
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
                self.set_hop(route.hop.as_ref());
            }
            Event::Tunnel(Tunnel { hop, .. }) => {
                self.tunnel = seq;
                self.set_hop(Some(hop));
            }
            Event::Opening(Opening { requested_us, route, .. }) => {
                self.opening = seq;
                self.began_us = self.began_us.min(*requested_us);
                self.set_hop(route.hop.as_ref());
            }
            Event::Refusal(Refusal { requested_us, route, .. }) => {
                self.refusal = seq;
                self.began_us = self.began_us.min(*requested_us);
                self.set_hop(route.hop.as_ref());
            }
            Event::Closed(_) => self.closed = seq,
            Event::Act(_) | Event::Records(_) | Event::Note(_) => {}
            Event::Frame(frame) => match frame.from {
                Party::Client => self.client.add(frame),
                Party::Server => self.server.add(frame),
            },
        }
        // Recomputed here, because deliberate acts may follow a refusal or an end.
        self.over = self.refusal.is_some() || self.closed.is_some();
    }

    fn set_hop(&mut self, hop: Option<&Hop>) {
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
