//! `/echo` and `/lab/{session}`: the opening handshake judged, upgraded or refused, with the very bytes that cross.

mod behaviour;
mod conversation;
mod echo;
mod line;
mod opening;
mod play;
mod recorder;
mod refused;
mod replies;
mod room;
mod turn;
mod unanswered;

pub(crate) use refused::record_unfinished;
pub(crate) use room::Room;

use crate::app::App;
use crate::listen::capture::Capture;
use crate::listen::{RequestText, Tape};
use crate::session::{Presence, Role};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use behaviour::catalogue::Catalogue;
use behaviour::{Behaviour, OpeningAnswer, Talk};
use bytes::Bytes;
use conversation::Conversation;
use echo::Connection;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use line::Line;
use observation::{Opening, Route};
use opening::Agreement;
use play::Play;
use recorder::{NoRecorder, Recorder, SessionRecorder};
use refused::NotUpgraded;
use tokio::net::TcpStream;
use tokio::time::Instant;
use unanswered::{Asked, leave_unanswered};
use wire::Sender;
use wire::deflate::Policy;
use wire::handshake::head::{RequestHead, values};
use wire::handshake::request::{self, OpeningRequest};
use wire::incoming::Incoming;
use wire::outgoing::Outgoing;

/// `/echo`: nobody watches.
pub(crate) async fn echo(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    Extension(text): Extension<RequestText>,
    Extension(tape): Extension<Tape>,
    request: Request,
) -> Response {
    match judge(&text, query, &app) {
        Ok(accepted) => answer(app, accepted, None, 0, tape, request).await,
        Err(refused) => refused.answer(&tape, request.method()).await.0,
    }
}

/// `/lab/{session}`: the session's observers see everything.
pub(crate) async fn lab(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    Extension(text): Extension<RequestText>,
    Extension(tape): Extension<Tape>,
    request: Request,
) -> Response {
    let session = name.ok().and_then(|Path(name)| app.registry.find(&name));
    let Some(session) = session else { return NotUpgraded::session_unknown().answer(&tape, request.method()).await.0 };
    let requested_us = session.now_us();
    let limit = app.config.session_connections;
    let accepted = judge(&text, query, &app).and_then(|accepted| {
        let presence =
            session.enter(Role::Connection, limit).ok_or_else(|| NotUpgraded::too_many_connections(limit))?;
        Ok((accepted, presence))
    });
    match accepted {
        Ok((accepted, presence)) => answer(app, accepted, Some(presence), requested_us, tape, request).await,
        Err(refused) => {
            let (response, sent) = refused.answer(&tape, request.method()).await;
            refused.record(&session, requested_us, text, sent);
            response
        }
    }
}

/// `/api/behaviours`: what the query of a lab's URL may ask for.
pub(crate) async fn behaviours() -> Json<Catalogue> {
    Json(Catalogue::new())
}

/// Answers a right request as its behaviour wants.
async fn answer(
    app: App,
    accepted: Accepted,
    presence: Option<Presence>,
    requested_us: u64,
    tape: Tape,
    request: Request,
) -> Response {
    let opening = &accepted.behaviour.opening;
    let no_upgrade = opening::no_upgrade(opening);
    let deliberate =
        no_upgrade.as_ref().map_or_else(|| opening::delay(opening).into_iter().collect(), |(_, why)| why.clone());
    let text = RequestText(Some(accepted.text.clone()));
    let asked = Asked::new(presence.as_ref(), text.clone(), requested_us, deliberate);
    if let Some(delay) = opening.delay {
        tokio::select! {
            () = app.shutdown.asked() => {}
            () = tokio::time::sleep(delay) => {}
        }
    }
    let Some((rule, deliberate)) = no_upgrade else {
        let Some(presence) = presence else { return upgrade(app, accepted, tape, request, |_, _| NoRecorder).await };
        let cap = usize::try_from(app.config.payload_cap).unwrap_or(usize::MAX);
        let record = move |text: Bytes, agreement: Agreement| {
            asked.answered();
            let opening = Opening {
                request: text.into(),
                response: agreement.response.into_bytes(),
                subprotocol: agreement.subprotocol,
                offers: agreement.offers,
                deflate: agreement.deflate.as_ref().map(Into::into),
                requested_us,
                deliberate: agreement.deliberate,
                route: Route::default(),
            };
            SessionRecorder::begin(presence, opening, cap)
        };
        return upgrade(app, accepted, tape, request, record).await;
    };
    let OpeningAnswer::Refuse(refuse) = &opening.answer else {
        let answer = opening.answer.clone();
        return leave_unanswered(app, answer, rule, asked, presence, tape, request).await;
    };
    let refused = NotUpgraded::on_purpose(refuse, rule, deliberate);
    let (response, sent) = refused.answer(&tape, request.method()).await;
    asked.answered();
    if let Some(presence) = presence {
        refused.record(presence.session(), requested_us, text, sent);
    }
    response
}

