//! What someone on the path of a connection would have read: everything in the clear, or TLS records and not what they
//! held. Here both stand side by side, for the relay has seen both.

use crate::{Act, ConnectionNumber, Event, Http, Observation, Party, Records, Route, Seq, Transcript, Tunnel};
use std::rc::Rc;

/// The line of one connection, seen from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub cover: Cover,
    /// In the order in which they crossed.
    pub passages: Vec<Passage>,
}

/// What hides the bytes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Nothing: whoever is on the path reads along.
    Nothing,
    /// TLS.
    Tls {
        /// The one name that crosses in the clear.
        server_name: Option<String>,
        /// Whether other requests travel in the same records.
        shared: bool,
    },
}

/// Something that crossed the line in one go, in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    pub from: Party,
    /// When it was seen, in microseconds since the session began.
    pub at_us: u64,
    /// The observations with its records. Empty on a line in the clear, and where no record of it was kept.
    pub records: Vec<Seq>,
    /// What it held, as far as it is known.
    pub held: Vec<Held>,
}

/// What a passage held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    /// The handshake of TLS, and encrypted in it the opening handshake of this observation.
    Handshake(Seq),
    Request(Seq),
    Response(Seq),
    Frame(Seq),
    /// Bytes that the relay sent as they are.
    Bytes(Seq),
}

impl Held {
    /// The observation of it.
    #[must_use]
    pub fn seq(self) -> Seq {
        match self {
            Self::Handshake(seq) | Self::Request(seq) | Self::Response(seq) | Self::Frame(seq) | Self::Bytes(seq) => {
                seq
            }
        }
    }
}

/// What one end has shown of itself on an encrypted line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub records: u64,
    /// Headers included.
    pub bytes: u64,
    /// Records that were not kept, of either direction, before those of this end.
    pub missed: u64,
}

impl Line {
    /// The line of connection `number`; `None` where its beginning is not known.
    #[must_use]
    pub fn of(transcript: &Transcript, number: ConnectionNumber) -> Option<Self> {
        let cover = cover(transcript, number)?;
        let mut reading =
            Reading { encrypted: cover != Cover::Nothing, handshake: None, cut: false, passages: Vec::new() };
        let mut last = None;
        for observation in transcript.iter() {
            // A hole may have held anything: what comes behind it is not what came before.
            reading.cut |= last.is_some_and(|last| observation.seq.0 != last + 1);
            last = Some(observation.seq.0);
            if observation.connection == number {
                reading.observe(observation);
            }
        }
        Some(Self { cover, passages: reading.passages })
    }

    /// The passage that held the observation `seq`, or is of its records.
    #[must_use]
    pub fn passage_of(&self, seq: Seq) -> Option<usize> {
        let held = |passage: &Passage| passage.held.iter().any(|held| held.seq() == seq);
        let is_of = |passage: &Passage| passage.records.contains(&seq);
        self.passages.iter().position(held).or_else(|| self.passages.iter().position(is_of))
    }
}

/// What `from` has shown of itself in the records that are kept of a connection.
#[must_use]
pub fn shown(transcript: &Transcript, line: &Line, from: Party) -> Shown {
    let mut shown = Shown::default();
    let passages = line.passages.iter().filter(|passage| passage.from == from);
    for records in passages.flat_map(|passage| &passage.records).filter_map(|&seq| records(transcript, seq)) {
        shown.missed += records.missed;
        shown.records += records.records.len() as u64;
        shown.bytes += records.records.iter().map(|record| HEADER + u64::from(record.length)).sum::<u64>();
    }
    shown
}

/// Bytes in front of each record. RFC 8446 §5.1.
pub const HEADER: u64 = 5;

/// The records of an observation.
#[must_use]
pub fn records(transcript: &Transcript, seq: Seq) -> Option<&Records> {
    match &transcript.get(seq)?.event {
        Event::Records(records) => Some(records),
        _ => None,
    }
}

