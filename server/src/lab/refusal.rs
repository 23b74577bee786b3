//! A request that is not upgraded: the response, and what is recorded.

use crate::base_path::BasePath;
use crate::behaviour::{Refuse, SettingError};
use crate::hosts;
use crate::limits::NoPlace;
use crate::listen::{Arrival, HeadFault, UnfinishedHead};
use crate::metrics::RefusalReason;
use crate::registry::Registry;
use crate::session::{EnterError, Session};
use axum::http::Method;
use axum::response::Response;
use bytes::Bytes;
use observation::{ConnectionNumber, Deliberate, Event, Refusal, SessionId};
use std::borrow::Cow;
use wire::handshake::request::RequestError;
use wire::handshake::response;

/// Why a request is not upgraded, and the response.
pub(crate) struct HandshakeRefusal {
    /// Status line, headers and body.
    text: String,
    status: u16,
    rule: Cow<'static, str>,
    explanation: String,
    section: Option<&'static str>,
    deliberate: Vec<Deliberate>,
}

impl From<RequestError> for HandshakeRefusal {
    fn from(error: RequestError) -> Self {
        Self {
            text: response::refusal_for(&error),
            status: error.status(),
            rule: error.rule().into(),
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
    pub(crate) fn own(
        status: u16,
        rule: impl Into<Cow<'static, str>>,
        headers: &[(&str, &str)],
        explanation: String,
    ) -> Self {
        let text = response::refusal(status, headers, &format!("{explanation}.\n"));
        Self { text, status, rule: rule.into(), explanation, section: None, deliberate: Vec::new() }
    }

    /// A refusal that a behavior asks for.
    pub(super) fn deliberate(refuse: &Refuse, rule: &'static str, deliberate: Vec<Deliberate>) -> Self {
        let Refuse { status, location, body } = refuse;
        let headers: Vec<_> = location.iter().map(|location| ("Location", location.as_str())).collect();
        let text = response::refusal(*status, &headers, body.as_deref().unwrap_or_default());
        let explanation = format!("the behavior in the URL asks for {status}");
        Self { text, status: *status, rule: rule.into(), explanation, section: None, deliberate }
    }

    /// A refusal of a handshake that a rule has intercepted, or an observer who decided about it.
    pub(crate) fn by_rule(status: u16, explanation: String, why: Deliberate) -> Self {
        Self { deliberate: vec![why], ..Self::own(status, "intercepted", &[], explanation) }
    }

    /// The same with a response that an observer wrote. `text` is its head, without a body.
    pub(crate) fn written(status: u16, text: String, explanation: String, why: Deliberate) -> Self {
        Self { text, ..Self::by_rule(status, explanation, why) }
    }

    /// The session may exist, but this relay cannot ask the others.
    pub(crate) fn no_redis() -> Self {
        let explanation = "this relay shares its sessions through Redis and cannot reach it now, so it does not know this session; try \
                           again in a few seconds";
        Self::own(503, "no-redis", &[("Retry-After", "5")], explanation.to_owned())
    }

    /// The session, or the client, has too many connections. The limits are the flags of all relays together.
    pub(crate) fn not_entered(error: &EnterError, limit: usize) -> Self {
        match error {
            EnterError::Full => Self::too_many_connections(limit),
            EnterError::Client(over) => Self::no_place(&NoPlace::Client(over.clone())),
        }
    }

    /// There is no session that a client with this name may use.
    pub(crate) fn session_unknown(name: Option<&str>) -> Self {
        if name.and_then(SessionId::parse).is_some_and(|name| name.is_watch_only()) {
            let explanation = "this name is watch-only: it can observe and export a session, but not open connections in it; use the \
                               full link";
            return Self::own(403, "watch-only", &[], explanation.to_owned());
        }
        let explanation = "the session does not exist: it may have expired, or the relay restarted; \
                           reload the page, or create a session with `POST /api/sessions`";
        Self::own(404, "session-unknown", &[], explanation.to_owned())
    }

    /// The relay is not known by the name that the request asks for.
    pub(crate) fn misdirected(host: &str) -> Self {
        let explanation = format!(
            "this relay does not answer to the host name `{host}`, because any page could make a name lead here (DNS rebinding); \
             if the name is yours, start the relay with `--host {}`",
            hosts::without_port(host)
        );
        Self::own(421, "misdirected", &[], explanation)
    }

    pub(crate) fn too_many_connections(limit: usize) -> Self {
        let explanation = format!("this session has reached its connection limit ({limit}); close a connection first");
        Self::own(503, "too-many-connections", &[("Retry-After", "5")], explanation)
    }

    /// There is no place for the connection, or its client is over a limit.
    pub(crate) fn no_place(none: &NoPlace) -> Self {
        Self::own(none.status(), none.name(), &[("Retry-After", &none.retry_after().to_string())], none.to_string())
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

    /// The challenge conceals something that a middlebox would record.
    pub(super) fn no_middlebox() -> Self {
        let explanation = "this challenge takes no connections through a middlebox; connect to its own address";
        Self::own(400, "setting", &[], explanation.to_owned())
    }

    pub(super) fn not_followed() -> Self {
        let explanation = "the relay could not find the start of this request; send it on a new connection";
        Self::own(400, "not-followed", &[], explanation.to_owned())
    }

    /// Sends the refusal. Returns the response for hyper and the bytes sent.
    pub(crate) async fn answer(&self, arrival: &Arrival, method: &Method) -> (Response, Bytes) {
        let (mut response, sent) = arrival.refuse(method, self.status, &self.text).await;
        let reason = match &self.rule {
            Cow::Borrowed(rule) => rule,
            Cow::Owned(_) => "other",
        };
        response.extensions_mut().insert(RefusalReason(reason));
        (response, sent)
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
            rule: self.rule,
            explanation: self.explanation,
            section: self.section.map(Cow::Borrowed),
            requested_us,
            deliberate: self.deliberate,
            route: arrival.route,
            ..Refusal::default()
        };
        session.append_event(connection, &Event::Refusal(refusal));
    }
}

/// Records a head that never became a request, if its request line names a session.
pub(crate) async fn record_unfinished(registry: &Registry, base: &BasePath, head: &UnfinishedHead) {
    let Some(name) = session_asked_for(base, &head.bytes) else { return };
    let Ok(session) = registry.find(name).await else { return };
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
        requested_us: session.now_us(),
        route: head.route.clone(),
        ..Refusal::default()
    };
    session.append_event(session.next_connection(), &Event::Refusal(refusal));
}

/// The session in a request line such as `GET /lab/{session}?…`, also for `/via` and `/relay`.
fn session_asked_for<'h>(base: &BasePath, head: &'h [u8]) -> Option<&'h str> {
    let line = head.split(|byte| *byte == b'\r' || *byte == b'\n').find(|line| !line.is_empty())?;
    let target = line.split(|byte| *byte == b' ').nth(1)?;
    let target = std::str::from_utf8(target).ok()?;
    session_in(base.strip(target.split_once('?').map_or(target, |(path, _)| path))?)
}

/// The same for a path below the base path.
pub(crate) fn session_in(path: &str) -> Option<&str> {
    let over_box = path.strip_prefix("/via/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    match over_box {
        Some(rest) => rest.strip_prefix("lab/"),
        None => path.strip_prefix("/lab/").or_else(|| path.strip_prefix("/relay/")),
    }
}
