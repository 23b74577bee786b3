//! What an eavesdropper on the path of a connection can read: everything, or only TLS records. The relay sees both the records
//! and their contents, so this module shows them side by side.

use crate::{Act, ConnectionNumber, Event, Http, Observation, Party, Records, Route, Seq, Transcript, Tunnel};
use std::rc::Rc;

/// One connection as an eavesdropper sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathView {
    pub encryption: Encryption,
    /// In the order in which they were sent.
    pub passages: Vec<Passage>,
}

/// The encryption of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// None: an eavesdropper can read everything.
    None,
    /// A proxy in front of the relay ended TLS. An eavesdropper can read everything between the proxy and the relay, and only TLS
    /// records before the proxy, which the relay does not see.
    EndedInFront,
    /// TLS.
    Tls {
        /// The server name (SNI), which is sent unencrypted.
        server_name: Option<String>,
        /// Whether the records also carry other requests.
        shared: bool,
    },
}

impl Encryption {
    /// Whether the bytes that reach the relay are encrypted.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }
}

/// A stretch of traffic in one direction, without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    pub from: Party,
    /// When it was seen, in microseconds since the session began.
    pub at_us: u64,
    /// The observations with its TLS records. Empty on an unencrypted connection, and if no record was kept.
    pub records: Vec<Seq>,
    /// Its contents, as far as they are known.
    pub contents: Vec<Contents>,
}

/// The contents of a passage. Each variant names the observation that has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contents {
    /// The TLS handshake, followed by the encrypted opening handshake.
    Handshake(Seq),
    Request(Seq),
    Response(Seq),
    Frame(Seq),
    /// Raw bytes that the relay sent.
    Bytes(Seq),
}

impl Contents {
    /// The observation that has these contents.
    #[must_use]
    pub fn seq(self) -> Seq {
        match self {
            Self::Handshake(seq) | Self::Request(seq) | Self::Response(seq) | Self::Frame(seq) | Self::Bytes(seq) => {
                seq
            }
        }
    }
}

/// What an eavesdropper learns about one end of an encrypted connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    pub records: u64,
    /// Bytes of the records, including their headers.
    pub bytes: u64,
    /// How many records of either direction were not kept, before those of this end.
    pub missed: u64,
}

impl PathView {
    /// The view of connection `number`. `None` if its start is not known.
    #[must_use]
    pub fn of(transcript: &Transcript, number: ConnectionNumber) -> Option<Self> {
        let encryption = encryption(transcript, number)?;
        let mut reading =
            Reading { encrypted: encryption.is_here(), handshake: None, cut: false, passages: Vec::new() };
        let mut last = None;
        for observation in transcript.iter() {
            // Anything may be missing in a gap, so a passage never continues across one.
            reading.cut |= last.is_some_and(|last| observation.seq.0 != last + 1);
            last = Some(observation.seq.0);
            if observation.connection == number {
                reading.observe(observation);
            }
        }
        Some(Self { encryption, passages: reading.passages })
    }

    /// The index of the passage that contains the observation `seq`, or whose records it has.
    #[must_use]
    pub fn passage_of(&self, seq: Seq) -> Option<usize> {
        let contains = |passage: &Passage| passage.contents.iter().any(|contents| contents.seq() == seq);
        let has_record = |passage: &Passage| passage.records.contains(&seq);
        self.passages.iter().position(contains).or_else(|| self.passages.iter().position(has_record))
    }
}

/// What the kept records show an eavesdropper about `from`.
#[must_use]
pub fn visible(transcript: &Transcript, view: &PathView, from: Party) -> Visible {
    let mut visible = Visible::default();
    let passages = view.passages.iter().filter(|passage| passage.from == from);
    for records in passages.flat_map(|passage| &passage.records).filter_map(|&seq| records(transcript, seq)) {
        visible.missed += records.missed;
        visible.records += records.records.len() as u64;
        visible.bytes += records.records.iter().map(|record| RECORD_HEADER + u64::from(record.length)).sum::<u64>();
    }
    visible
}

/// The length of a TLS record's header in bytes. RFC 8446 §5.1.
pub const RECORD_HEADER: u64 = 5;

/// The records in the observation `seq`. `None` if it has none or is not kept.
#[must_use]
pub fn records(transcript: &Transcript, seq: Seq) -> Option<&Records> {
    match &transcript.get(seq)?.event {
        Event::Records(records) => Some(records),
        _ => None,
    }
}

