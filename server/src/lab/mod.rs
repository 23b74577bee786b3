//! `/echo` and `/lab/{session}`: judges the opening handshake, upgrades or refuses it, and runs the connection.
//!
//! | module | what it does |
//! |---|---|
//! | `opening` | what both ends agree on |
//! | `refusal`, `unanswered` | requests that are not upgraded |
//! | `connection`, `socket` | the loop that runs an open connection |
//! | `conversation`, `turn`, `replies` | the protocol: what received bytes mean, and what is sent for them |
//! | `engine` | runs a behaviour |
//! | `counted` | counts what crosses for the metrics |
//! | `recorder` | records what crosses |

mod connection;
mod conversation;
mod counted;
mod engine;
mod no_recorder;
mod opening;
mod recorder;
mod refusal;
mod replies;
mod socket;
mod turn;
mod unanswered;

pub(crate) use connection::HALF_CLOSED;
pub(crate) use opening::HandshakeOffer;
pub(crate) use refusal::{HandshakeRefusal, record_unfinished, session_in};

use crate::behaviour::script::Script;
use crate::behaviour::{Behaviour, ConnectionBehaviour, OpeningAnswer};
use crate::course::library::LabQuery;
use crate::listen::{Arrival, RawConnection};
use crate::metrics::{Path as MetricPath, Tally};
use crate::registry::FindError;
use crate::session::{Presence, Role, Session, SessionTag};
use crate::state::AppState;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use connection::Connection;
use conversation::Conversation;
use counted::Counted;
use engine::Engine;
use no_recorder::NoRecorder;
use observation::{Http, Opening};
use opening::Agreement;
use recorder::{Recorder, SessionRecorder};
use socket::Socket;
use std::sync::Arc;
use tokio::time::Instant;
use unanswered::{PendingRequest, leave_unanswered};
use wire::Sender;
use wire::deflate::Policy;
use wire::handshake::head::{RequestHead, values};
use wire::handshake::{connect, request};
use wire::incoming::Incoming;
use wire::outgoing::Outgoing;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/echo", any(echo)).route("/lab/{session}", any(lab))
}

/// `/echo`: nothing is recorded.
async fn echo(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    match judge(&arrival, query, None, &app) {
        Ok(accepted) => answer(app, accepted, None, 0, arrival, request).await,
        Err(refused) => refused.answer(&arrival, request.method()).await.0,
    }
}

