//! Builds the two streams of a session as they would be recorded: what the page's JavaScript saw, and what the relay saw.

use observation::event::{Cause, Closed, Count, Event, Frame, Opening, Refusal};
use observation::page::{EventNumber, Fingerprint, PageAct, PageEvent, PagePayload, SocketNumber};
use observation::{
    Asked, ConnectionNumber, ForwardingFields, Front, Hop, Http, Intermediary, Leg, MessageKind, Observation, Party,
    Record, Records, Route, Scheme, Seq, Tls, Tunnel,
};
use std::collections::HashMap;
use wire::Sender;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::message::MessageTracker;
use wire::opcode::Opcode;

pub(crate) const CLIENT: Party = Party::Client;
pub(crate) const SERVER: Party = Party::Server;

/// The fingerprint of this page's browser.
pub(crate) fn fingerprint() -> Fingerprint {
    Fingerprint { target: "/lab/s".to_owned(), origin: "http://lab".to_owned(), user_agent: "Browser/1".to_owned() }
}

/// The head of a request; `ours` if this page's browser sent it.
pub(crate) fn request(ours: bool) -> Vec<u8> {
    let from = if ours { "Origin: http://lab\r\nUser-Agent: Browser/1\r\n" } else { "User-Agent: websocat\r\n" };
    format!("GET /lab/s HTTP/1.1\r\nHost: lab\r\n{from}\r\n").into_bytes()
}

/// Both streams of one session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    pub(crate) events: Vec<PageEvent>,
    /// Each with the number of events that surely happened before it.
    pub(crate) observations: Vec<(usize, Observation)>,
    trackers: HashMap<(ConnectionNumber, Party), MessageTracker>,
}

impl Streams {
    pub(crate) fn page(&mut self, socket: u32, act: PageAct) -> &mut Self {
        let number = EventNumber(self.events.len() as u64 + 1);
        self.events.push(PageEvent { number, socket: SocketNumber(socket), at_us: number.0, act });
        self
    }

    pub(crate) fn constructed(&mut self, socket: u32) -> &mut Self {
        self.page(socket, PageAct::Constructed { url: "ws://lab/lab/s".to_owned(), protocols: Vec::new() })
    }

    pub(crate) fn open(&mut self, socket: u32) -> &mut Self {
        self.page(socket, PageAct::Open { protocol: String::new(), extensions: String::new() })
    }

    pub(crate) fn sent(&mut self, socket: u32, text: &str) -> &mut Self {
        self.page(socket, PageAct::Sent(payload(text)))
    }

    pub(crate) fn received(&mut self, socket: u32, text: &str) -> &mut Self {
        self.page(socket, PageAct::Received(payload(text)))
    }

    pub(crate) fn close_called(&mut self, socket: u32) -> &mut Self {
        self.page(socket, PageAct::CloseCalled { code: Some(1000), reason: String::new() })
    }

    pub(crate) fn error(&mut self, socket: u32) -> &mut Self {
        self.page(socket, PageAct::Error)
    }

    pub(crate) fn closed(&mut self, socket: u32, code: u16) -> &mut Self {
        self.page(socket, PageAct::Closed { code, reason: String::new(), was_clean: code == 1000 })
    }

    pub(crate) fn event(&mut self, connection: u32, event: Event) -> &mut Self {
        let seq = Seq(self.observations.len() as u64 + 1);
        let connection = ConnectionNumber(connection);
        // A request of the page's browser follows the construction of its socket, the latest one so far.
        let constructed = |event: &PageEvent| matches!(event.act, PageAct::Constructed { .. });
        let before = match event {
            Event::Asked(_) | Event::Opening(_) | Event::Refusal(_) => {
                self.events.iter().rposition(constructed).map_or(0, |at| at + 1)
            }
            _ => 0,
        };
        let before = before.max(self.observations.last().map_or(0, |(before, _)| *before));
        self.observations.push((before, Observation { seq, at_us: seq.0, connection, event }));
        self
    }

    pub(crate) fn opening(&mut self, connection: u32, ours: bool) -> &mut Self {
        let response = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        self.event(connection, Event::Opening(Opening { request: request(ours), response, ..Opening::default() }))
    }

    /// A request at a hop, which opens another leg for it.
    pub(crate) fn asked(&mut self, connection: u32, ours: bool) -> &mut Self {
        let route = Route { hop: Some(hop(Leg::Near, None)), ..Route::default() };
        self.event(
            connection,
            Event::Asked(Asked { request: request(ours), route, deliberate: Vec::new(), concealed: Vec::new() }),
        )
    }