fn encryption(transcript: &Transcript, number: ConnectionNumber) -> Option<Encryption> {
    let connection = transcript.connection(number)?;
    let of_route = |route: &Route| match &route.tls {
        Some(tls) => Encryption::Tls { server_name: tls.server_name.clone(), shared: route.http == Http::Two },
        None if route.ended_tls() => Encryption::EndedInFront,
        None => Encryption::None,
    };
    let began = [connection.asked, connection.tunnel, connection.opening, connection.refusal];
    began.into_iter().flatten().find_map(|seq| match &transcript.get(seq)?.event {
        Event::Asked(asked) => Some(of_route(&asked.route)),
        Event::Opening(opening) => Some(of_route(&opening.route)),
        Event::Refusal(refusal) => Some(of_route(&refusal.route)),
        Event::Tunnel(Tunnel { server_name, .. }) => {
            Some(Encryption::Tls { server_name: server_name.clone(), shared: false })
        }
        _ => None,
    })
}

/// The state of the fold.
struct Reading {
    encrypted: bool,
    /// The opening, while the records still belong to its handshake.
    handshake: Option<Seq>,
    /// Whether observations are missing after the last one.
    cut: bool,
    passages: Vec<Passage>,
}

impl Reading {
    fn observe(&mut self, observation: &Rc<Observation>) {
        let (seq, at_us) = (observation.seq, observation.at_us);
        if matches!(observation.event, Event::Note(_)) {
            return;
        }
        if !matches!(observation.event, Event::Records(_)) {
            self.handshake = None;
        }
        match &observation.event {
            Event::Opening(_) if self.encrypted => self.handshake = Some(seq),
            // On an encrypted connection the request is in the records of the handshake.
            Event::Asked(_) if self.encrypted => {}
            Event::Asked(_) => self.contents(Party::Client, at_us, Contents::Request(seq)),
            Event::Opening(opening) => self.both_texts(seq, opening.requested_us, at_us),
            Event::Refusal(refusal) => self.both_texts(seq, refusal.requested_us, at_us),
            Event::Records(records) => self.records(records.from, at_us, seq),
            Event::Frame(frame) => self.contents(frame.from, at_us, Contents::Frame(seq)),
            Event::Act(Act { sent: 1.., .. }) => self.contents(Party::Server, at_us, Contents::Bytes(seq)),
            Event::Act(_) | Event::Tunnel(_) | Event::Closed(_) | Event::Note(_) => {}
        }
        self.cut = false;
    }

    /// Adds the request and the response. The request is left out if an earlier observation has it.
    fn both_texts(&mut self, seq: Seq, requested_us: u64, at_us: u64) {
        let asked =
            self.passages.first().is_some_and(|first| matches!(first.contents.first(), Some(Contents::Request(_))));
        if !asked {
            self.contents(Party::Client, requested_us, Contents::Request(seq));
        }
        self.contents(Party::Server, at_us, Contents::Response(seq));
    }

    fn records(&mut self, from: Party, at_us: u64, seq: Seq) {
        if let Some(opening) = self.handshake {
            let contents = vec![Contents::Handshake(opening)];
            self.passages.push(Passage { from, at_us, records: vec![seq], contents });
            return;
        }
        let continued = self.last(from).filter(|last| match from {
            // A client's records come before their contents.
            Party::Client => last.contents.is_empty(),
            // A server's records come after their contents.
            Party::Server => true,
        });
        match continued {
            Some(last) => last.records.push(seq),
            None => self.passages.push(Passage { from, at_us, records: vec![seq], contents: Vec::new() }),
        }
    }

    fn contents(&mut self, from: Party, at_us: u64, contents: Contents) {
        let encrypted = self.encrypted;
        let same = self.last(from).filter(|last| {
            let began = match from {
                Party::Client => !last.records.is_empty(),
                Party::Server => last.records.is_empty(),
            };
            encrypted && began
        });
        match same {
            // The server ends the handshake, so the client's last records before its first frame belong to that frame.
            Some(last) if matches!(last.contents[..], [Contents::Handshake(_)]) => last.contents = vec![contents],
            Some(last) => last.contents.push(contents),
            None => self.passages.push(Passage { from, at_us, records: Vec::new(), contents: vec![contents] }),
        }
    }

    /// The last passage, if it has the same direction and no observations are missing after it.
    fn last(&mut self, from: Party) -> Option<&mut Passage> {
        self.passages.last_mut().filter(|last| !self.cut && last.from == from)
    }
}
