//! `/via/{box}/lab/{session}`: a middlebox that reads HTTP. It opens its own connection to the lab, which records that side like
//! any other connection.

use super::bridge::Bridge;
use super::client_side::ClientSide;
use super::frame_recorder::{FrameRecorder, SideNumbers};
use super::interference::Interference;
use super::reach;
use super::request_builder::RequestBuilder;
use super::response::{HandshakeResponse, NoResponse, ResponseFault, ResponseLimits};
use crate::client::ClientAddress;
use crate::lab::{self, HandshakeRefusal};
use crate::legs::ExpectedLeg;
use crate::listen::{Arrival, RawConnection, Stream};
use crate::middlebox::{Kind, Middlebox};
use crate::session::{Presence, Role};
use crate::shutdown::Shutdown;
use crate::state::AppState;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::response::Response;
use bytes::Bytes;
use observation::{Citation, Deliberate, Http, Intermediary};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use wire::handshake::connect::Connected;

/// How long the lab may take to answer. A behavior may delay the answer by a minute.
const ANSWER: Duration = Duration::from_secs(70);

/// The reverse proxy's name for the server behind it.
const BACKEND: &str = "backend.internal";

pub(super) async fn via(
    State(app): State<AppState>,
    names: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    Extension(arrival): Extension<Arrival>,
    Extension(client): Extension<ClientAddress>,
    request: Request,
) -> Response {
    let (middlebox, name) = names.ok().map(|Path(names)| names).unzip();
    let session = lab::lab_session(&app, name.as_deref()).await;
    let (middlebox, session) = match (middlebox, session) {
        (Some(middlebox), Ok(session)) => (middlebox, session),
        (_, Err(refused)) => return refused.answer(&arrival, request.method()).await.0,
        (None, Ok(_)) => {
            return HandshakeRefusal::session_unknown(name.as_deref()).answer(&arrival, request.method()).await.0;
        }
    };
    let app = app.within(&session);
    let requested_us = session.now_us();
    let limit = app.config.session_connections;
    let middlebox =
        Middlebox::parse(&middlebox).map_err(|error| HandshakeRefusal::own(400, "middlebox", &[], error.to_string()));
    let known = match middlebox {
        Ok(middlebox) => match session.enter(Role::Connection, limit, arrival.client.clone()).await {
            Ok(presence) => Ok((middlebox, presence)),
            Err(error) => Err(HandshakeRefusal::not_entered(&error, limit)),
        },
        Err(refused) => Err(refused),
    };
    match known {
        Ok((middlebox, presence)) => pass_on(app, middlebox, presence, query, arrival, client, request).await,
        Err(refused) => {
            let (response, sent) = refused.answer(&arrival, request.method()).await;
            refused.record(&session, requested_us, arrival, sent);
            response
        }
    }
}

