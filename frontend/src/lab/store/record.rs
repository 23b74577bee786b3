//! Everything recorded so far: what the relay reports, what the page's JavaScript saw, and both paired.

use super::journal::Journal;
use super::open_connections::OpenConnections;
use crate::net::lab_socket::Payload;
use observation::aftermath::Aftermath;
use observation::page::{EventNumber, Fingerprint, PageEvent, SocketNumber};
use observation::sequence::{PageSide, Row, RowKey, Sequence};
use observation::{ConnectionNumber, FeedMessage, Leg, Observation, Seq, Transcript};
use std::rc::Rc;

/// The most observations and rows kept; more than the relay's log holds by default.
pub const CAPACITY: usize = 60_000;

pub struct Record {
    pub transcript: Transcript,
    pub sequence: Sequence,
    pub journal: Journal,
    pub lines: OpenConnections,
    /// Whether it was read from a file, which has no page events.
    pub recorded: bool,
    /// Whether that file was a capture or a HAR file: then the server is not this relay.
    pub imported: bool,
}

/// One event to take in.
pub enum Incoming {
    Feed(FeedMessage),
    /// A socket of this page that the relay will record.
    Expect(SocketNumber, Fingerprint),
    Page(PageEvent, Option<Payload>),
}

/// Takes events into the record and returns those that must wait for the next animation frame. The last argument is true if the
/// page is hidden and has no animation frames.
pub type Gate = Box<dyn FnMut(Vec<Incoming>, &mut Record, bool) -> Vec<Incoming>>;

impl Default for Record {
    fn default() -> Self {
        Self {
            transcript: Transcript::new(CAPACITY),
            sequence: Sequence::new(CAPACITY),
            journal: Journal::default(),
            lines: OpenConnections::default(),
            recorded: false,
            imported: false,
        }
    }
}

impl Record {
    pub fn take_in(&mut self, incoming: Incoming) {
        match incoming {
            // They say nothing about a connection.
            Incoming::Feed(
                FeedMessage::Hello(_)
                | FeedMessage::Answer(_)
                | FeedMessage::Draining(_)
                | FeedMessage::Recording(_)
                | FeedMessage::Rules(_),
            ) => {}
            Incoming::Feed(FeedMessage::Gap(gap)) => {
                self.transcript.gap(gap);
                self.sequence.gap(gap);
                self.lines.gap(&self.transcript);
            }
            Incoming::Feed(FeedMessage::Observations(items)) => {
                for observation in items.into_iter().map(Rc::new) {
                    if self.transcript.observe(Rc::clone(&observation)) {
                        self.sequence.observe(&observation);
                        self.lines.observe(&observation);
                    }
                }
            }
            Incoming::Expect(socket, fingerprint) => self.sequence.expect(socket, fingerprint),
            Incoming::Page(event, payload) => {
                self.sequence.page(&event);
                self.journal.add(event, payload);
            }
        }
    }

    /// The observation behind a row.
    pub fn observation(&self, key: RowKey) -> Option<&Rc<Observation>> {
        self.transcript.get(key.seq()?)
    }

    /// The note that is pinned to the observation behind a row. It shows at each of its rows that something crossed the wire in.
    pub fn note(&self, key: RowKey) -> Option<&str> {
        self.transcript.note(key.seq().filter(|_| !matches!(key, RowKey::Opened(_)))?)
    }

    /// The row called `key`.
    pub fn row(&self, key: RowKey) -> Option<Row> {
        self.sequence.get(self.sequence.position(key)?)
    }

    /// The events of the page that belong to a row.
    pub fn events<'a>(&'a self, page: &'a PageSide) -> impl Iterator<Item = &'a PageEvent> {
        let numbers: &[EventNumber] = match page {
            PageSide::Events(numbers) => numbers,
            _ => &[],
        };
        numbers.iter().filter_map(|&number| self.journal.event(number))
    }

    /// The newest row that one of this page's events joined, for an event that was among the last.
    pub fn row_of_event(&self, number: EventNumber) -> Option<RowKey> {
        let joined = |row: &Row| matches!(&row.page, PageSide::Events(events) if events.contains(&number));
        (0..self.sequence.len()).rev().filter_map(|index| self.sequence.get(index)).find(joined).map(|row| row.key)
    }

    /// The row of an observation. An opening has two: this is its response.
    pub fn row_of(&self, seq: Seq) -> Option<RowKey> {
        let mut keys = (0..self.sequence.len()).filter_map(|index| Some(self.sequence.get(index)?.key));
        keys.rfind(|key| key.seq() == Some(seq))
    }

    /// What happened after something deliberate, a refusal or an end, as far as both sides have reported.
    pub fn aftermath(&self, seq: Seq) -> Option<Aftermath> {
        let socket = self.sequence.owner(self.transcript.get(seq)?.connection);
        let page: Vec<_> = self.journal.iter().filter(|event| Some(event.socket) == socket).collect();
        Aftermath::of(&self.transcript, &self.sequence, &page, seq)
    }

    /// Whether one end of a connection is the relay's lab, whose behavior a command can change.
    pub fn is_of_lab(&self, connection: ConnectionNumber) -> bool {
        let hop = self.transcript.connection(connection).and_then(|connection| connection.hop.as_ref());
        hop.is_none_or(|hop| hop.leg == Leg::Far && !hop.leads_to_a_server())
    }

    /// The lab's connection of a socket of this page: its own, or the server side behind a middlebox.
    pub fn in_lab(&self, socket: SocketNumber) -> Option<ConnectionNumber> {
        let own = self.sequence.connection(socket)?;
        let other = self.transcript.connection(own).and_then(|connection| connection.other);
        [Some(own), other].into_iter().flatten().find(|&connection| self.is_of_lab(connection))
    }

    /// When a connection was first seen, in microseconds of the relay's clock; of two legs, the one that began.
    pub fn began_us(&self, connection: ConnectionNumber) -> Option<u64> {
        let connection = self.transcript.connection(connection)?;
        let other = connection.other.and_then(|other| self.transcript.connection(other));
        Some(other.map_or(connection.began_us, |other| other.began_us.min(connection.began_us)))
    }
}
