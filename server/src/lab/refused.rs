//! A request that is not upgraded: what goes out for it, and what is recorded.

use super::settings::SettingError;
use crate::listen::{RequestText, Tape};
use crate::session::Session;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use observation::{Event, Refusal};
use std::borrow::Cow;
use wire::handshake::request::RequestError;
use wire::handshake::response;

/// A request that is not upgraded, and why.
pub(super) struct NotUpgraded {
    /// Status line, headers and body.
    text: String,
    status: u16,
    rule: &'static str,
    explanation: String,
    section: Option<&'static str>,
}

impl From<RequestError> for NotUpgraded {
    fn from(error: RequestError) -> Self {
        Self {
            text: response::refusal_for(&error),
            status: error.status(),
            rule: error.rule(),
            explanation: error.to_string(),
            section: Some(error.section()),
        }
    }
}

impl From<SettingError> for NotUpgraded {
    fn from(error: SettingError) -> Self {
        Self::own(400, "setting", &[], error.to_string())
    }
}

impl NotUpgraded {
    /// A refusal for a reason that is the relay's own.
    fn own(status: u16, rule: &'static str, headers: &[(&str, &str)], explanation: String) -> Self {
        let text = response::refusal(status, headers, &format!("{explanation}.\n"));
        Self { text, status, rule, explanation, section: None }
    }

    pub(super) fn session_unknown() -> Self {
        let explanation = "there is no session of that name: it may have expired, or the relay was restarted; \
                           load the page again, or begin a session with `POST /api/sessions`";
        Self::own(404, "session-unknown", &[], explanation.to_owned())
    }

    pub(super) fn too_many_connections(limit: usize) -> Self {
        let explanation =
            format!("a session may have {limit} open at once, and this one has: close one connection first");
        Self::own(503, "too-many-connections", &[("Retry-After", "5")], explanation)
    }

    pub(super) fn body_present() -> Self {
        let explanation = "an opening handshake has no body; leave out `Content-Length` and `Transfer-Encoding`";
        Self::own(400, "request-body", &[], explanation.to_owned())
    }

    pub(super) fn not_followed() -> Self {
        let explanation = "the relay could not follow where this request begins; send it on a connection of its own";
        Self::own(400, "not-followed", &[], explanation.to_owned())
    }

    /// Has the refusal go out; returns what hyper needs to know of it, and the bytes.
    pub(super) async fn answer(&self, tape: &Tape, method: &Method) -> (Response, Bytes) {
        let mut sent = Bytes::copy_from_slice(self.text.as_bytes());
        if method == Method::HEAD {
            // RFC 9110 §9.3.2: the same head, and nothing behind it.
            sent.truncate(self.text.find("\r\n\r\n").map_or(self.text.len(), |end| end + 4));
        }
        tape.dictate(sent.clone()).await;
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let response = Response::builder().status(status).header(header::CONNECTION, "close");
        (response.body(Body::empty()).unwrap_or_default(), sent)
    }

    pub(super) fn record(self, session: &Session, request: RequestText, sent: Bytes) {
        let refusal = Refusal {
            request: request.0.unwrap_or_default().into(),
            response: sent.into(),
            status: self.status,
            rule: Cow::Borrowed(self.rule),
            explanation: self.explanation,
            section: self.section.map(Cow::Borrowed),
        };
        session.append_event(session.next_connection(), &Event::Refusal(refusal));
    }
}
