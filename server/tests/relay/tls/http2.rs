//! WebSockets as streams of HTTP/2. RFC 8441.

use super::{Secure, opening, until};
use crate::support::{masked, soon};
use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use observation::command::DropBy;
use observation::event::{Cause, Refusal};
use observation::{Command, Event, Http, Party};
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::http::{Method, Request, Response, Version};

pub(crate) type Client = SendRequest<Bytes>;

/// A connection over which streams can be opened.
pub(crate) async fn client(secure: &Secure) -> Client {
    client_to(secure, secure.lab.relay.tls_address().unwrap()).await
}

/// A connection for streams to another of the relay's addresses.
pub(crate) async fn client_to(secure: &Secure, address: SocketAddr) -> Client {
    let tls = secure.connect_to(address, &[b"h2", b"http/1.1"]).await;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut builder = h2::client::Builder::new();
    // An unread stream does not use up the window of the connection.
    builder.initial_window_size(1 << 16).initial_connection_window_size(1 << 22);
    let (client, connection): (Client, Connection<TlsStream<TcpStream>, Bytes>) =
        soon(builder.handshake(tls)).await.unwrap();
    tokio::spawn(connection);
    // The settings that allow extended CONNECT come with the first frames.
    let mut client = soon(client.ready()).await.unwrap();
    soon(client.send_request(plain("/healthz"), true).unwrap().0).await.unwrap();
    assert!(client.is_extended_connect_protocol_enabled());
    client
}

fn plain(path: &str) -> Request<()> {
    let request = Request::get(format!("https://localhost{path}")).version(Version::HTTP_2);
    request.body(()).unwrap()
}

pub(crate) fn connect(path: &str, protocol: &'static str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(Method::CONNECT).uri(format!("https://localhost{path}"));
    request = request.version(Version::HTTP_2).extension(Protocol::from_static(protocol));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

pub(crate) const VERSION: (&str, &str) = ("sec-websocket-version", "13");

pub(crate) async fn ask(client: &mut Client, request: Request<()>) -> (Response<RecvStream>, SendStream<Bytes>) {
    let mut ready = soon(client.clone().ready()).await.unwrap();
    let (response, sending) = ready.send_request(request, false).unwrap();
    (soon(response).await.unwrap(), sending)
}

pub(crate) async fn take(stream: &mut RecvStream, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let data = soon(stream.data()).await.expect("the stream continues").unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    assert_eq!(bytes.len(), count);
    bytes
}

#[tokio::test]
async fn an_echo_on_a_stream() {
    let secure = Secure::new("h2-echo").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let offered = [VERSION, ("sec-websocket-protocol", "chat, other"), ("origin", "https://localhost")];
    let (response, mut sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &offered)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    let mut receiving = response.into_body();

    let seen = opening(&mut feed).await;
    let tls = seen.route.tls.unwrap();
    assert_eq!((seen.route.http, tls.alpn.as_deref()), (Http::Two, Some("h2")));
    let path = secure.lab.path();
    let expect = format!(
        ":method: CONNECT\r\n:protocol: websocket\r\n:scheme: https\r\n:path: {path}\r\n:authority: localhost\r\n\
         sec-websocket-version: 13\r\nsec-websocket-protocol: chat, other\r\norigin: https://localhost\r\n\r\n"
    );
    assert_eq!(String::from_utf8(seen.request).unwrap(), expect);
    let expect = ":status: 200\r\nsec-websocket-protocol: chat\r\n\r\n";
    assert_eq!(String::from_utf8(seen.response).unwrap(), expect);

    // Frames are still masked: RFC 8441 §5.1 changes only the handshake.
    sending.send_data(masked(0x81, b"over two").into(), false).unwrap();
    assert_eq!(take(&mut receiving, 10).await, b"\x81\x08over two");
    sending.send_data(masked(0x88, b"\x03\xe8bye").into(), false).unwrap();
    assert_eq!(take(&mut receiving, 4).await, b"\x88\x02\x03\xe8");
    // The relay ends its half with an empty frame.
    while let Some(data) = soon(receiving.data()).await {
        assert!(data.unwrap().is_empty());
    }
    sending.send_data(Bytes::new(), true).unwrap();
    let events = until(&mut feed, |event| matches!(event, Event::Closed(_))).await;
    let frames: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Frame(frame) => Some((frame.from, frame.opcode, frame.masked)),
            _ => None,
        })
        .collect();
    let expect =
        [(Party::Client, 1, true), (Party::Server, 1, false), (Party::Client, 8, true), (Party::Server, 8, false)];
    assert_eq!(frames, expect);
    assert!(events.iter().any(|event| matches!(event, Event::Records(_))));
    let Some(Event::Closed(closed)) = events.last() else { unreachable!() };
    assert_eq!((closed.cause, closed.clean, closed.first), (Cause::ClosingHandshake, true, Some(Party::Client)));
}

