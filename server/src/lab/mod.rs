//! `/echo` and `/lab/{session}`: the opening handshake judged, upgraded or refused, with the very bytes that cross.

mod echo;
mod line;
mod recorder;

use crate::app::App;
use crate::listen::capture::Capture;
use crate::listen::{RequestText, Tape};
use crate::session::{Role, Session};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use line::Line;
use observation::{Event, Opening, Refusal};
use recorder::{NoRecorder, SessionRecorder};
use std::borrow::Cow;
use tokio::net::TcpStream;
use wire::handshake::head::{RequestHead, values};
use wire::handshake::request::{self, OpeningRequest, RequestError};
use wire::handshake::response;

/// `/echo`: nobody watches.
pub(crate) async fn echo(
    State(app): State<App>,
    Extension(text): Extension<RequestText>,
    Extension(tape): Extension<Tape>,
    request: Request,
) -> Response {
    match judge(&text) {
        Ok((opening, _)) => upgrade(app, opening, tape, request, |_, _| NoRecorder).await,
        Err(refused) => refused.answer(&tape, request.method()).await.0,
    }
}

/// `/lab/{session}`: the session's observers see everything.
pub(crate) async fn lab(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    Extension(text): Extension<RequestText>,
    Extension(tape): Extension<Tape>,
    request: Request,
) -> Response {
    let session = name.ok().and_then(|Path(name)| app.registry.find(&name));
    let Some(session) = session else { return NotUpgraded::session_unknown().answer(&tape, request.method()).await.0 };
    let limit = app.config.session_connections;
    let accepted = judge(&text).and_then(|(opening, head)| {
        let presence =
            session.enter(Role::Connection, limit).ok_or_else(|| NotUpgraded::too_many_connections(limit))?;
        Ok((opening, head, presence))
    });
    match accepted {
        Ok((opening, head, presence)) => {
            let cap = usize::try_from(app.config.payload_cap).unwrap_or(usize::MAX);
            let record = move |response, subprotocol| {
                SessionRecorder::begin(presence, Opening { request: head.into(), response, subprotocol }, cap)
            };
            upgrade(app, opening, tape, request, record).await
        }
        Err(refused) => {
            let (response, sent) = refused.answer(&tape, request.method()).await;
            refused.record(&session, text, sent);
            response
        }
    }
}

/// Answers with 101, and goes on with the raw line in a task of its own. `record` is told the response and the
/// subprotocol once both have crossed the wire.
async fn upgrade<R: recorder::Recorder>(
    app: App,
    opening: OpeningRequest,
    tape: Tape,
    mut request: Request,
    record: impl FnOnce(Vec<u8>, Option<String>) -> R + Send + 'static,
) -> Response {
    let subprotocol = opening.subprotocols.into_iter().next();
    let text = response::switching_protocols(&opening.key, subprotocol.as_deref());
    let on_upgrade = hyper::upgrade::on(&mut request);
    tape.stop();
    tape.dictate(Bytes::from(text.clone())).await;
    let shutdown = app.shutdown.clone();
    shutdown.spawn(async move {
        let Some((line, early)) = take_line(on_upgrade, &app).await else { return };
        let recorder = record(text.into_bytes(), subprotocol);
        echo::serve(line, early, recorder, &app.config, &app.shutdown).await;
    });
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket");
    response.body(Body::empty()).unwrap_or_default()
}

/// The raw line once hyper has let go of it with the 101 sent, and what hyper has read past the request.
async fn take_line(on_upgrade: OnUpgrade, app: &App) -> Option<(Line, Bytes)> {
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "the line ended during the opening handshake");
            return None;
        }
    };
    let parts = upgraded.downcast::<TokioIo<Capture<TcpStream>>>().ok()?;
    let (stream, place) = parts.io.into_inner().into_parts();
    let line = Line::new(stream, place, app.config.write_timeout, app.shutdown.clone());
    Some((line, parts.read_buf))
}

/// A request that is not upgraded, and why.
struct NotUpgraded {
    /// Status line, headers and body.
    text: String,
    status: u16,
    rule: &'static str,
    explanation: String,
    section: Option<&'static str>,
}

/// Judges the request by the bytes it came in.
fn judge(text: &RequestText) -> Result<(OpeningRequest, Bytes), NotUpgraded> {
    let bytes = text.0.as_ref().ok_or_else(NotUpgraded::not_followed)?;
    let head = RequestHead::parse(bytes).ok().flatten().ok_or_else(NotUpgraded::not_followed)?;
    let opening = request::judge(bytes, &head).map_err(NotUpgraded::from)?;
    let length = values(bytes, &head.headers, "Content-Length").any(|length| length != b"0");
    if length || values(bytes, &head.headers, "Transfer-Encoding").next().is_some() {
        return Err(NotUpgraded::body_present());
    }
    Ok((opening, bytes.clone()))
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

impl NotUpgraded {
    /// A refusal for a reason that is the relay's own.
    fn own(status: u16, rule: &'static str, headers: &[(&str, &str)], explanation: String) -> Self {
        let text = response::refusal(status, headers, &format!("{explanation}.\n"));
        Self { text, status, rule, explanation, section: None }
    }

    fn session_unknown() -> Self {
        let explanation = "there is no session of that name: it may have expired, or the relay was restarted; \
                           load the page again, or begin a session with `POST /api/sessions`";
        Self::own(404, "session-unknown", &[], explanation.to_owned())
    }

    fn too_many_connections(limit: usize) -> Self {
        let explanation =
            format!("a session may have {limit} open at once, and this one has: close one connection first");
        Self::own(503, "too-many-connections", &[("Retry-After", "5")], explanation)
    }

    fn body_present() -> Self {
        let explanation = "an opening handshake has no body; leave out `Content-Length` and `Transfer-Encoding`";
        Self::own(400, "request-body", &[], explanation.to_owned())
    }

    fn not_followed() -> Self {
        let explanation = "the relay could not follow where this request begins; send it on a connection of its own";
        Self::own(400, "not-followed", &[], explanation.to_owned())
    }

    /// Has the refusal go out; returns what hyper needs to know of it, and the bytes.
    async fn answer(&self, tape: &Tape, method: &axum::http::Method) -> (Response, Bytes) {
        let mut sent = Bytes::copy_from_slice(self.text.as_bytes());
        if method == axum::http::Method::HEAD {
            // RFC 9110 §9.3.2: the same head, and nothing behind it.
            sent.truncate(self.text.find("\r\n\r\n").map_or(self.text.len(), |end| end + 4));
        }
        tape.dictate(sent.clone()).await;
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let response = Response::builder().status(status).header(header::CONNECTION, "close");
        (response.body(Body::empty()).unwrap_or_default(), sent)
    }

    fn record(self, session: &Session, request: RequestText, sent: Bytes) {
        let refusal = Refusal {
            request: request.0.unwrap_or_default().into(),
            response: sent.into(),
            status: self.status,
            rule: Cow::Borrowed(self.rule),
            explanation: self.explanation,
            section: self.section.map(Cow::Borrowed),
        };
        session.append(session.next_connection(), [Event::Refusal(refusal)]);
    }
}