/// Forwards the request to the lab, and the lab's answer to the client.
async fn pass_on(
    app: AppState,
    middlebox: Middlebox,
    presence: Presence,
    query: Option<String>,
    arrival: Arrival,
    client: ClientAddress,
    mut request: Request,
) -> Response {
    let mut random = [0; 16];
    // A predictable key is harmless here: the server side stays inside this process.
    let _ = getrandom::fill(&mut random);
    let mut head = RequestBuilder::of(&arrival, random);
    let deliberate = rewrite(&mut head, &middlebox.kind, &arrival);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let head = head.get(&app.config.base_path.url(&format!("/lab/{}{query}", presence.session().id())));
    let middle = Intermediary::Box(middlebox.name.to_owned());
    let near = ClientSide::asked(&presence, arrival, middle.clone(), deliberate);
    let method = request.method().clone();

    let place = match app.places.take(None) {
        Ok(place) => place,
        Err(none) => return near.refuse(HandshakeRefusal::no_place(&none), &method).await,
    };
    let expected = ExpectedLeg::Box { session: presence.session().id().clone(), near: near.number, middle };
    let Ok((stream, registered)) =
        reach::connect(reach::own_address(app.config.listen), &app.legs, client, expected).await
    else {
        return near.refuse(unreachable(), &method).await;
    };
    let mut far = Stream::Plain(stream);
    if far.write_all(&head).await.is_err() {
        return near.refuse(unreachable(), &method).await;
    }
    let limits = ResponseLimits::new(app.config.max_head, ANSWER);
    let answered = tokio::select! {
        answered = HandshakeResponse::read(&mut far, limits) => answered,
        () = app.shutdown.connections_over() => return near.refuse(ends(&app.shutdown), &method).await,
        () = near.client_left() => return Arrival::unanswered(),
    };
    drop(registered);
    let reply = match answered {
        Ok(reply) if reply.head.status == 101 => reply,
        Ok(reply) => return near.pass_refusal_on(reply.head.status, &reply.bytes, &method).await,
        Err(NoResponse { fault: ResponseFault::Timeout(_) | ResponseFault::HeadTimeout(_), .. }) => {
            return near.refuse(no_answer(), &method).await;
        }
        Err(_) => return near.refuse(no_http(), &method).await,
    };

    let subprotocol = reply.list("Sec-WebSocket-Protocol");
    let extensions = reply.list("Sec-WebSocket-Extensions").unwrap_or_default();
    let text = match near.arrival().route.http {
        Http::One => reply.head_bytes().to_vec(),
        Http::Two => {
            let extensions = Some(&*extensions).filter(|list| !list.is_empty());
            Connected { subprotocol: subprotocol.as_deref(), extensions }.to_string().into_bytes()
        }
    };
    let (response, taken) = near.arrival().leave_http(&mut request, Bytes::from(text.clone())).await;
    let shutdown = app.shutdown.clone();
    shutdown.spawn(async move {
        let Some(RawConnection { stream, early, slot }) = taken.await else { return };
        let slot = slot.and(place);
        let (number, id) = (near.number, near.arrival().id);
        let tls_records = near.follow_records();
        let agreed = near.opened(text, subprotocol.clone(), &extensions);
        let numbers = SideNumbers { near: number, far: None, held: 0 };
        let frames =
            FrameRecorder::new(presence, numbers, (subprotocol, String::new()), agreed.as_ref(), tls_records, id, &app);
        let interference = Interference::new(&middlebox.kind, Instant::now());
        let early = [early.into(), reply.rest()];
        let patience = lab::HALF_CLOSED + app.config.close_timeout;
        Box::new(Bridge::new((stream, slot), far, early, frames, interference, patience, app)).run().await;
    });
    response
}

/// What the middlebox changes in a request, and why.
fn rewrite(head: &mut RequestBuilder, kind: &Kind, arrival: &Arrival) -> Vec<Deliberate> {
    match kind {
        Kind::OldProxy => {
            let dropped: Vec<_> = ["Upgrade", "Connection"].into_iter().filter(|name| head.drop(name)).collect();
            head.add("Connection", "close");
            let names = dropped.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
            let words = format!(
                "the proxy removes {names}: they apply to one connection only, and this proxy does not support upgrades"
            );
            let rule = Some(Citation::new(9110, "7.6.1"));
            if dropped.is_empty() {
                Vec::new()
            } else {
                vec![Deliberate { rule, ..Deliberate::by_middlebox("old-proxy", words) }]
            }
        }
        Kind::Rewrite => {
            let host = head.values("Host").next().map(|host| String::from_utf8_lossy(host).into_owned());
            head.set("Host", BACKEND);
            let client = arrival.peer.ip().to_canonical().to_string();
            let before: Vec<_> =
                head.values("X-Forwarded-For").map(|old| String::from_utf8_lossy(old).into_owned()).collect();
            let forwarded = before.into_iter().chain([client]).collect::<Vec<_>>().join(", ");
            head.set("X-Forwarded-For", &forwarded);
            head.set("X-Forwarded-Proto", if arrival.route.tls.is_some() { "https" } else { "http" });
            if let Some(host) = host {
                head.set("X-Forwarded-Host", &host);
            }
            head.add("Via", "1.1 framescope-box");
            let words = format!(
                "the proxy forwards the request as its own: `Host` is {BACKEND}, and `X-Forwarded-For`, `-Host` and `-Proto` \
                 describe the original request"
            );
            vec![Deliberate::by_middlebox("rewrite", words)]
        }
        _ => Vec::new(),
    }
}

fn unreachable() -> HandshakeRefusal {
    let words = "the proxy could not connect to the lab, perhaps because too many connections are open; close one, or try again soon";
    HandshakeRefusal::own(502, "unreachable", &[], words.to_owned())
}

fn no_answer() -> HandshakeRefusal {
    HandshakeRefusal::own(
        504,
        "no-answer",
        &[],
        "the lab did not answer the proxy in time; its behavior may be set to do that".to_owned(),
    )
}

fn ends(shutdown: &Shutdown) -> HandshakeRefusal {
    HandshakeRefusal::own(503, "shutdown", &[], shutdown.reason().to_owned())
}

fn no_http() -> HandshakeRefusal {
    let words =
        "the lab’s answer was empty or not HTTP; its behavior may be set to do that; a proxy answers 502 in that case";
    HandshakeRefusal::own(502, "bad-answer", &[], words.to_owned())
}
