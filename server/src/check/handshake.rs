//! Connects and opens the WebSocket: the request, and what the response must be.

use super::conversation::Conversation;
use super::prepare::Prepared;
use super::proxy::connect;
use super::recorder::Recorder;
use crate::hop::request_builder::RequestBuilder;
use crate::hop::response::{HandshakeResponse, NoResponse, ResponseFault, ResponseLimits};
use crate::listen::{Stream, tune};
use crate::upstream::{Explainer, host_of, start_tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::{Event, Hop, Intermediary, Leg, Offer, Opening, Refusal, Route, Tls};
use scenario::model::Handshake;
use scenario::quote;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};
use url::Url;
use wire::handshake::answer::{self, AnswerError, AnswerFault, OpeningAnswer};
use wire::handshake::body;
use wire::handshake::request::{OpeningRequest, VERSION};

/// The largest response head, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// Verifies certificates for a scenario.
const EXPLAINER: Explainer = Explainer { who: "this check", authority: "`authority` in `connect.tls`" };

/// What became of the handshake.
pub(super) enum Opened {
    /// A WebSocket is open, as the scenario expects.
    Open(Box<Conversation>),
    /// The server refused it, as the scenario expects.
    Refused(Recorder),
    /// The response is not what the scenario expects: what it expects, and what came.
    Unexpected(Recorder, String, String),
    /// There is no response. The text is a sentence without a capital letter and full stop.
    Unreachable(Recorder, String),
}

/// Opens the WebSocket until then.
pub(super) async fn open(prepared: &Prepared, mut recorder: Recorder, until: Instant) -> Opened {
    let (mut stream, tls, address) = match timeout_at(until, reach(prepared)).await {
        Ok(Ok(reached)) => reached,
        Ok(Err(why)) => return Opened::Unreachable(recorder, why),
        Err(_) => {
            return Opened::Unreachable(recorder, "the connection took longer than the scenario may take".to_owned());
        }
    };
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        let why = "the system did not provide random bits for a key; try again".to_owned();
        return Opened::Unreachable(recorder, why);
    }
    let connect = &prepared.scenario.connect;
    let asked = OpeningRequest {
        key: STANDARD.encode(random),
        subprotocols: connect.subprotocols.clone(),
        extensions: connect.extensions.clone(),
    };
    let host = authority(&prepared.url);
    let hop = Hop {
        leg: Leg::Far,
        middle: Intermediary::Relay,
        other: None,
        server: Some(host.clone()),
        address: Some(address),
    };
    let seen = Seen {
        request: request(prepared, &asked),
        requested_us: recorder.now_us(),
        route: Route { tls, hop: Some(hop), ..Route::default() },
    };
    let sending = async {
        stream.write_all(&seen.request).await?;
        stream.flush().await
    };
    // If the server ends the connection early, it may still have sent a response.
    let _ = timeout_at(until, sending).await;
    let limits =
        ResponseLimits::new(MAX_HEAD, until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1)));
    match HandshakeResponse::read(&mut stream, limits).await {
        Ok(response) => Judging { prepared, asked, seen, response }.judge(stream, recorder),
        Err(NoResponse { interim, bytes, fault }) => {
            let explanation = match fault {
                ResponseFault::HeadTooLarge(limit) => format!("{host} sent a response head of more than {limit} bytes"),
                other => format!("{host} {other}"),
            };
            let rule = "no-response".into();
            let refusal =
                Refusal { interim, response: bytes, rule, explanation: explanation.clone(), ..seen.refusal() };
            recorder.handshake(Event::Refusal(refusal));
            Opened::Unreachable(recorder, explanation)
        }
    }
}

/// Opens the connection, through a proxy and with TLS if the scenario says so.
async fn reach(prepared: &Prepared) -> Result<(Stream, Option<Tls>, SocketAddr), String> {
    let url = &prepared.url;
    let (host, port) = (host_of(url), url.port_or_known_default().unwrap_or_default());
    let (tcp, address) = match &prepared.proxy {
        Some(proxy) => proxy.reach(&host, port).await?,
        None => connect(&host, port).await?,
    };
    tune(&tcp).map_err(|error| format!("the connection to {host} failed ({error}); try again"))?;
    if url.scheme() != "wss" {
        return Ok((Stream::Plain(tcp), None, address));
    }
    let secured = start_tls(tcp, &prepared.tls, &host, &EXPLAINER).await;
    let (stream, tls) = secured.map_err(|error| error.to_string())?;
    Ok((stream, Some(tls), address))
}

/// The request. A header of the scenario replaces `Host`.
fn request(prepared: &Prepared, asked: &OpeningRequest) -> Vec<u8> {
    let Prepared { url, headers, scenario, .. } = prepared;
    let mut head = RequestBuilder::empty();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.add("Host", &authority(url));
    }
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
    if let Some(origin) = &scenario.connect.origin {
        head.add("Origin", origin);
    }
    for (name, value) in headers {
        head.add(name, value);
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    head.get(&format!("{}{query}", url.path()))
}

/// The host, and the port unless it is the default.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A request for the recording.
struct Seen {
    request: Vec<u8>,
    requested_us: u64,
    route: Route,
}