#[tokio::test]
async fn streams_of_one_connection_are_independent() {
    let secure = Secure::new("h2-many").await;
    let mut client = client(&secure).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let (response, sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &[VERSION])).await;
        streams.push((response.into_body(), sending));
    }
    for (n, (_, sending)) in streams.iter_mut().enumerate() {
        sending.send_data(masked(0x82, &[n as u8; 100]).into(), false).unwrap();
    }
    for (n, (receiving, _)) in streams.iter_mut().enumerate().rev() {
        assert_eq!(take(receiving, 102).await[2..], [n as u8; 100]);
    }
    // Resetting one stream does not affect the others.
    let (receiving, mut sending) = streams.pop().unwrap();
    sending.send_reset(h2::Reason::CANCEL);
    drop(receiving);
    let (receiving, sending) = &mut streams[0];
    sending.send_data(masked(0x82, b"still").into(), false).unwrap();
    assert_eq!(take(receiving, 7).await, b"\x82\x05still");
}

/// If nobody reads from a stream, the relay stops reading that stream, but no others.
#[tokio::test]
async fn an_unread_stream_blocks_only_itself() {
    let secure = Secure::new("h2-slow").await;
    let mut client = client(&secure).await;
    let (response, mut sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &[VERSION])).await;
    let _unread = response.into_body();
    let frame = Bytes::from(masked(0x82, &[7; 60_000]));
    let mut sent = 0;
    // Sends as much as the relay's window allows. The relay does not enlarge the window, because it cannot send either.
    loop {
        sending.reserve_capacity(frame.len());
        let capacity = std::future::poll_fn(|cx| sending.poll_capacity(cx));
        let Ok(capacity) = tokio::time::timeout(std::time::Duration::from_millis(500), capacity).await else {
            break;
        };
        let room = capacity.unwrap().unwrap().min(frame.len());
        sending.send_data(frame.slice(..room), false).unwrap();
        sent += room;
        assert!(sent < 50_000_000, "the relay buffers an unread stream without limit");
    }
    let (response, mut other) = ask(&mut client, connect(&secure.lab.path(), "websocket", &[VERSION])).await;
    other.send_data(masked(0x81, b"other").into(), false).unwrap();
    assert_eq!(take(&mut response.into_body(), 7).await, b"\x81\x05other");
}

async fn refused(secure: &Secure, request: Request<()>) -> (u16, String, Option<Refusal>) {
    let mut feed = secure.lab.feed_after(u64::MAX >> 1).await;
    let mut client = client(secure).await;
    let (response, _sending) = ask(&mut client, request).await;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(data) = soon(body.data()).await {
        text.extend_from_slice(&data.unwrap());
    }
    let refusal = match status {
        404 => None,
        _ => match feed.next().await.event {
            Event::Refusal(refusal) => Some(refusal),
            other => panic!("a refusal, not {other:?}"),
        },
    };
    (status, String::from_utf8(text).unwrap(), refusal)
}

