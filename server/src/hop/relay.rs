//! `/relay/{session}?to=URL`: connects to another server, forwards every frame unchanged, and records both sides.

use super::bridge::Bridge;
use super::client_side::{ClientSide, agreed, offers};
use super::frame_recorder::FrameRecorder;
use super::params::RelayParams;
use super::request_builder::RequestBuilder;
use super::response::HandshakeResponse;
use crate::allowlist::{self, TargetError};
use crate::lab::{self, HandshakeOffer, HandshakeRefusal};
use crate::listen::{Arrival, RawConnection};
use crate::session::{Presence, Role, Session};
use crate::state::AppState;
use crate::upstream::{UpstreamConnection, UpstreamError};
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use observation::event::{Cause, Closed, Count};
use observation::{ConnectionNumber, Event, Hop, Http, Intermediary, Leg, Opening, Refusal, Route};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use url::Url;
use wire::handshake::accept::Derivation;
use wire::handshake::answer;
use wire::handshake::connect::Connected;
use wire::handshake::request::{OpeningRequest, VERSION};
use wire::handshake::response::SwitchingProtocols;

/// How long the other server may take to answer.
const ANSWER: Duration = Duration::from_secs(15);

pub(super) async fn relay(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let session = name.ok().and_then(|Path(name)| app.registry.find(&name));
    let Some(session) = session else {
        return HandshakeRefusal::session_unknown().answer(&arrival, request.method()).await.0;
    };
    let requested_us = session.now_us();
    let limit = app.config.session_connections;
    let presence = session.enter(Role::Connection, limit).ok_or_else(|| HandshakeRefusal::too_many_connections(limit));
    let asked = presence.and_then(|presence| {
        let client = lab::judge_request(&arrival)?;
        let params = RelayParams::parse(&query.unwrap_or_default());
        let params = params.map_err(|error| HandshakeRefusal::own(400, "setting", &[], error.to_string()))?;
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

/// A request that is forwarded to another server.
struct Relaying {
    app: AppState,
    presence: Presence,
    /// What the client offers.
    client: HandshakeOffer,
    params: RelayParams,
}

/// A server side that answered with a valid 101.
struct Answered {
    reached: UpstreamConnection,
    reply: HandshakeResponse,
    agreement: answer::OpeningAnswer,
    opening: Opening,
}

impl Relaying {
    async fn run(self, arrival: Arrival, mut request: Request) -> Response {
        let near = ClientSide::asked(&self.presence, arrival, Intermediary::Relay, Vec::new());
        let method = request.method().clone();
        let Answered { reached, reply, agreement, opening } = match self.ask(&near).await {
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
        let far = UnusedLeg::open(&near.session, opening);
        let (response, taken) = near.arrival().leave_http(&mut request, Bytes::from(text.clone())).await;
        let shutdown = app.shutdown.clone();
        shutdown.spawn(async move {
            let Some(RawConnection { stream, early, slot }) = taken.await else { return };
            let number = near.number;
            let far = far.used();
            let tls_records = near.follow_records();
            let compressed = near.opened(text.into_bytes(), subprotocol, &agreement.extensions);
            let frames = FrameRecorder::new(presence, number, Some(far), compressed.as_ref(), tls_records, &app);
            let early = [early.into(), reply.rest()];
            Box::new(Bridge::new((stream, slot), reached.stream, early, frames, None, app)).run().await;
        });
        response
    }

    /// Sends the request to the other server. Returns a refusal for the client if that fails.
    async fn ask(&self, near: &ClientSide) -> Result<Answered, Box<HandshakeRefusal>> {
        let (url, allowed) =
            allowlist::judge(self.params.to.as_deref(), &self.app.upstreams.allowed).map_err(|error| {
                let (status, rule) = match error {
                    TargetError::Nowhere | TargetError::NotAllowed(_) => (403, "not-allowed"),
                    _ => (400, "setting"),
                };
                refused(status, rule, error.to_string())
            })?;
        let reaching = self.app.upstreams.reach(&url, allowed);
        let mut reached = tokio::select! {
            reached = reaching => reached.map_err(|error: UpstreamError| {
                let (status, rule) = error.status_and_rule();
                refused(status, rule, error.to_string())
            })?,
            () = self.app.shutdown.asked() => return Err(refused(503, "shutdown", "the relay is shutting down".to_owned())),
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
        let head = self.head(near.arrival(), &url, &asked);
        let requested_us = near.session.now_us();
        let route = Route {
            http: Http::One,
            tls: reached.tls.clone(),
            hop: Some(Hop {
                leg: Leg::Far,
                middle: Intermediary::Relay,
                other: Some(near.number),
                server: Some(format!("{} ({})", authority(&url), reached.address)),
            }),
        };
        let reply = {
            let answering = async {
                reached.stream.write_all(&head).await?;
                reached.stream.flush().await?;
                Ok::<_, std::io::Error>(HandshakeResponse::read(&mut reached.stream).await)
            };
            tokio::select! {
                answered = timeout(ANSWER, answering) => answered.ok().and_then(Result::ok),
                () = self.app.shutdown.asked() => None,
            }
        };
        let failed = |status: Option<u16>, response: Vec<u8>, rule: &'static str, explanation: String| {
            let near_status = if rule == "upstream-timeout" { 504 } else { 502 };
            let refusal = Refusal {
                request: head.clone(),
                response,
                status,
                rule: rule.into(),
                explanation: explanation.clone(),
                section: None,
                requested_us,
                deliberate: Vec::new(),
                route: route.clone(),
            };
            near.session.append_event(near.session.next_connection(), &Event::Refusal(refusal));
            refused(near_status, rule, explanation)
        };
        let host = authority(&url);
        let Some(reply) = reply else {
            let words = format!(
                "{host} did not answer the request within {} seconds; check that it is a WebSocket server",
                ANSWER.as_secs()
            );
            return Err(failed(None, Vec::new(), "upstream-timeout", words));
        };
        let Some(reply_head) = &reply.head else {
            let (rule, words) = match reply.bytes.is_empty() {
                true => (
                    "upstream-ended",
                    format!(
                        "{host} ended the connection without an answer; it may require TLS: try wss instead of ws, or ws instead of wss"
                    ),
                ),
                false => (
                    "upstream-not-http",
                    format!("the answer of {host} is not HTTP; check that it is a WebSocket server"),
                ),
            };
            return Err(failed(None, reply.bytes, rule, words));
        };
        match answer::judge(&reply.bytes, reply_head, &asked) {
            Ok(agreement) => {
                let opening = Opening {
                    request: head,
                    response: reply.head_bytes().to_vec(),
                    subprotocol: agreement.subprotocol.clone(),
                    offers: offers(&asked.extensions, &agreement.extensions),
                    deflate: agreed(&agreement.extensions).as_ref().map(Into::into),
                    requested_us,
                    deliberate: Vec::new(),
                    route,
                };
                Ok(Answered { reached, reply, agreement, opening })
            }
            Err(error) => {
                let status = reply_head.status;
                let (rule, words) = match (&error, reply.list("Location")) {
                    (answer::AnswerError::Status(300..=399), Some(location)) => {
                        let location: String = location.chars().take(200).collect();
                        let words = format!(
                            "{host} answered {status} with a redirect to `{location}`; the relay does not follow redirects: use that URL directly, if it is allowed"
                        );
                        ("upstream-redirect", words)
                    }
                    (answer::AnswerError::Status(_), _) => (
                        "upstream-refused",
                        format!("{host} refused: {error}; its response is recorded on the server side"),
                    ),
                    _ => (
                        "upstream-not-websocket",
                        format!("the answer of {host} is invalid, so a client must fail the connection: {error}"),
                    ),
                };
                Err(failed(Some(status), reply.bytes, rule, words))
            }
        }
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
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        head.get(&format!("{}{query}", url.path()))
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

/// A server side that is open but unused. On drop, it is recorded as ended: the client left before it got its response.
struct UnusedLeg {
    /// `None` once it is used.
    session: Option<Arc<Session>>,
    number: ConnectionNumber,
}

impl UnusedLeg {
    fn open(session: &Arc<Session>, opening: Opening) -> Self {
        let number = session.next_connection();
        session.append_event(number, &Event::Opening(opening));
        Self { session: Some(Arc::clone(session)), number }
    }

    /// The caller records its end.
    fn used(mut self) -> ConnectionNumber {
        self.session = None;
        self.number
    }
}

impl Drop for UnusedLeg {
    fn drop(&mut self) {
        let Some(session) = &self.session else { return };
        let (client, server) = (Count::default(), Count::default());
        let (first, code, reason, clean, cause) = (None, None, String::new(), false, Cause::OtherLeg);
        session.append_event(self.number, &Event::Closed(Closed { first, code, reason, clean, cause, client, server }));
    }
}
