//! `/relay/{session}?to=URL`: connects to another server, forwards every frame unchanged, and records both sides.

use super::bridge::Bridge;
use super::client_side::ClientSide;
use super::frame_recorder::FrameRecorder;
use super::params::RelayParams;
use super::request_builder::RequestBuilder;
use super::server_side::{Accepted, ServerSide};
use crate::allowlist::{self, TargetError};
use crate::lab::{self, HandshakeOffer, HandshakeRefusal};
use crate::limits::Place;
use crate::listen::{Arrival, RawConnection, Stream};
use crate::origin;
use crate::session::{Presence, Role};
use crate::state::AppState;
use crate::upstream::{UpstreamConnection, UpstreamError};
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use observation::{Hop, Intermediary, Leg, Route};
use std::sync::Arc;
use url::Url;
use wire::handshake::accept::Derivation;
use wire::handshake::connect::Connected;
use wire::handshake::request::{OpeningRequest, VERSION};
use wire::handshake::response::SwitchingProtocols;

pub(super) async fn relay(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let name = name.ok().map(|Path(name)| name);
    let session = match lab::lab_session(&app, name.as_deref()).await {
        Ok(session) => session,
        Err(refused) => return refused.answer(&arrival, request.method()).await.0,
    };
    // For the server side.
    session.reserve_connection().await;
    let app = app.within(&session);
    let requested_us = session.now_us();
    let limit = app.config.session_connections;
    let presence = session.enter(Role::Connection, limit, arrival.client.clone()).await;
    let presence = presence.map_err(|error| HandshakeRefusal::not_entered(&error, limit));
    let asked = presence.and_then(|presence| {
        let client = lab::judge_request(&arrival)?;
        let params = RelayParams::parse(&query.unwrap_or_default());
        let params = params.map_err(|error| HandshakeRefusal::own(400, "setting", &[], error.to_string()))?;
        if params.passes_credentials()
            && let Some(origin) = origin::foreign(&request, &arrival, &app)
        {
            return Err(foreign_page(&origin));
        }
        Ok((presence, client, params))
    });
    match asked {
        Ok((presence, client, params)) => Relaying { app, presence, client, params }.run(arrival, request).await,
        Err(refused) => {
            let (response, sent) = refused.answer(&arrival, request.method()).await;
            refused.record(&session, requested_us, arrival, sent);
            response
        }
    }
}

fn foreign_page(origin: &str) -> HandshakeRefusal {
    let explanation = format!(
        "`pass` cannot forward `cookie` and `authorization` for a page of `{origin}`: they belong to the visitor, and only this relay’s own \
         page or a program may use them; leave them out of `pass`"
    );
    HandshakeRefusal::own(403, "foreign-page", &[], explanation)
}

/// A request that is forwarded to another server.
struct Relaying {
    app: AppState,
    presence: Presence,
    /// What the client offers.
    client: HandshakeOffer,
    params: RelayParams,
}

impl Relaying {
    async fn run(self, arrival: Arrival, mut request: Request) -> Response {
        let near = ClientSide::asked(&self.presence, arrival, Intermediary::Relay, Vec::new());
        let method = request.method().clone();
        let answered = tokio::select! {
            answered = self.ask(&near) => answered,
            // Dropping the attempt also ends the connection to the other server.
            () = near.client_left() => return Arrival::unanswered(),
        };
        let (server, place, path, Accepted { response: reply, agreement, leg }) = match answered {
            Ok(answered) => answered,
            Err(refused) => return near.refuse(*refused, &method).await,
        };
        let Self { app, presence, client, .. } = self;
        let subprotocol = agreement.subprotocol.clone();
        let extensions = Some(&*agreement.extensions).filter(|list| !list.is_empty());
        let text = match &client.key {
            None => Connected { subprotocol: subprotocol.as_deref(), extensions }.to_string(),
            Some(key) => {
                let accept = Derivation::from_key(key).accept;
                let (accept, subprotocol) = (Some(&*accept), subprotocol.as_deref());
                SwitchingProtocols { upgrade: true, connection: true, accept, subprotocol, extensions }.to_string()
            }
        };
        let (response, taken) = near.arrival().leave_http(&mut request, Bytes::from(text.clone())).await;
        let shutdown = app.shutdown.clone();
        shutdown.spawn(async move {
            let Some(RawConnection { stream, early, slot }) = taken.await else { return };
            let slot = slot.and(place);
            let (number, id) = (near.number, near.arrival().id);
            let far = leg.used();
            let tls_records = near.follow_records();
            let compressed = near.opened(text.into_bytes(), subprotocol.clone(), &agreement.extensions);
            let (numbers, deflate) = ((number, Some(far)), compressed.as_ref());
            let frames = FrameRecorder::new(presence, numbers, (subprotocol, path), deflate, tls_records, id, &app);
            let early = [early.into(), reply.rest()];
            let patience = app.config.close_timeout;
            Box::new(Bridge::new((stream, slot), server, early, frames, None, patience, app)).run().await;
        });
        response
    }