/// A request that is upgraded.
struct Accepted {
    text: Bytes,
    opening: OpeningRequest,
    behaviour: Behaviour,
}

/// Judges the request by the bytes it came in.
fn judge(text: &RequestText, query: Option<String>, app: &App) -> Result<Accepted, NotUpgraded> {
    let bytes = text.0.as_ref().ok_or_else(NotUpgraded::not_followed)?;
    let head = RequestHead::parse(bytes).ok().flatten().ok_or_else(NotUpgraded::not_followed)?;
    let opening = request::judge(bytes, &head).map_err(NotUpgraded::from)?;
    let length = values(bytes, &head.headers, "Content-Length").any(|length| length != b"0");
    if length || values(bytes, &head.headers, "Transfer-Encoding").next().is_some() {
        return Err(NotUpgraded::body_present());
    }
    let default = Policy { enabled: app.config.deflate.into(), ..Policy::ON };
    let behaviour = Behaviour::parse(&query.unwrap_or_default(), default)?;
    Ok(Accepted { text: bytes.clone(), opening, behaviour })
}

/// Answers with 101, and goes on with the raw line in a task of its own. `record` is told the request and what was agreed
/// on once both texts have crossed the wire.
async fn upgrade<R: Recorder>(
    app: App,
    accepted: Accepted,
    tape: Tape,
    mut request: Request,
    record: impl FnOnce(Bytes, Agreement) -> R + Send + 'static,
) -> Response {
    let Accepted { text, opening, behaviour } = accepted;
    let agreement = Agreement::new(&opening, &behaviour, &app);
    let on_upgrade = hyper::upgrade::on(&mut request);
    tape.stop();
    tape.dictate(Bytes::from(agreement.response.clone())).await;
    let shutdown = app.shutdown.clone();
    // In a box of its own, so that a connection does not keep the room that its handshake took.
    let begun = Box::pin(begin(on_upgrade, text, agreement, behaviour.talk, record, app));
    shutdown.spawn(async move {
        if let Some(connection) = begun.await {
            connection.run().await;
        }
    });
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket");
    response.body(Body::empty()).unwrap_or_default()
}

/// Takes the raw line over once hyper has let go of it with the 101 sent, and with it what hyper has read past the request.
async fn begin<R: Recorder>(
    on_upgrade: OnUpgrade,
    text: Bytes,
    mut agreement: Agreement,
    talk: Talk,
    record: impl FnOnce(Bytes, Agreement) -> R,
    app: App,
) -> Option<Box<Connection<R>>> {
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "the line ended during the opening handshake");
            return None;
        }
    };
    let parts = upgraded.downcast::<TokioIo<Capture<TcpStream>>>().ok()?;
    let (stream, place) = parts.io.into_inner().into_parts();
    let limits = talk.limits(&app.config.limits());
    let mut incoming = Incoming::new(Sender::Client, limits).accepting(talk.accept);
    let mut outgoing = Outgoing::default();
    if let Some(agreed) = &agreement.deflate {
        incoming = incoming.with_deflate(agreed);
        outgoing = outgoing.with_deflate(agreed, Sender::Server);
    }
    let place_to_deflate = agreement.place.take();
    let deflates = agreement.deflate.is_some();
    let recorder = record(text, agreement);
    let play = (!talk.is_plain_echo()).then(|| Box::new(Play::new(talk, deflates, Instant::now())));
    let conversation = Conversation::new(incoming, outgoing, recorder, play);
    let line = Line::new(stream, place);
    Some(Box::new(Connection::new(line, parts.read_buf, conversation, place_to_deflate, app)))
}
