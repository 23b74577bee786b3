//! `/relay/{session}?to=URL`: connects to another server, forwards every frame unchanged, and records both sides.

use super::bridge::Bridge;
use super::client_side::ClientSide;
use super::edited_request::{RelayRequest, target_of};
use super::edited_response::RelayResponse;
use super::frame_recorder::{FrameRecorder, SideNumbers};
use super::held_handshake::{Intercepting, Passage};
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
use observation::rule::HandshakePart;
use observation::{ConnectionNumber, Hop, Intermediary, Leg, Route};
use std::sync::Arc;
use url::Url;
use wire::handshake::answer::OpeningAnswer;
use wire::handshake::connect::Connected;
use wire::handshake::request::{OpeningRequest, VERSION};
use wire::handshake::response::switching_protocols;

/// The status that opens a connection. RFC 6455 §4.2.2.
const SWITCHING: u16 = 101;
const HTTP_2: &str = "this client’s request came over HTTP/2, whose responses have fields and no head, so you can only forward or refuse \
                      this one; to edit it, let the client connect over HTTP/1.1";

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
        let mut near = ClientSide::asked(&self.presence, arrival, Intermediary::Relay, Vec::new());
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
        let response = self.response(&agreement);
        let passed = tokio::select! {
            passed = self.pass_response(&near, &response, &agreement, leg.number()) => passed,
            () = near.client_left() => return Arrival::unanswered(),
        };
        let RelayResponse { text, subprotocol: told, extensions, .. } = match passed {
            Passage::AsItWas => response,
            Passage::Edited(edited, why) if edited.status == SWITCHING => {
                near.did(why);
                edited
            }
            Passage::Edited(edited, why) => {
                let text = String::from_utf8_lossy(&edited.text).into_owned();
                let refused = HandshakeRefusal::written(edited.status, text, why.explanation.to_string(), why);
                return near.refuse(refused, &method).await;
            }
            Passage::Refused(refused) => return near.refuse(*refused, &method).await,
        };
        let Self { app, presence, .. } = self;
        let OpeningAnswer { subprotocol, deflate, .. } = agreement;
        let (response, taken) = near.arrival().leave_http(&mut request, Bytes::from(text.clone())).await;
        let shutdown = app.shutdown.clone();
        shutdown.spawn(async move {
            let Some(RawConnection { stream, early, slot }) = taken.await else { return };
            let slot = slot.and(place);
            let id = near.arrival().id;
            let numbers = SideNumbers { near: near.number, far: Some(leg.used()), held: near.held() };
            let tls_records = near.follow_records();
            near.opened(text, told, &extensions);
            // What the server has agreed to. An edited response cannot change how messages are compressed.
            let deflate = deflate.as_ref();
            let frames = FrameRecorder::new(presence, numbers, (subprotocol, path), deflate, tls_records, id, &app);
            let early = [early.into(), reply.rest()];
            let patience = app.config.close_timeout;
            Box::new(Bridge::new((stream, slot), server, early, frames, None, patience, app)).run().await;
        });
        response
    }

    /// Sends the request to the other server. Returns path and query with the answer, or a refusal for the client if that fails.
    async fn ask(&self, near: &ClientSide) -> Result<(Stream, Place, String, Accepted), Box<HandshakeRefusal>> {
        let RelayRequest { url, server, head, asked } = self.pass_request(near, self.request(near.arrival())?).await?;
        let place = self.app.places.take(near.arrival().client.as_ref());
        let place = place.map_err(|none| Box::new(HandshakeRefusal::no_place(&none)))?;
        let not_reached = |error: UpstreamError| {
            let (status, rule) = error.status_and_rule();
            refused(status, rule, error.to_string())
        };
        let place = place.and(self.app.upstreams.enter(server).map_err(not_reached)?);
        let reaching = self.app.upstreams.reach(&url, server);
        let UpstreamConnection { mut stream, tls, address } = tokio::select! {
            reached = reaching => reached.map_err(not_reached)?,
            () = self.app.shutdown.asked() => return Err(refused(503, "shutdown", self.app.shutdown.reason().to_owned())),
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
            request: head,
            requested_us: near.session.now_us(),
            route: Route { tls, hop: Some(hop), ..Route::default() },
            answered: false,
        };
        let accepted = server_side.ask(&mut stream, &asked, self.app.config.max_head, &self.app.shutdown).await?;
        Ok((stream, place, target_of(&url), accepted))
    }

    /// The request to the other server, if the relay may send it.
    fn request(&self, arrival: &Arrival) -> Result<RelayRequest<'_>, Box<HandshakeRefusal>> {
        let (url, server) =
            allowlist::judge(self.params.to.as_deref(), &self.app.upstreams.allowed).map_err(|error| {
                let (status, rule) = match error {
                    TargetError::Nowhere | TargetError::NotAllowed(_) => (403, "not-allowed"),
                    _ => (400, "setting"),
                };
                refused(status, rule, error.to_string())
            })?;
        self.params.check_headers(server).map_err(|error| refused(403, "header-not-allowed", error.to_string()))?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| {
            refused(500, "no-randomness", "the system did not provide random bits for a key".to_owned())
        })?;
        let asked = OpeningRequest {
            key: STANDARD.encode(random),
            subprotocols: self.client.subprotocols.clone(),
            extensions: self.client.extensions.clone(),
        };
        Ok(RelayRequest { head: self.head(arrival, &url, &asked), url, server, asked })
    }

    /// Lets rules act on the request.
    async fn pass_request<'a>(
        &'a self,
        near: &ClientSide,
        request: RelayRequest<'a>,
    ) -> Result<RelayRequest<'a>, Box<HandshakeRefusal>> {
        let RelayRequest { head, asked, .. } = &request;
        let subprotocols = &asked.subprotocols;
        let (part, far) = (HandshakePart::Request, None);
        let passing = Intercepting { app: &self.app, near, part, far, subprotocols, head };
        let (client, allowed) = (&self.client.extensions, &self.app.upstreams.allowed);
        let edit = |typed: &str, recorded: &[u8]| {
            let edited = request.edited(typed, recorded, client, allowed, self.app.config.max_head)?;
            Ok((edited.head.clone(), edited))
        };
        match passing.pass(edit).await {
            Passage::AsItWas => Ok(request),
            Passage::Edited(edited, _) => Ok(edited),
            Passage::Refused(refused) => Err(refused),
        }
    }

    /// The response to the client, after the server's.
    fn response(&self, agreement: &OpeningAnswer) -> RelayResponse {
        let OpeningAnswer { subprotocol, extensions, .. } = agreement;
        let (named, listed) = (subprotocol.as_deref(), Some(&**extensions).filter(|list| !list.is_empty()));
        let text = match &self.client.key {
            None => Connected { subprotocol: named, extensions: listed }.to_string(),
            Some(key) => switching_protocols(key, named, listed),
        };
        let (text, subprotocol, extensions) = (text.into_bytes(), subprotocol.clone(), extensions.clone());
        RelayResponse { status: SWITCHING, text, subprotocol, extensions }
    }

    /// Lets rules act on the response.
    async fn pass_response(
        &self,
        near: &ClientSide,
        response: &RelayResponse,
        agreement: &OpeningAnswer,
        far: ConnectionNumber,
    ) -> Passage<RelayResponse> {
        let subprotocols = agreement.subprotocol.as_slice();
        let (part, far, head) = (HandshakePart::Response, Some(far), &response.text);
        let passing = Intercepting { app: &self.app, near, part, far, subprotocols, head };
        let edit = |typed: &str, recorded: &[u8]| {
            if self.client.key.is_none() {
                return Err(HTTP_2.to_owned());
            }
            let deflate = agreement.deflate.as_ref();
            let edited = response.edited(typed, recorded, deflate, self.app.config.max_head)?;
            Ok((edited.text.clone(), edited))
        };
        passing.pass(edit).await
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
        head.get(&target_of(url))
    }
}

/// The host, and the port unless it is the default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn refused(status: u16, rule: &'static str, explanation: String) -> Box<HandshakeRefusal> {
    Box::new(HandshakeRefusal::own(status, rule, &[], explanation))
}
