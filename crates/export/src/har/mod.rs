//! HAR 1.2 with one entry per connection, and its messages in `_webSocketMessages` as Chrome DevTools writes them.
//!
//! HAR shows the session as an application sees it: complete, inflated messages, each with the time of its last frame. `send`
//! marks what the client sent. The format has no control frames, fragments or masks; [`pcapng`](crate::pcapng) has them. Invalid
//! and unfinished messages are left out. The entry's comment says how many frames of each kind are left out. A message of which
//! the relay kept only the start has its own comment.
//!
//! Text is verbatim, binary content is base64. `time` is in seconds since 1970, as in Chrome. A refused request is an entry
//! without messages, but with the body of the response. An entry is written when its connection and all earlier ones have ended,
//! so entries are sorted by start time.
//!
//! Chrome imports the file in its network panel; a test has a browser's DevTools read it. mitmproxy reads the entries with
//! handshakes and bodies (tried by hand with 11.0) but ignores the messages, although it writes the same format.

mod connection;
mod entry;
mod messages;

use crate::clock::Clock;
use crate::writer::Writer;
use crate::{Recording, about};
use connection::{Connection, Handshake};
use entry::Entry;
use messages::Messages;
use observation::{ConnectionNumber, Event, Observation};
use std::collections::{HashMap, VecDeque};

pub(crate) struct Har {
    clock: Clock,
    port: u16,
    /// Sorted by start. The first one has the index `first`.
    connections: VecDeque<Connection>,
    first: usize,
    /// The index of each connection that has not ended.
    open: HashMap<ConnectionNumber, usize>,
    /// Whether an entry has been written.
    any: bool,
}

impl Har {
    pub(crate) fn begin(clock: Clock, recording: &Recording, out: &mut Vec<u8>) -> Self {
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        // It has no character that JSON must escape.
        let about = about(recording.secrets);
        // The relay knows neither browser nor pages.
        let head = format!(
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"Framescope\",\"version\":\"{VERSION}\"}},\
             \"comment\":\"{about}\",\"pages\":[],\"entries\":["
        );
        out.extend_from_slice(head.as_bytes());
        Self { clock, port: recording.port, connections: VecDeque::new(), first: 0, open: HashMap::new(), any: false }
    }

    /// The connection of an observation. Adds it if it is new.
    fn connection(&mut self, observation: &Observation) -> Option<&mut Connection> {
        let next = self.first + self.connections.len();
        let at = *self.open.entry(observation.connection).or_insert(next);
        if at == next {
            self.connections.push_back(Connection {
                number: observation.connection,
                began_us: observation.at_us,
                last_us: observation.at_us,
                handshake: None,
                messages: Messages::new(self.clock),
                over: false,
            });
        }
        self.connections.get_mut(at - self.first)
    }

    /// Writes the first entries, as far as they are complete.
    fn flush(&mut self, out: &mut Vec<u8>) {
        while self.connections.front().is_some_and(|connection| connection.over) {
            let Some(connection) = self.connections.pop_front() else { return };
            self.first += 1;
            if std::mem::replace(&mut self.any, true) {
                out.push(b',');
            }
            out.push(b'\n');
            Entry::new(self.clock, self.port, &connection).write(out);
        }
    }
}

impl Writer for Har {
    fn observe(&mut self, observation: &Observation, out: &mut Vec<u8>) {
        // A deliberate act after the end of its connection belongs to no entry.
        if matches!(observation.event, Event::Act(_)) && !self.open.contains_key(&observation.connection) {
            return;
        }
        // The format has no place for notes.
        if matches!(observation.event, Event::Note(_)) {
            return;
        }
        let Some(connection) = self.connection(observation) else { return };
        connection.last_us = observation.at_us;
        match &observation.event {
            Event::Opening(opening) => {
                connection.began_us = opening.requested_us;
                connection.handshake = Some(Handshake::opening(opening, observation.at_us));
            }
            Event::Refusal(refusal) => {
                connection.began_us = refusal.requested_us;
                connection.handshake = Some(Handshake::refusal(refusal, observation.at_us));
                connection.over = true;
            }
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) | Event::Note(_) => {}
            Event::Frame(frame) => connection.messages.frame(frame, observation.at_us),
            Event::Act(act) => connection.messages.act(act),
            Event::Closed(_) => connection.over = true,
        }
        if connection.over {
            self.open.remove(&observation.connection);
            self.flush(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.connections.iter_mut().for_each(|connection| connection.over = true);
        self.flush(out);
        out.extend_from_slice(b"\n]}}\n");
    }
}
