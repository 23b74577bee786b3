//! A request that is not upgraded: the response, and what is recorded.

use crate::behaviour::{Refuse, SettingError};
use crate::listen::{Arrival, HeadFault, UnfinishedHead};
use crate::registry::Registry;
use crate::session::Session;
use axum::http::Method;
use axum::response::Response;
use bytes::Bytes;
use observation::{ConnectionNumber, Deliberate, Event, Refusal};
use std::borrow::Cow;
use wire::handshake::request::RequestError;
use wire::handshake::response;

/// Why a request is not upgraded, and the response.
pub(crate) struct HandshakeRefusal {
    /// Status line, headers and body.
    text: String,
    status: u16,
    rule: &'static str,
    explanation: String,
    section: Option<&'static str>,
    deliberate: Vec<Deliberate>,
}

impl From<RequestError> for HandshakeRefusal {
    fn from(error: RequestError) -> Self {
        Self {
            text: response::refusal_for(&error),
            status: error.status(),
            rule: error.rule(),
            explanation: error.to_string(),
            section: error.section(),
            deliberate: Vec::new(),
        }
    }
}

impl From<SettingError> for HandshakeRefusal {
    fn from(error: SettingError) -> Self {
        Self::own(400, "setting", &[], error.to_string())
    }
}

impl HandshakeRefusal {
    /// A refusal for one of the relay's own reasons.
    pub(crate) fn own(status: u16, rule: &'static str, headers: &[(&str, &str)], explanation: String) -> Self {
        let text = response::refusal(status, headers, &format!("{explanation}.\n"));
        Self { text, status, rule, explanation, section: None, deliberate: Vec::new() }
    }

    /// A refusal that a behavior asks for.
    pub(super) fn deliberate(refuse: &Refuse, rule: &'static str, deliberate: Vec<Deliberate>) -> Self {
        let Refuse { status, location, body } = refuse;
        let headers: Vec<_> = location.iter().map(|location| ("Location", location.as_str())).collect();
        let text = response::refusal(*status, &headers, body.as_deref().unwrap_or_default());
        let explanation = format!("the behavior in the URL asks for {status}");
        Self { text, status: *status, rule, explanation, section: None, deliberate }
    }

    pub(crate) fn session_unknown() -> Self {
        let explanation = "the session does not exist: it may have expired, or the relay restarted; \
                           reload the page, or create a session with `POST /api/sessions`";
        Self::own(404, "session-unknown", &[], explanation.to_owned())
    }

    pub(crate) fn too_many_connections(limit: usize) -> Self {
        let explanation = format!("this session has reached its connection limit ({limit}); close a connection first");
        Self::own(503, "too-many-connections", &[("Retry-After", "5")], explanation)
    }

    pub(super) fn body_present() -> Self {
        let explanation = "an opening handshake has no body; omit `Content-Length` and `Transfer-Encoding`";
        Self::own(400, "request-body", &[], explanation.to_owned())
    }

    /// The setting is impossible on an HTTP/2 stream.
    pub(super) fn needs_own_line(setting: &str) -> Self {
        let explanation = format!(
            "`{setting}` requires its own TCP connection, but this is a stream of an HTTP/2 connection; use the ws:// URL, \
             or omit it"
        );
        Self::own(400, "setting", &[], explanation)
    }

    pub(super) fn not_followed() -> Self {
        let explanation = "the relay could not find the start of this request; send it on a new connection";
        Self::own(400, "not-followed", &[], explanation.to_owned())
    }

    /// Sends the refusal. Returns the response for hyper and the bytes sent.
    pub(crate) async fn answer(&self, arrival: &Arrival, method: &Method) -> (Response, Bytes) {
        arrival.refuse(method, self.status, &self.text).await
    }

    pub(crate) fn record(self, session: &Session, requested_us: u64, arrival: Arrival, sent: Bytes) {
        self.record_as(session.next_connection(), session, requested_us, arrival, sent);
    }

    /// The same for a request that has a number already.
    pub(crate) fn record_as(
        self,
        connection: ConnectionNumber,
        session: &Session,
        requested_us: u64,
        arrival: Arrival,
        sent: Bytes,
    ) {
        let refusal = Refusal {
            request: arrival.text.unwrap_or_default().into(),
            response: sent.into(),
            status: Some(self.status),
            rule: Cow::Borrowed(self.rule),
            explanation: self.explanation,
            section: self.section.map(Cow::Borrowed),
            requested_us,
            deliberate: self.deliberate,
            route: arrival.route,
        };
        session.append_event(connection, &Event::Refusal(refusal));
    }
}

/// Records a head that never became a request, if its request line names a session.
pub(crate) fn record_unfinished(registry: &Registry, head: &UnfinishedHead) {
    let Some(session) = session_asked_for(&head.bytes).and_then(|name| registry.find(name)) else { return };
    let (status, rule, explanation) = match head.fault {
        HeadFault::TooLarge => {
            (431, "head-too-large", "the request head exceeds this relay’s limit in bytes or lines; send fewer headers")
        }
        HeadFault::TooSlow => (
            408,
            "head-too-slow",
            "the request head did not arrive completely within this relay’s timeout; send it at once",
        ),
        HeadFault::Malformed => (
            400,
            "head-malformed",
            "this is not an HTTP/1.1 request head; each line is `Name: value`, and an empty line ends it",
        ),
    };
    let refusal = Refusal {
        request: head.bytes.clone().into(),
        response: head.answer.clone().into(),
        status: Some(status),
        rule: Cow::Borrowed(rule),
        explanation: explanation.to_owned(),
        section: None,
        requested_us: session.now_us(),
        deliberate: Vec::new(),
        route: head.route.clone(),
    };
    session.append_event(session.next_connection(), &Event::Refusal(refusal));
}

/// The session in a request line such as `GET /lab/{session}?…`, also for `/via` and `/relay`.
fn session_asked_for(head: &[u8]) -> Option<&str> {
    let line = head.split(|byte| *byte == b'\r' || *byte == b'\n').find(|line| !line.is_empty())?;
    let target = line.split(|byte| *byte == b' ').nth(1)?;
    let target = std::str::from_utf8(target).ok()?;
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let over_box = path.strip_prefix("/via/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    match over_box {
        Some(rest) => rest.strip_prefix("lab/"),
        None => path.strip_prefix("/lab/").or_else(|| path.strip_prefix("/relay/")),
    }
}
