//! The errors of the HTTP interface. All have the same JSON shape, with a hint about what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use curriculum::grade::Report;
use curriculum::load::Problem;
use export::snippet::ParameterError;
use serde::Serialize;
use std::sync::Arc;
use thiserror::Error;

/// A request under `/api` that failed. The message is embedded in other sentences, so it has no capital and no full stop. The
/// hint is a complete sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ApiError {
    #[error("the session does not exist")]
    SessionUnknown,
    #[error("all {0} sessions of this relay are in use")]
    TooManySessions(usize),
    #[error("this session has reached its observer limit ({0})")]
    TooManyObservers(usize),
    #[error("the feed requires the subprotocol {}, which the request does not offer", observation::SUBPROTOCOL)]
    SubprotocolUnknown,
    #[error("the feed is a WebSocket, but this request does not ask for an upgrade ({0})")]
    UpgradeExpected(String),
    #[error("the WebSocket handshake is invalid ({0})")]
    HandshakeMalformed(String),
    #[error("`after` is not a number; it should be the number of the last observation you have")]
    AfterMalformed,
    #[error("`connection` is not a number; it should be the number of a connection in this session")]
    ConnectionMalformed,
    #[error("this session has no recorded connection {0}")]
    ConnectionUnknown(u32),
    #[error("this relay has reached its limit of exports at once ({0})")]
    TooManyExports(usize),
    #[error("this relay has reached its limit of attempts graded at once ({0})")]
    TooManyGradings(usize),
    #[error(transparent)]
    Snippet(#[from] ParameterError),
    #[error("the request body is larger than {0} bytes")]
    BodyTooLarge(usize),
    #[error("the request body did not arrive in time")]
    BodyTooSlow,
    #[error("the course has no such {0}")]
    NotInCourse(&'static str),
    #[error("the course of this relay has {}", match .0.len() { 1 => "a problem".to_owned(), n => format!("{n} problems") })]
    CourseBroken(Arc<[Problem]>),
    #[error("the request body is invalid ({0})")]
    BodyMalformed(String),
    #[error("the name is longer than {0} characters, or contains control characters")]
    NameMalformed(usize),
    #[error("the session’s log has dropped observations {0} to {1}, so the attempt cannot be graded")]
    EvidenceGone(u64, u64),
    #[error("grading failed")]
    GradingFailed,
    #[error("the attempt does not pass every check of the challenge")]
    NotPassed(Box<Report>),
    #[error("this URL does not exist")]
    NotFound,
    #[error("this URL does not support that method")]
    MethodNotAllowed,
    #[error("the system did not provide random bits for a session name")]
    NoRandomness,
}

/// The body of every error under `/api`.
#[derive(Serialize)]
struct Body {
    error: String,
    hint: &'static str,
    /// The course's problems, each with its file and line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    /// The verdicts, if the attempt was graded.
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
            Self::SessionUnknown => "It may have expired. Create a new one with `POST /api/sessions`.",
            Self::TooManySessions(_) => "Unused sessions expire. Try again in a minute.",
            Self::TooManyObservers(_) => "Close another page or tool that observes this session.",
            Self::SubprotocolUnknown => "Offer `Sec-WebSocket-Protocol: framescope.observe.v1`, or no subprotocol.",
            Self::UpgradeExpected(_) => "Use a WebSocket client, such as `websocat ws://HOST/…`.",
            Self::HandshakeMalformed(_) => "See RFC 6455, section 4.1, for the requirements of an opening handshake.",
            Self::AfterMalformed => "Use `?after=N`, or omit it to get every recorded observation.",
            Self::ConnectionMalformed => "Use `?connection=N`, or omit it to get all connections.",
            Self::ConnectionUnknown(_) => "Omit `connection` to get all recorded connections.",
            Self::TooManyExports(_) => "Each export takes a few seconds. Try again soon.",
            Self::TooManyGradings(_) => "Grading takes a moment. Try again.",
            Self::Snippet(_) => "Use `?url=ws://…&subprotocol=a,b&message=Hello`. Only `url` is required.",
            Self::BodyTooLarge(_) | Self::BodyTooSlow => "Send a smaller body, or no body if the request needs none.",
            Self::NotInCourse(_) => "`GET /api/course` lists all of them.",
            Self::CourseBroken(_) => "To see the same list as the author, run `framescope course check DIR`.",
            Self::BodyMalformed(_) => {
                "Request a receipt with `{\"challenge\": \"ID\", \"since\": N}`. Verify a receipt by sending it as plain text."
            }
            Self::NameMalformed(_) => "Write the name on one line, or omit it.",
            Self::EvidenceGone(..) => "Repeat the attempt, and request the receipt right after it.",
            Self::GradingFailed => "This is a bug in the relay. Its log has details.",
            Self::NotPassed(_) => "`verdicts` has the result of each check.",
            Self::NotFound => {
                "Available: `POST /api/sessions`, `GET /api/sessions/ID` with `/observe`, `/export.json` and `/receipts`, `/api/snippets`, `/api/course` and `/api/receipts/key`."
            }
            Self::MethodNotAllowed => {
                "Use `POST` to create a session and to request or verify a receipt, and `GET` for everything else."
            }
            Self::NoRandomness => "Try again. If this persists, tell the operator of this relay.",
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
            // RFC 9110 §15.5.22: a 426 response names the protocol.
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        response
    }
}
