//! HAR 1.2, one entry for each connection, with the messages in `_webSocketMessages` as Chrome DevTools writes them.
//!
//! It is the session as an application sees it: whole messages, inflated, each with the time of its last frame. `send` is
//! what the client sent. Control frames, fragments and masks have no place there; [`pcapng`](crate::pcapng) has them. A
//! message in a frame that broke a rule, or that never came to its end, is no message, and left out too. How many frames of
//! each kind are left out is said in the entry's comment; a message of which the relay kept only the front has one of its own.
//!
//! Text is there as it is, binary content in base64. `time` is in seconds since 1970, like Chrome's. A request that was
//! refused is an entry without messages, but with the body of the answer. An entry is written once its connection and all
//! that began before it are over, so that they are in order of time.
//!
//! Chrome imports the file in its network panel; a test has a browser's own DevTools read it. mitmproxy reads the entries with
//! their handshakes and bodies (tried by hand with 11.0), and leaves out the messages, though it writes them in this same form
//! itself.

mod entry;
mod messages;

use crate::Writer;
use crate::clock::Clock;
use entry::{Entry, Handshake};
use messages::Messages;
use observation::{ConnectionNumber, Event, Observation};
use std::collections::{HashMap, VecDeque};

pub(crate) struct Har {
    clock: Clock,
    port: u16,
    /// In order of their beginnings; the first of them has number `first`.
    connections: VecDeque<Connection>,
    first: usize,
    /// Where each that may go on is, in the same count.
    open: HashMap<ConnectionNumber, usize>,
    /// Whether an entry has been written.
    any: bool,
}

/// A connection until its entry is written.
struct Connection {
    number: ConnectionNumber,
    /// Microseconds since the session began.
    began_us: u64,
    last_us: u64,
    handshake: Option<Handshake>,
    messages: Messages,
    over: bool,
}

impl Har {
    pub(crate) fn begin(clock: Clock, port: u16, out: &mut Vec<u8>) -> Self {
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        // No browser and no pages: a relay has seen this.
        let head = format!(
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"Framescope\",\"version\":\"{VERSION}\"}},\
             \"pages\":[],\"entries\":["
        );
        out.extend_from_slice(head.as_bytes());
        Self { clock, port, connections: VecDeque::new(), first: 0, open: HashMap::new(), any: false }
    }

    /// The connection that an observation is of; a new one if it was not seen before.
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

    /// Writes the entries in front that are complete.
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
        // What is done on purpose behind the end is part of no entry.
        if matches!(observation.event, Event::Act(_)) && !self.open.contains_key(&observation.connection) {
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
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) => {}
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
