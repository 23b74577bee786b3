//! The errors of the HTTP interface. All have the same JSON shape, with a hint about what to do.

use crate::intercept::RuleError;
use crate::limits::{NoPlace, OverLimit};
use crate::metrics::RefusalReason;
use crate::registry::FindError;
use crate::session::{self, NoteError, ScriptError};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use curriculum::grade::Report;
use curriculum::load::Problem;
use export::snippet::ParameterError;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// When a relay that drains is probably back, in seconds.
const DRAINED: u64 = 30;

/// A request under `/api` that failed. The message is embedded in other sentences, so it has no capital and no full stop. The
/// hint is a complete sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ApiError {
    #[error("the session does not exist")]
    SessionUnknown,
    #[error("this link is watch-only: it can observe and export the session, and nothing else")]
    WatchOnly,
    #[error("all {0} sessions of this relay are in use")]
    TooManySessions(usize),
    #[error("this relay is about to stop, so it creates no sessions")]
    Draining,
    #[error("this relay shares its sessions through Redis and cannot reach it now")]
    NoRedis,
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
    #[error("`secrets` can only be `keep`")]
    SecretsMalformed,
    #[error("this session has no recorded connection {0}")]
    ConnectionUnknown(u32),
    #[error("this relay has reached its limit of exports at once ({0})")]
    TooManyExports(usize),
    #[error("another export of this session is still running")]
    SessionExporting,
    #[error("this relay has reached its limit of attempts graded at once ({0})")]
    TooManyGradings(usize),
    #[error("another attempt of this session is still being graded")]
    SessionGrading,
    #[error("this session has had too many attempts graded in a short time (limit: {} per minute)", session::GRADINGS.amount)]
    SessionGradings(Duration),
    #[error("this relay has no memory left for request bodies")]
    OutOfMemory,
    #[error("the rules are invalid ({0})")]
    RulesInvalid(String),
    #[error("{0}")]
    Rules(#[from] RuleError),
    #[error("this session has no script")]
    NoScript,
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Script(#[from] ScriptError),
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
    #[error("this relay does not answer to the host name `{0}`")]
    HostUnknown(String),
    #[error("pages of `{0}` may not use this relay’s API")]
    OriginForeign(String),
    #[error("{0}")]
    OverLimit(#[from] OverLimit),
    #[error("{0}")]
    RelayFull(String),
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

impl From<NoPlace> for ApiError {
    fn from(none: NoPlace) -> Self {
        match none {
            NoPlace::Full => Self::RelayFull(none.to_string()),
            NoPlace::Client(over) => Self::OverLimit(over),
        }
    }
}

impl From<FindError> for ApiError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Unknown => Self::SessionUnknown,
            FindError::NoRedis => Self::NoRedis,
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SessionUnknown | Self::NotFound | Self::NotInCourse(_) | Self::NoScript => StatusCode::NOT_FOUND,
            Self::ConnectionUnknown(_) => StatusCode::NOT_FOUND,
            Self::TooManySessions(_) | Self::TooManyObservers(_) | Self::Draining | Self::NoRedis => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooManyExports(_) | Self::TooManyGradings(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::OutOfMemory => StatusCode::SERVICE_UNAVAILABLE,
            Self::SessionExporting | Self::SessionGrading | Self::SessionGradings(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::SubprotocolUnknown | Self::HandshakeMalformed(_) | Self::AfterMalformed => StatusCode::BAD_REQUEST,
            Self::ConnectionMalformed | Self::SecretsMalformed | Self::Snippet(_) => StatusCode::BAD_REQUEST,
            Self::BodyMalformed(_) | Self::NameMalformed(_) => StatusCode::BAD_REQUEST,
            Self::HostUnknown(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::OriginForeign(_) | Self::WatchOnly => StatusCode::FORBIDDEN,
            Self::OverLimit(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::RelayFull(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::EvidenceGone(..) => StatusCode::CONFLICT,
            Self::RulesInvalid(_) => StatusCode::BAD_REQUEST,
            Self::Rules(RuleError::Unreachable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rules(RuleError::Unknown { .. }) => StatusCode::NOT_FOUND,
            Self::Rules(RuleError::OutOfMemory) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Note(NoteError::Unknown(_)) => StatusCode::NOT_FOUND,
            Self::Note(NoteError::Unreachable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Note(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Script(ScriptError::Shared) => StatusCode::CONFLICT,
            Self::Script(ScriptError::OutOfMemory) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Script(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Rules(_) | Self::NotPassed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UpgradeExpected(_) => StatusCode::UPGRADE_REQUIRED,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoRandomness | Self::CourseBroken(_) | Self::GradingFailed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// When to try again, in seconds, if that helps. RFC 9110 §10.2.3.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::OverLimit(over) => Some(over.retry_after()),
            Self::RelayFull(_) => Some(10),
            Self::SessionGradings(wait) => Some(wait.as_secs() + 1),
            Self::TooManySessions(_) => Some(60),
            Self::TooManyExports(_) | Self::TooManyObservers(_) | Self::OutOfMemory => Some(10),
            Self::Draining => Some(DRAINED),
            Self::TooManyGradings(_) | Self::SessionExporting | Self::SessionGrading | Self::NoRedis => Some(5),
            _ => None,
        }
    }

    /// The name of the reason in the metrics.
    fn reason(&self) -> &'static str {
        match self {
            Self::SessionUnknown => "session-unknown",
            Self::WatchOnly => "watch-only",
            Self::OverLimit(_) => "client-limit",
            Self::RelayFull(_) => "relay-full",
            Self::SessionGradings(_) => "session-gradings",
            Self::TooManySessions(_) => "sessions-full",
            Self::Draining => "draining",
            Self::NoRedis => "no-redis",
            Self::TooManyObservers(_) => "session-observers",
            Self::SubprotocolUnknown | Self::UpgradeExpected(_) | Self::HandshakeMalformed(_) => "feed-handshake",
            Self::TooManyExports(_) => "exports-full",
            Self::SessionExporting => "session-exports",
            Self::TooManyGradings(_) => "gradings-full",
            Self::SessionGrading => "session-gradings",
            Self::OutOfMemory => "memory",
            Self::BodyTooLarge(_) | Self::BodyTooSlow | Self::BodyMalformed(_) => "request-body",
            Self::AfterMalformed
            | Self::ConnectionMalformed
            | Self::SecretsMalformed
            | Self::Snippet(_)
            | Self::NameMalformed(_) => "parameter",
            Self::RulesInvalid(_) | Self::Rules(_) => "rules",
            Self::Note(_) => "note",
            Self::Script(_) => "script",
            Self::NotInCourse(_) | Self::ConnectionUnknown(_) | Self::NotFound | Self::NoScript => "not-found",
            Self::MethodNotAllowed => "method",
            Self::HostUnknown(_) => "misdirected",
            Self::OriginForeign(_) => "foreign-origin",
            Self::EvidenceGone(..) => "evidence-gone",
            Self::NotPassed(_) => "not-passed",
            Self::CourseBroken(_) => "course-broken",
            Self::GradingFailed | Self::NoRandomness => "internal",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::SessionUnknown => "It may have expired. Create a new one with `POST /api/sessions`.",
            Self::WatchOnly => "Ask whoever gave you the link for the full one.",
            Self::Draining => "It is probably restarting. Try again in half a minute.",
            Self::NoRedis => "Open sessions go on meanwhile. Try again in a few seconds.",
            Self::TooManySessions(_) => "Unused sessions expire. Try again in a minute.",
            Self::TooManyObservers(_) => "Close another page or tool that observes this session.",
            Self::SubprotocolUnknown => "Offer `Sec-WebSocket-Protocol: framescope.observe.v1`, or no subprotocol.",
            Self::UpgradeExpected(_) => "Use a WebSocket client, such as `websocat ws://HOST/…`.",
            Self::HandshakeMalformed(_) => "See RFC 6455, section 4.1, for the requirements of an opening handshake.",
            Self::AfterMalformed => "Use `?after=N`, or omit it to get every recorded observation.",
            Self::ConnectionMalformed => "Use `?connection=N`, or omit it to get all connections.",
            Self::SecretsMalformed => "Use `?secrets=keep`, or omit it to leave out tokens.",
            Self::ConnectionUnknown(_) => "Omit `connection` to get all recorded connections.",
            Self::TooManyExports(_) => "Each export takes a few seconds. Try again soon.",
            Self::TooManyGradings(_) => "Grading takes a moment. Try again.",
            Self::SessionExporting => "Wait until it has finished, or cancel it. Then try again.",
            Self::SessionGradings(_) => "Wait a little. Then try again.",
            Self::SessionGrading => "Wait for its result. Then try again.",
            Self::OutOfMemory => "Try again soon.",
            Self::Snippet(_) => "Use `?url=ws://…&subprotocol=a,b&message=Hello`. Only `url` is required.",
            Self::BodyTooLarge(_) | Self::BodyTooSlow => "Send a smaller body, or no body if the request needs none.",
            Self::NotInCourse(_) => "`GET /api/course` lists all of them.",
            Self::CourseBroken(_) => "To see the same list as the author, run `framescope course check DIR`.",
            Self::BodyMalformed(_) => {
                "Request a receipt with `{\"challenge\": \"ID\", \"since\": N}`. Verify a receipt by sending it as plain text."
            }
            Self::NameMalformed(_) => "Write the name on one line, or omit it.",
            Self::RulesInvalid(_) => {
                "Send a list such as `[{\"when\": {\"text\": \"price\"}, \"then\": {\"hold\": {}}}]`, or `{\"on\": false}` for one rule. docs/workbench.md has all fields."
            }
            Self::Rules(_) => "The rules stay as they were. docs/workbench.md has all fields and limits.",
            Self::Note(_) => {
                "`PUT` the note as plain text to `/api/sessions/ID/notes/N`, where `N` is the number of an observation in the session’s log."
            }
            Self::NoScript => "Set one with `PUT`. docs/behaviours.md describes scripts.",
            Self::Script(_) => "The script stays as it was. docs/behaviours.md describes scripts.",
            Self::EvidenceGone(..) => "Repeat the attempt, and request the receipt right after it.",
            Self::GradingFailed => "This is a bug in the relay. Its log has details.",
            Self::NotPassed(_) => "`verdicts` has the result of each check.",
            Self::HostUnknown(_) => {
                "Any page could make a name lead here (DNS rebinding). If the name is yours, start the relay with `--host NAME`."
            }
            Self::OriginForeign(_) => {
                "Use this relay’s own page, or a program. The operator can allow a site with `--allow-origin`."
            }
            Self::OverLimit(_) => "The limit protects other visitors. Wait, or close what you no longer need.",
            Self::RelayFull(_) => "Close a connection that you no longer need, or try again soon.",
            Self::NotFound => {
                "Available: `POST /api/sessions`, `GET /api/sessions/ID` with `/observe`, `/export.json`, `/rules`, `/script`, `/notes/N` and `/receipts`, `/api/snippets`, `/api/course` and `/api/receipts/key`."
            }
            Self::MethodNotAllowed => {
                "Use `POST` to create a session and to request or verify a receipt, `PUT` to set rules, a script or a note, `DELETE` to remove a script or a note, and `GET` for everything else."
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
        response.extensions_mut().insert(RefusalReason(self.reason()));
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::UpgradeExpected(_)) {
            // RFC 9110 §15.5.22: a 426 response names the protocol.
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        response
    }
}