    /// Sends the request to the other server. Returns path and query with the answer, or a refusal for the client if that fails.
    async fn ask(&self, near: &ClientSide) -> Result<(Stream, Place, String, Accepted), Box<HandshakeRefusal>> {
        let (url, allowed) =
            allowlist::judge(self.params.to.as_deref(), &self.app.upstreams.allowed).map_err(|error| {
                let (status, rule) = match error {
                    TargetError::Nowhere | TargetError::NotAllowed(_) => (403, "not-allowed"),
                    _ => (400, "setting"),
                };
                refused(status, rule, error.to_string())
            })?;
        self.params.check_headers(allowed).map_err(|error| refused(403, "header-not-allowed", error.to_string()))?;
        let place = self.app.places.take(near.arrival().client.as_ref());
        let place = place.map_err(|none| Box::new(HandshakeRefusal::no_place(&none)))?;
        let not_reached = |error: UpstreamError| {
            let (status, rule) = error.status_and_rule();
            refused(status, rule, error.to_string())
        };
        let place = place.and(self.app.upstreams.enter(allowed).map_err(not_reached)?);
        let reaching = self.app.upstreams.reach(&url, allowed);
        let UpstreamConnection { mut stream, tls, address } = tokio::select! {
            reached = reaching => reached.map_err(not_reached)?,
            () = self.app.shutdown.asked() => return Err(refused(503, "shutdown", self.app.shutdown.reason().to_owned())),
        };
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| {
            refused(500, "no-randomness", "the system did not provide random bits for a key".to_owned())
        })?;
        let asked = OpeningRequest {
            key: STANDARD.encode(random),
            subprotocols: self.client.subprotocols.clone(),
            extensions: self.client.extensions.clone(),
        };
        let host = authority(&url);
        let hop = Hop {
            leg: Leg::Far,
            middle: Intermediary::Relay,
            other: Some(near.number),
            server: Some(host.clone()),
            address: Some(address),
        };
        let server_side = ServerSide {
            session: Arc::clone(&near.session),
            host,
            request: self.head(near.arrival(), &url, &asked),
            requested_us: near.session.now_us(),
            route: Route { tls, hop: Some(hop), ..Route::default() },
            answered: false,
        };
        let accepted = server_side.ask(&mut stream, &asked, self.app.config.max_head, &self.app.shutdown).await?;
        Ok((stream, place, path_and_query(&url), accepted))
    }

    /// The request to the other server.
    fn head(&self, arrival: &Arrival, url: &Url, asked: &OpeningRequest) -> Vec<u8> {
        let mut head = RequestBuilder::empty();
        head.add("Host", &authority(url));
        head.add("Upgrade", "websocket");
        head.add("Connection", "Upgrade");
        head.add("Sec-WebSocket-Version", VERSION);
        head.add("Sec-WebSocket-Key", &asked.key);
        if !asked.subprotocols.is_empty() {
            head.add("Sec-WebSocket-Protocol", &asked.subprotocols.join(", "));
        }
        if !asked.extensions.is_empty() {
            head.add("Sec-WebSocket-Extensions", &asked.extensions);
        }
        self.params.put(&RequestBuilder::of(arrival, [0; 16]), &mut head);
        head.get(&path_and_query(url))
    }
}

fn path_and_query(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// The host, and the port unless it is the default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn refused(status: u16, rule: &'static str, explanation: String) -> Box<HandshakeRefusal> {
    Box::new(HandshakeRefusal::own(status, rule, &[], explanation))
}
