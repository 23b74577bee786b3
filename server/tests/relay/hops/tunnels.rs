//! Middleboxes in front of TLS: they see records, but no content.

use super::{Legs, Seen};
use crate::support::clock::Clock;
use crate::support::{Feed, Raw, handshake, http, masked, soon};
use crate::tls::Secure;
use observation::command::{CloseWith, DropBy};
use observation::event::Cause;
use observation::{Command, Event, Intermediary, Party, Routes};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

async fn secure(name: &str) -> Secure {
    Secure::with(name, |config| config.box_listen = Some(([127, 0, 0, 1], 0).into())).await
}

async fn port(secure: &Secure, middlebox: &str) -> SocketAddr {
    let answer = http(secure.lab.address(), "GET", "/api/routes", "").await;
    let routes: Routes = serde_json::from_slice(&answer.body).unwrap();
    let offer = routes.boxes.into_iter().find(|offer| offer.name == middlebox).unwrap();
    ([127, 0, 0, 1], offer.tunnel_port.unwrap()).into()
}

/// A TLS connection through a middlebox, after the opening handshake.
async fn open(secure: &Secure, middlebox: &str, query: &str) -> TlsStream<TcpStream> {
    let mut tls = secure.connect_to(port(secure, middlebox).await, &[b"http/1.1"]).await;
    let request = handshake(&format!("{}{query}", secure.lab.path()), "");
    soon(tls.write_all(request.as_bytes())).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(tls.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    tls
}

async fn echo(tls: &mut TlsStream<TcpStream>, text: &[u8]) {
    soon(tls.write_all(&masked(0x81, text))).await.unwrap();
    let mut back = vec![0; 2 + text.len()];
    soon(tls.read_exact(&mut back)).await.unwrap();
    assert_eq!(back[2..], *text);
}

/// Both legs after their end. The near one is a tunnel.
async fn legs(feed: &mut Feed, middlebox: &str) -> (Seen, Seen) {
    let (near, far) = Legs::over(feed, 2).await.pair(&Intermediary::Tunnel(middlebox.to_owned()));
    assert!(matches!(near.events[0], Event::Tunnel(_)), "{:?}", near.events[0]);
    (near, far)
}

fn records(leg: &Seen, from: Party) -> Vec<u8> {
    let records = leg.events.iter().filter_map(|event| match event {
        Event::Records(records) if records.from == from => Some(records),
        _ => None,
    });
    records.flat_map(|records| &records.records).map(|record| record.content_type).collect()
}

#[tokio::test]
async fn a_middlebox_in_front_of_tls_can_change_nothing() {
    let secure = secure("tunnel-blind").await;
    for middlebox in ["old-proxy", "rewrite"] {
        let mut feed = secure.lab.feed_after(u64::MAX).await;
        let mut tls = open(&secure, middlebox, "").await;
        echo(&mut tls, b"through").await;
        soon(tls.write_all(&masked(0x88, b"\x03\xe8"))).await.unwrap();
        let _ = soon(tls.read_to_end(&mut Vec::new())).await;
        drop(tls);
        let (near, far) = legs(&mut feed, middlebox).await;
        let Event::Tunnel(tunnel) = &near.events[0] else { panic!() };
        assert_eq!(tunnel.server_name.as_deref(), Some("localhost"));
        assert_eq!(tunnel.deliberate.len(), 1);
        assert!(tunnel.deliberate[0].explanation.contains("TLS records"));
        // The TLS handshake from its first record, the same as on the far leg.
        let (up, down) = (records(&near, Party::Client), records(&near, Party::Server));
        assert_eq!((up[..3].to_vec(), down[..3].to_vec()), (vec![22, 20, 23], vec![22, 20, 23]));
        assert_eq!(records(&far, Party::Client)[..3], up[..3]);
        assert!(near.frames().is_empty() && far.frames().len() == 4);
        assert_eq!(far.closed().cause, Cause::ClosingHandshake);
        assert!(far.opening().route.tls.is_some());
        let host = super::field(&far.opening().request, "host");
        assert_eq!(host.as_deref(), Some("lab"), "nothing was rewritten");
    }
}

#[tokio::test]
async fn a_silent_tls_connection_is_dropped_too() {
    let secure = Secure::with("tunnel-idle", |config| config.box_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let mut feed = secure.lab.feed().await;
    let clock = Clock::stop();
    let mut tls = open(&secure, "idle-cut", "").await;
    echo(&mut tls, b"a").await;
    clock.pass(Duration::from_secs(5)).await;
    echo(&mut tls, b"b").await;
    clock.pass(Duration::from_secs(6)).await;
    drop(clock);
    let mut rest = Vec::new();
    let _ = soon(tls.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "{rest:?}");
    let (near, far) = legs(&mut feed, "idle-cut").await;
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Dropped, Cause::ConnectionEnded));
    assert_eq!(near.acts()[0].deliberate.what, "idle-cut");
}

#[tokio::test]
async fn a_reset_works_inside_tls() {
    let secure = secure("tunnel-reset").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "reset", "").await;
    echo(&mut tls, b"a").await;
    soon(tls.write_all(&masked(0x82, &[7; 8000]))).await.unwrap();
    assert!(soon(tls.read_to_end(&mut Vec::new())).await.is_err());
    let (near, far) = legs(&mut feed, "reset").await;
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Reset, Cause::ConnectionLost));
    assert_eq!(near.closed().server.bytes, 4096);
}

