//! Scenarios for `framescope check`: each connection becomes one, which does again what its client did and expects what the server
//! answered. `docs/check.md` says what a scenario leaves out.
//!
//! | module | content |
//! |---|---|
//! | `request` | how the client connected |
//! | `conversation` | what both sent, as steps |

mod conversation;
mod request;

use crate::writer::Writer;
use crate::{Recording, about, redact};
use conversation::Conversation;
use observation::{ConnectionNumber, Event, Intermediary, Leg, Observation, Opening, Refusal, Route};
use request::Asked;
use scenario::model::{Handshake, MAX_FILE, MAX_SCENARIOS, Scenario};
use scenario::write;
use std::collections::{BTreeMap, BTreeSet};

/// What a file keeps free for names, headers and comments, in bytes, and the most of one connection.
const HEADS: usize = 256 << 10;
const HEAD: usize = 16 << 10;

pub(crate) struct Scenarios {
    /// What replaces the session's name in URLs.
    session: String,
    connections: BTreeMap<ConnectionNumber, Connection>,
    /// How many bytes of steps and of heads may follow.
    steps: usize,
    heads: usize,
    /// How many connections cannot be done again.
    left_out: usize,
}

struct Connection {
    asked: Asked,
    handshake: Handshake,
    conversation: Conversation,
    /// The client side, if this is the server side of an intermediary.
    client_side: Option<ConnectionNumber>,
    is_relayed: bool,
}

impl Scenarios {
    pub(crate) fn begin(recording: &Recording, out: &mut Vec<u8>) -> Self {
        let head = format!(
            "# Run it with `framescope check URL FILE`. Recorded by Framescope {}.\n# {}\n",
            env!("CARGO_PKG_VERSION"),
            about(recording.secrets)
        );
        out.extend_from_slice(head.as_bytes());
        let session = redact::placeholder(&recording.session);
        // Half of the heads for the comments about each connection.
        Self { session, connections: BTreeMap::new(), steps: MAX_FILE - 2 * HEADS, heads: HEADS, left_out: 0 }
    }

    fn opening(&mut self, number: ConnectionNumber, opening: &Opening, at_us: u64) {
        let Opening { request, concealed, route, .. } = opening;
        let asked = Asked::read(request, concealed, route, &self.session);
        let shows_token = concealed.iter().any(|name| name == "sec-websocket-protocol");
        let subprotocol = Some(opening.subprotocol.clone().unwrap_or_default());
        let handshake = Handshake {
            subprotocol: subprotocol.filter(|_| !asked.connect.subprotocols.is_empty() && !shows_token),
            deflate: Some(opening.deflate.is_some())
                .filter(|_| asked.connect.extensions.contains("permessage-deflate")),
            ..Handshake::default()
        };
        self.add(number, asked, handshake, route, at_us);
    }

    fn refusal(&mut self, number: ConnectionNumber, refusal: &Refusal, at_us: u64) {
        let Some(status) = refusal.status.filter(|status| (200..600).contains(status)) else {
            self.left_out += 1;
            return;
        };
        let asked = Asked::read(&refusal.request, &refusal.concealed, &refusal.route, &self.session);
        self.add(number, asked, Handshake { status, ..Handshake::default() }, &refusal.route, at_us);
    }

    fn add(&mut self, number: ConnectionNumber, asked: Asked, handshake: Handshake, route: &Route, at_us: u64) {
        let size = asked.size();
        if size > HEAD || size > self.heads || self.connections.len() == MAX_SCENARIOS {
            self.left_out += 1;
            return;
        }
        self.heads -= size;
        let hop = route.hop.as_ref().filter(|hop| hop.leg == Leg::Far);
        let connection = Connection {
            asked,
            handshake,
            conversation: Conversation::begin(at_us),
            client_side: hop.and_then(|hop| hop.other),
            is_relayed: hop.is_some_and(|hop| hop.middle == Intermediary::Relay),
        };
        self.connections.insert(number, connection);
    }

    /// Both sides of an intermediary say the same. To another server, the server side has the server's own URL; to the lab, the client
    /// side has the middlebox.
    fn duplicates(&self) -> BTreeSet<ConnectionNumber> {
        let duplicate = |(number, connection): (&ConnectionNumber, &Connection)| {
            let near = connection.client_side.filter(|near| self.connections.contains_key(near))?;
            Some(if connection.is_relayed { near } else { *number })
        };
        self.connections.iter().filter_map(duplicate).collect()
    }
}

impl Writer for Scenarios {
    fn observe(&mut self, observation: &Observation, _: &mut Vec<u8>) {
        let Observation { at_us, connection: number, event, .. } = observation;
        match event {
            Event::Opening(opening) => return self.opening(*number, opening, *at_us),
            Event::Refusal(refusal) => return self.refusal(*number, refusal, *at_us),
            _ => {}
        }
        let Some(Connection { conversation, is_relayed, .. }) = self.connections.get_mut(number) else { return };
        match event {
            Event::Frame(frame) => conversation.frame(frame, *at_us, &mut self.steps),
            Event::Act(act) => conversation.act(act),
            Event::Closed(closed) => conversation.closed(closed, *is_relayed, *at_us, &mut self.steps),
            Event::Opening(_)
            | Event::Refusal(_)
            | Event::Asked(_)
            | Event::Tunnel(_)
            | Event::Records(_)
            | Event::Note(_) => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let duplicates = self.duplicates();
        if self.left_out > 0 {
            let words = "connections are left out, because nothing could be sent again or a limit of files is reached";
            out.extend_from_slice(format!("# {words}: {}\n", self.left_out).as_bytes());
        }
        for (number, connection) in std::mem::take(&mut self.connections) {
            if duplicates.contains(&number) {
                continue;
            }
            let Connection { asked, handshake, conversation, .. } = connection;
            let mut comments = asked.comments;
            let (steps, time) = conversation.finish(&mut comments);
            let scenario = Scenario {
                name: format!("connection {}: {}", number.0, asked.name),
                line: 0,
                url: Some(asked.url),
                connect: asked.connect,
                handshake,
                steps,
                time,
            };
            out.push(b'\n');
            out.extend_from_slice(write::scenario(&scenario, &comments).as_bytes());
        }
    }
}