fn cover(transcript: &Transcript, number: ConnectionNumber) -> Option<Cover> {
    let connection = transcript.connection(number)?;
    let of_route = |route: &Route| match &route.tls {
        Some(tls) => Cover::Tls { server_name: tls.server_name.clone(), shared: route.http == Http::Two },
        None => Cover::Nothing,
    };
    let began = [connection.asked, connection.tunnel, connection.opening, connection.refusal];
    began.into_iter().flatten().find_map(|seq| match &transcript.get(seq)?.event {
        Event::Asked(asked) => Some(of_route(&asked.route)),
        Event::Opening(opening) => Some(of_route(&opening.route)),
        Event::Refusal(refusal) => Some(of_route(&refusal.route)),
        Event::Tunnel(Tunnel { server_name, .. }) => {
            Some(Cover::Tls { server_name: server_name.clone(), shared: false })
        }
        _ => None,
    })
}

/// The fold under way.
struct Reading {
    encrypted: bool,
    /// The opening whose handshake the records still are.
    handshake: Option<Seq>,
    /// Whether observations are missing since the last one.
    cut: bool,
    passages: Vec<Passage>,
}

impl Reading {
    fn observe(&mut self, observation: &Rc<Observation>) {
        let (seq, at_us) = (observation.seq, observation.at_us);
        if !matches!(observation.event, Event::Records(_)) {
            self.handshake = None;
        }
        match &observation.event {
            Event::Opening(_) if self.encrypted => self.handshake = Some(seq),
            // Where it is encrypted, it is among the records of the handshake.
            Event::Asked(_) if self.encrypted => {}
            Event::Asked(_) => self.held(Party::Client, at_us, Held::Request(seq)),
            Event::Opening(opening) => self.both_texts(seq, opening.requested_us, at_us),
            Event::Refusal(refusal) => self.both_texts(seq, refusal.requested_us, at_us),
            Event::Records(records) => self.records(records.from, at_us, seq),
            Event::Frame(frame) => self.held(frame.from, at_us, Held::Frame(seq)),
            Event::Act(Act { sent: 1.., .. }) => self.held(Party::Server, at_us, Held::Bytes(seq)),
            Event::Act(_) | Event::Tunnel(_) | Event::Closed(_) => {}
        }
        self.cut = false;
    }

    /// Adds request and response, unless the request was seen when it came.
    fn both_texts(&mut self, seq: Seq, requested_us: u64, at_us: u64) {
        let asked = self.passages.first().is_some_and(|first| matches!(first.held.first(), Some(Held::Request(_))));
        if !asked {
            self.held(Party::Client, requested_us, Held::Request(seq));
        }
        self.held(Party::Server, at_us, Held::Response(seq));
    }

    fn records(&mut self, from: Party, at_us: u64, seq: Seq) {
        if let Some(opening) = self.handshake {
            self.passages.push(Passage { from, at_us, records: vec![seq], held: vec![Held::Handshake(opening)] });
            return;
        }
        let goes_on = self.last(from).filter(|last| match from {
            // They come before what they hold,
            Party::Client => last.held.is_empty(),
            // or behind it.
            Party::Server => true,
        });
        match goes_on {
            Some(last) => last.records.push(seq),
            None => self.passages.push(Passage { from, at_us, records: vec![seq], held: Vec::new() }),
        }
    }

    fn held(&mut self, from: Party, at_us: u64, held: Held) {
        let encrypted = self.encrypted;
        let same = self.last(from).filter(|last| {
            let began = match from {
                Party::Client => !last.records.is_empty(),
                Party::Server => last.records.is_empty(),
            };
            encrypted && began
        });
        match same {
            // The last records of the client's before its first frame are not of the handshake, which the server ends.
            Some(last) if matches!(last.held[..], [Held::Handshake(_)]) => last.held = vec![held],
            Some(last) => last.held.push(held),
            None => self.passages.push(Passage { from, at_us, records: Vec::new(), held: vec![held] }),
        }
    }

    /// The last passage, if it is of the same direction and nothing is missing behind it.
    fn last(&mut self, from: Party) -> Option<&mut Passage> {
        self.passages.last_mut().filter(|last| !self.cut && last.from == from)
    }
}
