//! `/echo` and `/lab/{session}`: the opening handshake judged, upgraded or refused, with the very bytes that cross.

mod echo;
mod line;
mod recorder;
mod refused;
mod replies;
mod room;
mod settings;
mod turn;

pub(crate) use refused::record_unfinished;
pub(crate) use room::Room;

use crate::app::App;
use crate::listen::capture::Capture;
use crate::listen::{RequestText, Tape};
use crate::session::Role;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use echo::Connection;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use line::Line;
use observation::{Offer, Opening};
use recorder::{NoRecorder, Recorder, SessionRecorder};
use refused::NotUpgraded;
use settings::Settings;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use turn::Conversation;
use wire::Sender;
use wire::deflate::{Agreed, Decline, Policy, Verdict, negotiate};
use wire::extension;
use wire::handshake::head::{RequestHead, values};
use wire::handshake::request::{self, OpeningRequest};
use wire::handshake::response;
use wire::incoming::{Incoming, Limits};
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
        Ok(accepted) => upgrade(app, accepted, tape, request, |_, _| NoRecorder).await,
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
        Ok((accepted, presence)) => {
            let cap = usize::try_from(app.config.payload_cap).unwrap_or(usize::MAX);
            let record = move |text: Bytes, agreement: Agreement| {
                let opening = Opening {
                    request: text.into(),
                    response: agreement.response.into_bytes(),
                    subprotocol: agreement.subprotocol,
                    offers: agreement.offers,
                    deflate: agreement.deflate.as_ref().map(Into::into),
                    requested_us,
                    deliberate: Vec::new(),
                };
                SessionRecorder::begin(presence, opening, cap)
            };
            upgrade(app, accepted, tape, request, record).await
        }
        Err(refused) => {
            let (response, sent) = refused.answer(&tape, request.method()).await;
            refused.record(&session, requested_us, text, sent);
            response
        }
    }
}

/// A request that is upgraded.
struct Accepted {
    text: Bytes,
    opening: OpeningRequest,
    settings: Settings,
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
    let settings = Settings::parse(&query.unwrap_or_default(), default)?;
    Ok(Accepted { text: bytes.clone(), opening, settings })
}

/// What both ends have agreed on, and the response that says so.
struct Agreement {
    response: String,
    subprotocol: Option<String>,
    offers: Vec<Offer>,
    deflate: Option<Agreed>,
    /// This connection's share of how many may compress at once, if it does.
    place: Option<OwnedSemaphorePermit>,
}

impl Agreement {
    fn new(opening: &OpeningRequest, settings: &Settings, app: &App) -> Self {
        let list = extension::parse(&opening.extensions).unwrap_or_default();
        let mut verdicts = negotiate(&list, &settings.deflate);
        let mut deflate = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Accepted(agreed) => Some(*agreed),
            Verdict::Declined(_) => None,
        });
        let place = deflate.and_then(|_| app.deflate_places.clone().try_acquire_owned().ok());
        if deflate.is_some() && place.is_none() {
            deflate = None;
            for verdict in &mut verdicts {
                if matches!(verdict, Verdict::Accepted(_) | Verdict::Declined(Decline::Late)) {
                    *verdict = Verdict::Declined(Decline::TooMany);
                }
            }
        }
        let offer = |(text, verdict): (&str, &Verdict)| {
            let (answer, declined) = match verdict {
                Verdict::Accepted(agreed) => (Some(agreed.to_string()), None),
                Verdict::Declined(reason) => (None, Some(reason.to_string())),
            };
            Offer { offer: text.to_owned(), answer, declined }
        };
        let offers: Vec<_> = extension::items(&opening.extensions).zip(&verdicts).map(offer).collect();
        let subprotocol = opening.subprotocols.first().cloned();
        let extensions = offers.iter().find_map(|offer| offer.answer.as_deref());
        let response = response::switching_protocols(&opening.key, subprotocol.as_deref(), extensions);
        Self { response, subprotocol, offers, deflate, place }
    }
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
    let Accepted { text, opening, settings } = accepted;
    let agreement = Agreement::new(&opening, &settings, &app);
    let on_upgrade = hyper::upgrade::on(&mut request);
    tape.stop();
    tape.dictate(Bytes::from(agreement.response.clone())).await;
    let shutdown = app.shutdown.clone();
    // In a box of its own, so that a connection does not keep the room that its handshake took.
    let begun = Box::pin(begin(on_upgrade, text, agreement, settings, record, app));
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
    settings: Settings,
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
    let limits = Limits { frame: app.config.max_frame, message: app.config.max_message };
    let mut incoming = Incoming::new(Sender::Client, limits).accepting(settings.accept);
    let mut outgoing = Outgoing::default();
    if let Some(agreed) = &agreement.deflate {
        incoming = incoming.with_deflate(agreed);
        outgoing = outgoing.with_deflate(agreed, Sender::Server);
    }
    let place_to_deflate = agreement.place.take();
    let recorder = record(text, agreement);
    let conversation = Conversation::new(incoming, outgoing, recorder);
    let line = Line::new(stream, place);
    Some(Box::new(Connection::new(line, parts.read_buf, conversation, place_to_deflate, app)))
}
