//! The client side of a hop until its request is answered.

use crate::lab::HandshakeRefusal;
use crate::listen::Arrival;
use crate::listen::record_capture::{Follower, RecordCapture};
use crate::session::{Presence, Session};
use axum::http::Method;
use axum::response::Response;
use bytes::Bytes;
use observation::{Asked, ConnectionNumber, Deliberate, Event, Hop, Intermediary, Leg, Offer, Opening, Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::deflate::Agreed;
use wire::extension;
use wire::handshake::connect::fields;

/// A request that waits for the server side's response. Dropped before that, it records that the client left early.
pub(super) struct ClientSide {
    pub(super) session: Arc<Session>,
    pub(super) number: ConnectionNumber,
    arrival: Arrival,
    requested_us: u64,
    deliberate: Vec<Deliberate>,
    /// How many times its handshake was held.
    held: AtomicU64,
    answered: bool,
}

impl ClientSide {
    /// Records the request, and what the middlebox changed in it.
    pub(super) fn asked(
        presence: &Presence,
        mut arrival: Arrival,
        middle: Intermediary,
        deliberate: Vec<Deliberate>,
    ) -> Self {
        let session = Arc::clone(presence.session());
        let (number, requested_us) = (session.next_connection(), session.now_us());
        arrival.route.hop = Some(Hop { leg: Leg::Near, middle, other: None, server: None, address: None });
        let asked = Asked {
            request: arrival.text.clone().unwrap_or_default().into(),
            route: arrival.route.clone(),
            deliberate: deliberate.clone(),
            concealed: Vec::new(),
        };
        session.append_event(number, &Event::Asked(asked));
        Self { session, number, arrival, requested_us, deliberate, held: AtomicU64::new(0), answered: false }
    }

    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// How many times its handshake was held so far.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Counts that it is held. Returns the number by which observers decide.
    pub(super) fn hold(&self) -> u64 {
        self.held.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Something deliberate was done to the response.
    pub(super) fn did(&mut self, why: Deliberate) {
        self.deliberate.push(why);
    }

    /// Reads the TLS records, if there is TLS.
    pub(super) fn follow_records(&self) -> Option<Follower> {
        self.arrival.record_capture.as_ref().map(RecordCapture::follow)
    }

    /// Resolves when the client has left before the answer.
    pub(super) async fn client_left(&self) {
        self.arrival.client_left().await;
    }

    /// Sends a refusal and records it.
    pub(super) async fn refuse(mut self, refused: HandshakeRefusal, method: &Method) -> Response {
        let (response, sent) = refused.answer(&self.arrival, method).await;
        self.answered = true;
        let (number, requested_us, arrival) = (self.number, self.requested_us, self.arrival.clone());
        refused.record_as(number, &self.session, requested_us, arrival, sent);
        response
    }

    /// Forwards a refusal unchanged. `text` is its head and body.
    pub(super) async fn pass_refusal_on(mut self, status: u16, text: &[u8], method: &Method) -> Response {
        let (response, sent) = self.arrival.refuse(method, status, &String::from_utf8_lossy(text)).await;
        self.answered = true;
        let explanation = format!("the server answered {status}, and the middlebox forwards it");
        self.record_refusal(Some(status), "passed-on", explanation, sent);
        response
    }

    /// Records the accepted handshake with `response`, the text that was sent. Returns the agreed compression.
    pub(super) fn opened(mut self, response: Vec<u8>, subprotocol: Option<String>, extensions: &str) -> Option<Agreed> {
        self.answered = true;
        let request: Vec<u8> = self.arrival.text.clone().unwrap_or_default().into();
        // Header lines and HTTP/2 fields have the same text form.
        let offered = fields(&request).filter(|(name, _)| name.eq_ignore_ascii_case(b"Sec-WebSocket-Extensions"));
        let offered: Vec<_> = offered.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        let offers = Offer::answered(&offered.join(", "), extensions);
        let agreed = agreed(extensions);
        let opening = Opening {
            request,
            response,
            subprotocol,
            offers,
            deflate: agreed.as_ref().map(Into::into),
            requested_us: self.requested_us,
            deliberate: self.deliberate.clone(),
            route: self.arrival.route.clone(),
            ..Opening::default()
        };
        self.session.append_event(self.number, &Event::Opening(opening));
        agreed
    }

    fn record_refusal(&self, status: Option<u16>, rule: &'static str, explanation: String, sent: Bytes) {
        let refusal = Refusal {
            request: self.arrival.text.clone().unwrap_or_default().into(),
            response: sent.into(),
            status,
            rule: rule.into(),
            explanation,
            requested_us: self.requested_us,
            deliberate: self.deliberate.clone(),
            route: self.arrival.route.clone(),
            ..Refusal::default()
        };
        self.session.append_event(self.number, &Event::Refusal(refusal));
    }
}

impl Drop for ClientSide {
    fn drop(&mut self) {
        if !self.answered {
            self.record_refusal(
                None,
                "left-early",
                "the client ended the connection before the answer".to_owned(),
                Bytes::new(),
            );
        }
    }
}

/// The compression in the extensions that a server selected.
pub(super) fn agreed(extensions: &str) -> Option<Agreed> {
    extension::parse(extensions)?.iter().find_map(Agreed::of_answer)
}