#[tokio::test]
async fn a_slow_tunnel_delivers_everything() {
    let secure = secure("tunnel-slow").await;
    let clock = Clock::stop();
    for middlebox in ["buffer", "slow"] {
        let mut tls = clock.pass_until(open(&secure, middlebox, "")).await;
        clock.pass_until(echo(&mut tls, &[b'x'; 100])).await;
    }
}

/// A connection without a request to a session is not recorded. Its content does not affect other connections.
#[tokio::test]
async fn traffic_other_than_tls_is_forwarded_and_not_recorded() {
    let secure = Secure::with("tunnel-noise", |config| {
        config.box_listen = Some(([127, 0, 0, 1], 0).into());
        config.head_timeout = Duration::from_millis(300);
    })
    .await;
    let clock = Clock::stop();
    let mut feed = secure.lab.feed().await;
    let address = port(&secure, "old-proxy").await;
    for seed in 0..30 {
        let mut raw = Raw::connect(address).await;
        let _ = raw.0.write_all(&crate::support::deflate::noise(seed, 600)).await;
        let _ = raw.0.write_all(b"\x16\x03\x01\x40\x00\x01").await;
        let _ = clock.pass_until(soon(raw.0.read_to_end(&mut Vec::new()))).await;
    }
    let mut tls = open(&secure, "old-proxy", "").await;
    echo(&mut tls, b"served").await;
    drop(clock);
    assert!(matches!(feed.next().await.event, Event::Tunnel(_)), "the others are not recorded");
}

#[tokio::test]
async fn tunnels_count_as_connections() {
    let secure = Secure::with("tunnel-places", |config| {
        config.box_listen = Some(([127, 0, 0, 1], 0).into());
        config.max_connections = 3;
    })
    .await;
    let address = port(&secure, "old-proxy").await;
    // Each takes two slots: its own, and that of the connection behind the middlebox.
    let mut held = open(&secure, "old-proxy", "").await;
    let mut raw = Raw::connect(address).await;
    // Only one slot is left for this one.
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    echo(&mut held, b"still there").await;
}

/// A browser uses one HTTP/2 connection for everything. The WebSocket is one of its streams.
#[tokio::test]
async fn over_http_2_the_middlebox_sees_one_connection() {
    use crate::tls::http2::{VERSION, client_to, take};
    let secure = secure("tunnel-h2").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client_to(&secure, port(&secure, "rewrite").await).await;
    let request = crate::tls::http2::connect(&secure.lab.path(), "websocket", &[VERSION]);
    let (response, mut sending) = crate::tls::http2::ask(&mut client, request).await;
    assert_eq!(response.status(), 200);
    sending.send_data(masked(0x81, b"a").into(), false).unwrap();
    take(&mut response.into_body(), 3).await;
    drop((sending, client));
    let (near, far) = legs(&mut feed, "rewrite").await;
    assert!(far.frames().len() >= 2 && near.frames().is_empty());
}

/// A middlebox without keys cannot add a frame. It can do to the TCP connection what a network can do.
#[tokio::test]
async fn commands_in_front_of_tls() {
    let secure = secure("tunnel-commands").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "rewrite", "").await;
    echo(&mut tls, b"through").await;
    let (near, far) = (1, 2);
    for command in [
        Command::Text("x".to_owned()),
        Command::Ping(Vec::new()),
        Command::Raw(b"x".to_vec()),
        Command::Close(CloseWith::default()),
    ] {
        let refused = feed.command(near, command).await.unwrap();
        assert!(refused.contains("has no keys") && refused.contains("server side"), "{refused}");
    }
    assert!(feed.command(near, Command::Behave(String::new())).await.unwrap().contains("has no behavior"));
    // TLS ends at the lab, which takes all of them.
    assert_eq!(feed.command(far, Command::Text("x".to_owned())).await, None);
    let mut came = [0; 3];
    soon(tls.read_exact(&mut came)).await.unwrap();
    assert_eq!(came, *b"\x81\x01x");

    assert_eq!(feed.command(near, Command::Pause).await, None);
    soon(tls.write_all(&masked(0x81, b"later"))).await.unwrap();
    assert_eq!(feed.command(far, Command::Ping(b"p".to_vec())).await, None);
    soon(tls.read_exact(&mut came)).await.unwrap();
    assert_eq!(came, *b"\x89\x01p", "the other direction is open, and the message was not forwarded");
    assert_eq!(feed.command(near, Command::Resume).await, None);
    let mut back = [0; 7];
    soon(tls.read_exact(&mut back)).await.unwrap();
    assert_eq!(back, *b"\x81\x05later");

    assert_eq!(feed.command(near, Command::Drop(DropBy::Reset)).await, None);
    assert!(soon(tls.read_to_end(&mut Vec::new())).await.is_err());
    let (near, far) = legs(&mut feed, "rewrite").await;
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Reset, Cause::ConnectionLost));
    let done: Vec<_> = near.acts().iter().map(|act| act.refused.is_none()).collect();
    assert_eq!(done, [false, false, false, false, false, true, true, true]);
}