    /// The opening of the far leg that a middlebox creates for the connection `near`.
    pub(crate) fn opening_beyond(&mut self, connection: u32, near: u32) -> &mut Self {
        self.opening(connection, false);
        if let Some((_, Observation { event: Event::Opening(opening), .. })) = self.observations.last_mut() {
            opening.route.hop = Some(hop(Leg::Far, Some(ConnectionNumber(near))));
        }
        self
    }

    /// An opening over TLS.
    pub(crate) fn opening_in_tls(&mut self, connection: u32, http: Http) -> &mut Self {
        self.opening(connection, true);
        if let Some((_, Observation { event: Event::Opening(opening), .. })) = self.observations.last_mut() {
            let (version, cipher_suite) = ("TLS 1.3".to_owned(), "TLS_AES_128_GCM_SHA256".to_owned());
            let tls = Tls { version, cipher_suite, server_name: Some("lab".to_owned()), alpn: None };
            opening.route = Route { http, tls: Some(tls), ..Route::default() };
        }
        self
    }

    /// An opening that a trusted proxy forwards, which says what its client used.
    pub(crate) fn opening_behind_proxy(&mut self, connection: u32, scheme: Option<Scheme>) -> &mut Self {
        self.opening(connection, true);
        if let Some((_, Observation { event: Event::Opening(opening), .. })) = self.observations.last_mut() {
            let front = Front { fields: Some(ForwardingFields::XForwarded), scheme, ..Front::default() };
            opening.route.front = Some(front);
        }
        self
    }

    /// Records of these lengths.
    pub(crate) fn records(&mut self, connection: u32, from: Party, lengths: &[u16]) -> &mut Self {
        let record = |&length| Record { content_type: 23, version: 0x0303, length, fragment: Vec::new() };
        let records = lengths.iter().map(record).collect();
        self.event(connection, Event::Records(Records { from, records, missed: 0 }))
    }

    pub(crate) fn tunnel(&mut self, connection: u32) -> &mut Self {
        let hop = Hop { middle: Intermediary::Tunnel("box".to_owned()), ..hop(Leg::Near, None) };
        let tunnel = Tunnel { hop, server_name: Some("lab".to_owned()), deliberate: Vec::new() };
        self.event(connection, Event::Tunnel(tunnel))
    }

    pub(crate) fn refusal(&mut self, connection: u32) -> &mut Self {
        let refusal = Refusal {
            request: request(true),
            response: b"HTTP/1.1 503 Service Unavailable\r\n\r\n".to_vec(),
            status: Some(503),
            rule: "busy".into(),
            explanation: "busy".to_owned(),
            ..Refusal::default()
        };
        self.event(connection, Event::Refusal(refusal))
    }

    pub(crate) fn frame(
        &mut self,
        connection: u32,
        from: Party,
        fin: bool,
        opcode: Opcode,
        payload: &str,
    ) -> &mut Self {
        let sender = Sender::from(from);
        let masking_key = (sender == Sender::Client).then_some(MaskingKey([0; 4]));
        let bytes = payload.len() as u64;
        let header = FrameHeader { masking_key, ..FrameHeader::unmasked(fin, opcode, bytes) };
        let mut frame = Frame::new(sender, &header, payload.as_bytes().to_vec(), bytes);
        let tracker = self.trackers.entry((ConnectionNumber(connection), from)).or_default();
        frame.position = tracker.frame(opcode, fin).0.map(Into::into);
        self.event(connection, Event::Frame(frame))
    }

    pub(crate) fn text(&mut self, connection: u32, from: Party, payload: &str) -> &mut Self {
        self.frame(connection, from, true, Opcode::Text, payload)
    }

    pub(crate) fn close(&mut self, connection: u32, from: Party) -> &mut Self {
        self.frame(connection, from, true, Opcode::Close, "\u{3}\u{2a}")
    }

    pub(crate) fn end(&mut self, connection: u32) -> &mut Self {
        let (client, server) = (Count::default(), Count::default());
        let cause = Cause::ClosingHandshake;
        let closed = Closed { first: None, code: None, reason: String::new(), clean: true, cause, client, server };
        self.event(connection, Event::Closed(closed))
    }
}

fn hop(leg: Leg, other: Option<ConnectionNumber>) -> Hop {
    Hop { leg, middle: Intermediary::Box("box".to_owned()), other, server: None, address: None }
}

fn payload(text: &str) -> PagePayload {
    PagePayload {
        kind: MessageKind::Text,
        bytes: text.len() as u64,
        utf16_length: text.encode_utf16().count() as u64,
        preview: text.to_owned(),
    }
}