impl Seen {
    fn refusal(self) -> Refusal {
        Refusal { request: self.request, requested_us: self.requested_us, route: self.route, ..Refusal::default() }
    }
}

/// A response, and what it answers.
struct Judging<'a> {
    prepared: &'a Prepared,
    asked: OpeningRequest,
    seen: Seen,
    response: HandshakeResponse,
}

impl Judging<'_> {
    fn judge(self, stream: Stream, recorder: Recorder) -> Opened {
        let expected = &self.prepared.scenario.handshake;
        match answer::judge(&self.response.bytes, &self.response.head, &self.asked) {
            Ok(agreement) => self.accepted(stream, agreement, recorder),
            Err(AnswerError::Invalid(faults)) => self.invalid(&faults, recorder),
            Err(AnswerError::Status(status)) => {
                let content = body::content(&self.response.bytes, &self.response.head).into_owned();
                let lacking = expected.contains.clone().filter(|part| !contains(&content, part.as_bytes()));
                let shown = quote::bytes(&recorder.secrets().concealed(&content));
                let body = if content.is_empty() { " and no body".to_owned() } else { format!(", {shown}") };
                let came = format!("a refusal with status {status}{body}");
                let words = describe(expected);
                let is_expected = status == expected.status && lacking.is_none();
                let recorder = self.refused(status, recorder);
                if is_expected { Opened::Refused(recorder) } else { Opened::Unexpected(recorder, words, came) }
            }
        }
    }

    fn accepted(self, stream: Stream, agreement: OpeningAnswer, mut recorder: Recorder) -> Opened {
        let Self { prepared, asked, seen, response } = self;
        let opening = Opening {
            request: seen.request,
            response: response.head_bytes().to_vec(),
            interim: response.interim.clone(),
            subprotocol: agreement.subprotocol.clone(),
            offers: Offer::answered(&asked.extensions, &agreement.extensions),
            deflate: agreement.deflate.as_ref().map(Into::into),
            requested_us: seen.requested_us,
            route: seen.route,
            ..Opening::default()
        };
        recorder.handshake(Event::Opening(opening));
        let expected = &prepared.scenario.handshake;
        let came = match expected {
            Handshake { status, .. } if *status != 101 => {
                Some("status 101: the server opened the WebSocket".to_owned())
            }
            Handshake { subprotocol: Some(name), .. } if *name != agreement.subprotocol.clone().unwrap_or_default() => {
                Some(agreement.subprotocol.as_ref().map_or_else(
                    || "a response without a subprotocol".to_owned(),
                    |found| format!("the subprotocol {}", quote::text(found)),
                ))
            }
            Handshake { deflate: Some(deflate), .. } if *deflate != agreement.deflate.is_some() => Some(
                if *deflate { "a response without permessage-deflate" } else { "a response with permessage-deflate" }
                    .to_owned(),
            ),
            _ => None,
        };
        match came {
            Some(came) => {
                recorder.closed(observation::event::Cause::DeliberateClose);
                Opened::Unexpected(recorder, describe(expected), came)
            }
            None => {
                let conversation = Conversation::new(stream, response.rest(), agreement.deflate.as_ref(), recorder);
                Opened::Open(Box::new(conversation))
            }
        }
    }

    fn invalid(self, faults: &[AnswerFault], mut recorder: Recorder) -> Opened {
        let each = faults.iter().map(|fault| {
            let (rfc, section) = fault.citation();
            format!("{fault} (RFC {rfc} §{section})")
        });
        let each = each.collect::<Vec<_>>().join("; ");
        let refusal = Refusal {
            interim: self.response.interim,
            response: self.response.bytes,
            status: Some(self.response.head.status),
            rule: "upstream-not-websocket".into(),
            explanation: format!("a client must fail this connection, because the response is invalid: {each}"),
            violations: faults.iter().map(Into::into).collect(),
            ..self.seen.refusal()
        };
        recorder.handshake(Event::Refusal(refusal));
        let came = format!("status 101 with an invalid response: {each}");
        Opened::Unexpected(recorder, describe(&self.prepared.scenario.handshake), came)
    }

    /// Records a refusal.
    fn refused(self, status: u16, mut recorder: Recorder) -> Recorder {
        let HandshakeResponse { interim, bytes, .. } = self.response;
        let explanation = format!("the server answered with status {status} instead of 101");
        let rule = "upstream-refused".into();
        let refusal =
            Refusal { interim, response: bytes, status: Some(status), rule, explanation, ..self.seen.refusal() };
        recorder.handshake(Event::Refusal(refusal));
        recorder
    }
}

/// What the scenario expects of the response, as a noun.
fn describe(expected: &Handshake) -> String {
    let Handshake { status, subprotocol, deflate, contains } = expected;
    let parts = [
        subprotocol.as_ref().map(|name| match &**name {
            "" => "no subprotocol".to_owned(),
            name => format!("the subprotocol {}", quote::text(name)),
        }),
        deflate.map(|deflate| if deflate { "permessage-deflate" } else { "no permessage-deflate" }.to_owned()),
        contains.as_ref().map(|part| format!("a body that contains {}", quote::text(part))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let with: String = parts.iter().map(|part| format!(" and {part}")).collect();
    format!("a response with status {status}{with}")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
