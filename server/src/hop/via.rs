//! `/via/{box}/lab/{session}`: a middlebox that reads HTTP. It opens its own connection to the lab, which records that side like
//! any other connection.

use super::bridge::Bridge;
use super::client_side::ClientSide;
use super::frame_recorder::FrameRecorder;
use super::interference::Interference;
use super::reach::own_address;
use super::request_builder::RequestBuilder;
use super::response::HandshakeResponse;
use crate::lab::HandshakeRefusal;
use crate::legs::ExpectedLeg;
use crate::listen::{Arrival, RawConnection, Stream};
use crate::middlebox::{Kind, Middlebox};
use crate::session::{Presence, Role};
use crate::state::AppState;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::response::Response;
use bytes::Bytes;
use observation::{Citation, Deliberate, Http, Intermediary};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
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
    request: Request,
) -> Response {
    let names = names.ok().and_then(|Path((middlebox, name))| Some((middlebox, app.registry.find(&name)?)));
    let Some((middlebox, session)) = names else {
        return HandshakeRefusal::session_unknown().answer(&arrival, request.method()).await.0;
    };
    let requested_us = session.now_us();
    let limit = app.config.session_connections;
    let middlebox =
        Middlebox::parse(&middlebox).map_err(|error| HandshakeRefusal::own(400, "middlebox", &[], error.to_string()));
    let known = middlebox.and_then(|middlebox| {
        let presence = session.enter(Role::Connection, limit);
        Ok((middlebox, presence.ok_or_else(|| HandshakeRefusal::too_many_connections(limit))?))
    });
    match known {
        Ok((middlebox, presence)) => pass_on(app, middlebox, presence, query, arrival, request).await,
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
    mut request: Request,
) -> Response {
    let mut random = [0; 16];
    // A predictable key is harmless here: the server side stays inside this process.
    let _ = getrandom::fill(&mut random);
    let mut head = RequestBuilder::of(&arrival, random);
    let deliberate = rewrite(&mut head, &middlebox.kind, &arrival);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let head = head.get(&format!("/lab/{}{query}", presence.session().id()));
    let middle = Intermediary::Box(middlebox.name.to_owned());
    let near = ClientSide::asked(&presence, arrival, middle.clone(), deliberate);
    let method = request.method().clone();

    let Ok(stream) = TcpStream::connect(own_address(app.config.listen)).await else {
        return near.refuse(unreachable(), &method).await;
    };
    let (Ok(()), Ok(address)) = (stream.set_nodelay(true), stream.local_addr()) else {
        return near.refuse(unreachable(), &method).await;
    };
    let expected = ExpectedLeg::Box { session: presence.session().id().clone(), near: near.number, middle };
    let registered = app.legs.expect(address, expected);
    let mut far = Stream::Plain(stream);
    if far.write_all(&head).await.is_err() {
        return near.refuse(unreachable(), &method).await;
    }
    let answered = tokio::select! {
        answered = timeout(ANSWER, HandshakeResponse::read(&mut far)) => answered,
        () = app.shutdown.connections_over() => return near.refuse(no_answer(), &method).await,
    };
    drop(registered);
    let Ok(reply) = answered else { return near.refuse(no_answer(), &method).await };
    match reply.status() {
        Some(101) => {}
        Some(status) => return near.pass_refusal_on(status, &reply.bytes, &method).await,
        None => return near.refuse(no_http(), &method).await,
    }

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
        let number = near.number;
        let tls_records = near.follow_records();
        let agreed = near.opened(text, subprotocol, &extensions);
        let frames = FrameRecorder::new(presence, number, None, agreed.as_ref(), tls_records, &app);
        let interference = Interference::new(&middlebox.kind, Instant::now());
        let early = [early.into(), reply.rest()];
        Box::new(Bridge::new((stream, slot), far, early, frames, interference, app)).run().await;
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

fn no_http() -> HandshakeRefusal {
    let words =
        "the lab’s answer was empty or not HTTP; its behavior may be set to do that; a proxy answers 502 in that case";
    HandshakeRefusal::own(502, "bad-answer", &[], words.to_owned())
}
