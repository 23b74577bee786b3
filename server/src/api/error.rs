//! What the HTTP interface answers when it cannot do what was asked: one JSON shape, with what to do next.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use curriculum::grade::Report;
use curriculum::load::Problem;
use export::snippet::WishError;
use serde::Serialize;
use std::sync::Arc;
use thiserror::Error;

/// A request under `/api` that was not served. Its text goes into a sentence of whoever shows it, so it has neither capital
/// nor full stop; the hint is a sentence of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ApiError {
    #[error("there is no session of that name")]
    SessionUnknown,
    #[error("every session of this relay is in use (it may have {0} at once)")]
    TooManySessions(usize),
    #[error("a session may have {0} observers at once, and this one has")]
    TooManyObservers(usize),
    #[error("the feed speaks the subprotocol {}, which is not among those offered", observation::SUBPROTOCOL)]
    SubprotocolUnknown,
    #[error("the feed is a WebSocket, and this is a plain request ({0})")]
    UpgradeExpected(String),
    #[error("the WebSocket handshake has a fault ({0})")]
    HandshakeMalformed(String),
    #[error("`after` is the number of the last observation you have, and this is no number")]
    AfterMalformed,
    #[error("`connection` is a connection’s number in its session, and this is none")]
    ConnectionMalformed,
    #[error("nothing is kept of a connection {0} in this session")]
    ConnectionUnknown(u32),
    #[error("{0} exports are under way, and this relay makes no more at once")]
    TooManyExports(usize),
    #[error("{0} attempts are being graded, and this relay grades no more at once")]
    TooManyGradings(usize),
    #[error(transparent)]
    Snippet(#[from] WishError),
    #[error("the request body is over {0} bytes")]
    BodyTooLarge(usize),
    #[error("the request body did not arrive in time")]
    BodyTooSlow,
    #[error("the course of this relay has no {0} of that name")]
    NotInCourse(&'static str),
    #[error("there {} wrong with the course of this relay", match .0.len() { 1 => "is something".to_owned(), n => format!("are {n} things") })]
    CourseBroken(Arc<[Problem]>),
    #[error("the request body is not what this address takes ({0})")]
    BodyMalformed(String),
    #[error("a name has at most {0} characters, and none that controls how the others are shown")]
    NameMalformed(usize),
    #[error("the session’s log has dropped observations {0} to {1}, which the attempt may have needed")]
    EvidenceGone(u64, u64),
    #[error("the attempt could not be graded")]
    GradingFailed,
    #[error("the attempt does not meet every check of the challenge")]
    NotPassed(Box<Report>),
    #[error("there is nothing at this address")]
    NotFound,
    #[error("this address does not take that method")]
    MethodNotAllowed,
    #[error("the system gave no random bits to name a session with")]
    NoRandomness,
}

/// The body of every error under `/api`.
#[derive(Serialize)]
struct Body {
    error: String,
    hint: &'static str,
    /// What is wrong with the course, each with its file and line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    /// The verdicts, where there are any.
    #[serde(flatten)]
    report: Option<Report>,
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SessionUnknown | Self::NotFound | Self::NotInCourse(_) => StatusCode::NOT_FOUND,
            Self::ConnectionUnknown(_) => StatusCode::NOT_FOUND,
            Self::TooManySessions(_) | Self::TooManyObservers(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyExports(_) | Self::TooManyGradings(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::SubprotocolUnknown | Self::HandshakeMalformed(_) | Self::AfterMalformed => StatusCode::BAD_REQUEST,
            Self::ConnectionMalformed | Self::Snippet(_) => StatusCode::BAD_REQUEST,
            Self::BodyMalformed(_) | Self::NameMalformed(_) => StatusCode::BAD_REQUEST,
            Self::EvidenceGone(..) => StatusCode::CONFLICT,
            Self::NotPassed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UpgradeExpected(_) => StatusCode::UPGRADE_REQUIRED,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoRandomness | Self::CourseBroken(_) | Self::GradingFailed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::SessionUnknown => "It may have expired. `POST /api/sessions` begins a new one.",
            Self::TooManySessions(_) => "Sessions that nobody uses expire, so try again in a minute.",
            Self::TooManyObservers(_) => "Close a page or a tool that watches this session.",
            Self::SubprotocolUnknown => "Offer `Sec-WebSocket-Protocol: framescope.observe.v1`, or none.",
            Self::UpgradeExpected(_) => "Open it with a WebSocket client, such as `websocat ws://HOST/…`.",
            Self::HandshakeMalformed(_) => "See RFC 6455, section 4.1, for what an opening handshake holds.",
            Self::AfterMalformed => "Ask with `?after=N`, or leave it out to get everything that is kept.",
            Self::ConnectionMalformed => "Ask with `?connection=N`, or leave it out to get all that are kept.",
            Self::ConnectionUnknown(_) => "Leave `connection` out to get all that are kept.",
            Self::TooManyExports(_) => "Each takes a few seconds, so try again soon.",
            Self::TooManyGradings(_) => "Each takes a moment, so try again.",
            Self::Snippet(_) => "Ask with `?url=ws://…&subprotocol=a,b&message=Hello`; only `url` must be there.",
            Self::BodyTooLarge(_) | Self::BodyTooSlow => "Send less, or no body at all where none is needed.",
            Self::NotInCourse(_) => "`GET /api/course` lists all there are.",
            Self::CourseBroken(_) => "`framescope course check DIR` says the same to whoever writes it.",
            Self::BodyMalformed(_) => {
                "A receipt is asked for with `{\"challenge\": \"ID\", \"since\": N}`, and verified as plain text."
            }
            Self::NameMalformed(_) => "Write the name in one line, or leave it out.",
            Self::EvidenceGone(..) => "Make the attempt once more, and ask for the receipt right after it.",
            Self::GradingFailed => "That is a fault of this relay’s; its log says more.",
            Self::NotPassed(_) => "`verdicts` says of each check what was found.",
            Self::NotFound => {
                "There are `POST /api/sessions`, `GET /api/sessions/ID`, its `/observe`, `/export.json` and `/receipts`, `/api/snippets`, `/api/course` and `/api/receipts/key`."
            }
            Self::MethodNotAllowed => {
                "`POST` begins a session, asks for a receipt and verifies one; everything else is read with GET."
            }
            Self::NoRandomness => "Try again; if it stays, whoever runs this relay should look at its machine.",
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problems = match &self {
            Self::CourseBroken(problems) => problems.iter().map(Problem::to_string).collect(),
            _ => Vec::new(),
        };
        let report = match &self {
            Self::NotPassed(report) => Some(Report::clone(report)),
            _ => None,
        };
        let body = Body { error: self.to_string(), hint: self.hint(), problems, report };
        let mut response = (self.status(), Json(body)).into_response();
        if matches!(self, Self::UpgradeExpected(_)) {
            // RFC 9110 §15.5.22: a 426 names the protocol.
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        response
    }
}