/// `/lab/{session}`: everything is recorded for the session's observers.
async fn lab(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    Extension(mut arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let name = name.ok().map(|Path(name)| name);
    let session = match lab_session(&app, name.as_deref()).await {
        Ok(session) => session,
        Err(refused) => return refused.answer(&arrival, request.method()).await.0,
    };
    let app = app.within(&session);
    let requested_us = session.now_us();
    let LabQuery { query, concealed_by } = app.library.query(query, session.id(), app.key.value_secret()).await;
    arrival.route.hop = app.legs.hop(arrival.peer, &session);
    let limit = app.config.session_connections;
    let accepted = judge(&arrival, query, session.script(), &app).and_then(|accepted| {
        // A middlebox would record what is wrong with the frames.
        if concealed_by.is_some() && arrival.route.hop.is_some() {
            return Err(HandshakeRefusal::no_middlebox());
        }
        Ok(Accepted { concealed_by, ..accepted })
    });
    let entered = match accepted {
        Ok(accepted) => match session.enter(Role::Connection, limit, arrival.client.clone()).await {
            Ok(presence) => Ok((accepted, presence)),
            Err(error) => Err(HandshakeRefusal::not_entered(&error, limit)),
        },
        Err(refused) => Err(refused),
    };
    match entered {
        Ok((accepted, presence)) => answer(app, accepted, Some(presence), requested_us, arrival, request).await,
        Err(refused) => {
            let (response, sent) = refused.answer(&arrival, request.method()).await;
            refused.record(&session, requested_us, arrival, sent);
            response
        }
    }
}

/// The session that a request names.
pub(crate) async fn lab_session(app: &AppState, name: Option<&str>) -> Result<Arc<Session>, HandshakeRefusal> {
    let found = match name {
        Some(name) => app.registry.find(name).await,
        None => Err(FindError::Unknown),
    };
    found.map_err(|error| match error {
        FindError::Unknown => HandshakeRefusal::session_unknown(name),
        FindError::NoRedis => HandshakeRefusal::no_redis(),
    })
}

/// Answers a valid request as its behavior asks.
async fn answer(
    app: AppState,
    accepted: Accepted,
    presence: Option<Presence>,
    requested_us: u64,
    arrival: Arrival,
    request: Request,
) -> Response {
    let opening = &accepted.behaviour.opening;
    let no_upgrade = opening::no_upgrade(opening);
    let deliberate =
        no_upgrade.as_ref().map_or_else(|| opening::delay(opening).into_iter().collect(), |(_, why)| why.clone());
    let asked = PendingRequest::new(presence.as_ref(), arrival.clone(), requested_us, deliberate);
    if let Some(delay) = opening.delay {
        tokio::select! {
            () = app.shutdown.asked() => {}
            () = tokio::time::sleep(delay) => {}
            () = arrival.client_left() => return Arrival::unanswered(),
        }
    }
    let Some((rule, deliberate)) = no_upgrade else {
        let Some(presence) = presence else {
            return upgrade(app, accepted, (arrival, MetricPath::Echo), request, 0, |_| NoRecorder).await;
        };
        let session = Arc::clone(presence.session());
        let cap = usize::try_from(app.config.payload_cap).unwrap_or(usize::MAX);
        let concealed_by = accepted.concealed_by.clone();
        let (memory, idle) = (app.memory.clone(), app.config.idle_timeout);
        let Arrival { text, route, record_capture, .. } = arrival.clone();
        let record = move |agreement: Agreement| {
            asked.answered();
            let opening = Opening {
                request: text.unwrap_or_default().into(),
                response: agreement.response.into_bytes(),
                subprotocol: agreement.subprotocol,
                offers: agreement.offers,
                deflate: agreement.deflate.as_ref().map(Into::into),
                requested_us,
                deliberate: agreement.deliberate,
                route,
                ..Opening::default()
            };
            let tls_records = record_capture.map(|record_capture| record_capture.follow());
            SessionRecorder::begin(presence, opening, cap, concealed_by, tls_records, (memory, idle))
        };
        tracing::debug!(connection = %arrival.id, session = %SessionTag::of(session.id()), "a lab connection begins");
        let turn = if accepted.behaviour.opening.takes_turns() { session.next_turn().await } else { 0 };
        return upgrade(app, accepted, (arrival, MetricPath::Lab), request, turn, record).await;
    };
    let OpeningAnswer::Refuse(refuse) = &opening.answer else {
        return leave_unanswered(app, opening.answer.clone(), rule, asked, presence, request).await;
    };
    let refused = HandshakeRefusal::deliberate(refuse, rule, deliberate);
    let (response, sent) = refused.answer(&arrival, request.method()).await;
    asked.answered();
    if let Some(presence) = presence {
        refused.record(presence.session(), requested_us, arrival, sent);
    }
    response
}

/// A valid request.
struct Accepted {
    offer: HandshakeOffer,
    behaviour: Behaviour,
    /// The challenge that conceals what the behavior does.
    concealed_by: Option<Arc<str>>,
}

/// Judges the request by its original bytes. `script` is that of the session.
fn judge(
    arrival: &Arrival,
    query: Option<String>,
    script: Option<Arc<Script>>,
    app: &AppState,
) -> Result<Accepted, HandshakeRefusal> {
    let offer = judge_request(arrival)?;
    let default = Policy { enabled: app.config.deflate.into(), ..Policy::ON };
    let mut behaviour = Behaviour::parse(&query.unwrap_or_default(), default)?;
    behaviour.talk.follow(script)?;
    match opening::about_own_line(&behaviour.opening) {
        Some(setting) if arrival.route.http == Http::Two => Err(HandshakeRefusal::needs_own_line(setting)),
        _ => Ok(Accepted { offer, behaviour, concealed_by: None }),
    }
}

/// Judges a request as `/lab` does, but ignores the query.
pub(crate) fn judge_request(arrival: &Arrival) -> Result<HandshakeOffer, HandshakeRefusal> {
    judge_text(arrival.text.as_ref().ok_or_else(HandshakeRefusal::not_followed)?, arrival.route.http)
}

fn judge_text(text: &[u8], http: Http) -> Result<HandshakeOffer, HandshakeRefusal> {
    match http {
        Http::One => judge_upgrade(text),
        Http::Two => Ok(connect::judge(text)?.into()),
    }
}

/// Judges an HTTP/1.1 upgrade request.
fn judge_upgrade(text: &[u8]) -> Result<HandshakeOffer, HandshakeRefusal> {
    let head = RequestHead::parse(text).ok().flatten().ok_or_else(HandshakeRefusal::not_followed)?;
    let opening = request::judge(text, &head)?;
    let length = values(text, &head.headers, "Content-Length")
        .any(|length| length.is_empty() || length.iter().any(|digit| *digit != b'0'));
    if length || values(text, &head.headers, "Transfer-Encoding").next().is_some() {
        return Err(HandshakeRefusal::body_present());
    }
    Ok(opening.into())
}

/// Accepts the request and runs the raw connection in a new task. `turn` counts the connections of the session, if the behavior
/// depends on it. `record` gets the agreement once both handshake texts have
/// crossed the wire.
async fn upgrade<R: Recorder>(
    app: AppState,
    accepted: Accepted,
    (arrival, path): (Arrival, MetricPath),
    mut request: Request,
    turn: usize,
    record: impl FnOnce(Agreement) -> R + Send + 'static,
) -> Response {
    let Accepted { offer, behaviour, concealed_by: _ } = accepted;
    let agreement = Agreement::new(&offer, &behaviour, &app, turn);
    let (response, raw) = arrival.leave_http(&mut request, Bytes::from(agreement.response.clone())).await;
    let shutdown = app.shutdown.clone();
    // Boxed, so that the connection does not keep the memory of its handshake.
    let asked_at = behaviour.opening.delay.is_none().then_some(arrival.at);
    let id = arrival.id;
    let begun = Box::pin(begin(raw, agreement, behaviour.talk, record, app, move |app: &AppState| {
        if let Some(asked_at) = asked_at {
            app.metrics.handshake_took(asked_at.elapsed());
        }
        Tally::new(Arc::clone(&app.metrics), id, path)
    }));
    shutdown.spawn(async move {
        if let Some(connection) = begun.await {
            connection.run().await;
        }
    });
    response
}

/// Takes the raw connection over once hyper has sent the answer, with any bytes that arrived after the request.
async fn begin<R: Recorder>(
    raw: impl Future<Output = Option<RawConnection>>,
    mut agreement: Agreement,
    talk: ConnectionBehaviour,
    record: impl FnOnce(Agreement) -> R,
    app: AppState,
    tally: impl FnOnce(&AppState) -> Tally,
) -> Option<Box<Connection<Counted<R>>>> {
    let RawConnection { stream, early, slot } = raw.await?;
    let tally = tally(&app);
    let limits = talk.limits(&app.config.limits());
    let mut incoming = Incoming::new(Sender::Client, limits).accepting(talk.accept);
    let mut outgoing = Outgoing::default();
    if let Some(agreed) = &agreement.deflate {
        incoming = incoming.with_deflate(agreed);
        outgoing = outgoing.with_deflate(agreed, Sender::Server);
    }
    let deflate_slot = agreement.deflate_slot.take();
    let deflates = agreement.deflate.is_some();
    let recorder = Counted::new(record(agreement), tally);
    let engine = (!talk.is_plain_echo()).then(|| Box::new(Engine::new(talk, deflates, Instant::now())));
    let conversation = Conversation::new(incoming, outgoing, recorder, engine);
    let socket = Socket::new(stream, slot);
    Some(Box::new(Connection::new(socket, early, conversation, deflate_slot, app)))
}