#[tokio::test]
async fn each_refusal_says_why() {
    let secure = Secure::new("h2-refused").await;
    let path = secure.lab.path();
    let with = |query: &str| connect(&format!("{path}?{query}"), "websocket", &[VERSION]);
    for (request, status, rule) in [
        (plain(&path), 405, "method-not-connect"),
        (connect(&path, "connect-udp", &[VERSION]), 501, "protocol-not-websocket"),
        (connect(&path, "websocket", &[]), 426, "version-missing"),
        (connect(&path, "websocket", &[("sec-websocket-version", "7")]), 426, "version-unsupported"),
        (with("nonsense=1"), 400, "setting"),
        (with("sec-accept=wrong"), 400, "setting"),
        (with("omit=upgrade"), 400, "setting"),
        (with("open=silence"), 400, "setting"),
        (with("open=reset"), 400, "setting"),
        (with("refuse=503"), 503, "refuse"),
    ] {
        let (got, body, refusal) = refused(&secure, request).await;
        let refusal = refusal.unwrap();
        assert_eq!((got, refusal.status, refusal.rule.as_ref()), (status, Some(status), rule), "{body}");
        assert_eq!(refusal.route.http, Http::Two);
        let sent = String::from_utf8(refusal.response).unwrap();
        assert!(sent.starts_with(&format!(":status: {status}\r\n")) && sent.ends_with(&body), "{sent}");
        assert!(!sent.contains("connection:"), "{sent}");
    }
    let (status, body, _) = refused(&secure, connect("/lab/none", "websocket", &[VERSION])).await;
    assert_eq!(status, 404);
    assert!(body.contains("the session does not exist"), "{body}");
}

/// The feed of a page that was loaded over HTTP/2.
#[tokio::test]
async fn the_feed_works_on_a_stream() {
    let secure = Secure::new("h2-feed").await;
    let mut client = client(&secure).await;
    let path = format!("/api/sessions/{}/observe", secure.lab.id);
    let headers = [VERSION, ("sec-websocket-protocol", observation::SUBPROTOCOL)];
    let (response, _sending) = ask(&mut client, connect(&path, "websocket", &headers)).await;
    assert_eq!(response.status(), 200);
    let hello = soon(response.into_body().data()).await.unwrap().unwrap();
    assert_eq!(hello[0], 0x81);
    assert!(String::from_utf8_lossy(&hello).contains("\"hello\""), "{hello:?}");
}

#[tokio::test]
async fn streams_are_closed_with_1001_when_the_relay_ends() {
    let secure = Secure::new("h2-end").await;
    let mut client = client(&secure).await;
    let (response, mut sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &[VERSION])).await;
    let mut receiving = response.into_body();
    let stopping = tokio::spawn(secure.lab.relay.stop());
    let close = take(&mut receiving, 4 + "the relay is shutting down".len()).await;
    assert_eq!(close[..4], [0x88, 28, 0x03, 0xe9]);
    sending.send_data(masked(0x88, b"\x03\xe9").into(), true).unwrap();
    soon(stopping).await.unwrap();
}

/// A stream takes commands like any connection, also as the client side of a middlebox. Its half-closed client gets what is due.
#[tokio::test]
async fn commands_and_half_closed_clients_on_streams() {
    let secure = Secure::new("h2-commands").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let via = format!("/via/rewrite{}", secure.lab.path());
    for path in [secure.lab.path(), via] {
        let mut feed_after = secure.lab.feed_after(u64::MAX).await;
        let (response, _sending) = ask(&mut client, connect(&path, "websocket", &[VERSION])).await;
        let mut receiving = response.into_body();
        // A hop records the request first.
        let mut seen = soon(feed_after.next()).await;
        let number = seen.connection;
        while !(seen.connection == number && matches!(seen.event, Event::Opening(_))) {
            seen = soon(feed_after.next()).await;
        }
        let number = number.0;
        assert_eq!(feed.command(number, Command::Text("by hand".to_owned())).await, None);
        assert_eq!(take(&mut receiving, 9).await, b"\x81\x07by hand", "{path}");
        assert_eq!(feed.command(number, Command::Drop(DropBy::Fin)).await, None);
        // Only the stream ends; the next one uses the same connection.
        while let Some(data) = soon(receiving.data()).await {
            assert!(data.unwrap().is_empty(), "{path}");
        }
    }
    let path = format!("{}?delay=300ms", secure.lab.path());
    let (response, mut sending) = ask(&mut client, connect(&path, "websocket", &[VERSION])).await;
    sending.send_data(masked(0x81, b"due").into(), true).unwrap();
    let mut receiving = response.into_body();
    assert_eq!(take(&mut receiving, 5).await, b"\x81\x03due");
    while let Some(data) = soon(receiving.data()).await {
        assert!(data.unwrap().is_empty());
    }
}
