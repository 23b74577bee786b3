//! Places for connections: of the relay, of a client, and of another server.

use super::limited;
use crate::hops::relay_path;
use crate::hops::upstream::Upstream;
use crate::support::{Feed, Lab, Raw, eventually, handshake, soon};
use crate::tls::Secure;
use crate::tls::http2::{VERSION, ask, client, connect};
use framescope::args::Switch;
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_client_has_so_many_connections() {
    let lab = limited(|limits| limits.client_connections = "2".parse().unwrap()).await;
    let open = [lab.open().await, lab.open().await];
    let mut turned_away = lab.raw().await;
    let answer = String::from_utf8(turned_away.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("\r\nRetry-After: 10\r\n"), "{answer}");
    assert!(answer.contains("the limit is 2 at once") && answer.ends_with("--client-connections.\n"), "{answer}");
    drop(open);
    let works = async || {
        let mut raw = lab.raw().await;
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n").await;
        // The answer may be the one that turns away.
        let mut first = [0; 12];
        soon(raw.0.read_exact(&mut first)).await.is_ok_and(|_| first == *b"HTTP/1.1 200")
    };
    eventually(works).await;
}

#[tokio::test]
async fn a_client_has_so_many_observers() {
    let lab = limited(|limits| limits.client_observers = "2".parse().unwrap()).await;
    let observers = [lab.feed().await, lab.feed().await];
    let observe = format!("/api/sessions/{}/observe", lab.id);
    let mut raw = lab.raw().await;
    raw.send(handshake(&observe, "").as_bytes()).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    drop(observers);
    eventually(async || {
        let mut raw = lab.raw().await;
        raw.send(handshake(&observe, "").as_bytes()).await;
        raw.head().await.starts_with("HTTP/1.1 101 ")
    })
    .await;
}

/// The attack: one HTTP/2 connection opens as many WebSockets as it likes.
#[tokio::test]
async fn a_websocket_on_a_shared_connection_has_a_place_of_its_own() {
    let secure = Secure::with("h2-places", |config| config.max_connections = 4).await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let path = secure.lab.path();
    let mut open = Vec::new();
    for _ in 0..2 {
        let stream = ask(&mut client, connect(&path, "websocket", &[VERSION])).await;
        assert_eq!(stream.0.status(), 200);
        open.push(stream);
    }
    for path in [&path[..], "/echo"] {
        let (refused, _) = ask(&mut client, connect(path, "websocket", &[VERSION])).await;
        assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"10".parse().unwrap()));
    }
    assert!(until_refused(&mut feed).await.starts_with("relay-full: "));
    let observe = format!("/api/sessions/{}/observe", secure.lab.id);
    assert_eq!(ask(&mut client, connect(&observe, "websocket", &[VERSION])).await.0.status(), 503);
    drop(open);
    eventually(async || ask(&mut client.clone(), connect("/echo", "websocket", &[VERSION])).await.0.status() == 200)
        .await;
}

#[tokio::test]
async fn a_websocket_on_a_shared_connection_counts_for_its_client() {
    let secure = Secure::with("h2-client", |config| {
        config.client.client_limits_on_loopback = Switch::On;
        config.client.client_connections = "2".parse().unwrap();
    })
    .await;
    let mut client = client(&secure).await;
    let _open = ask(&mut client, connect("/echo", "websocket", &[VERSION])).await;
    assert_eq!(ask(&mut client, connect("/echo", "websocket", &[VERSION])).await.0.status(), 429);
}

#[tokio::test]
async fn a_connection_to_another_server_has_a_place_and_each_server_a_limit() {
    let upstream = Upstream::bind().await;
    let allowed = vec![upstream.url("").parse().unwrap()];
    let lab = Lab::with(|config| (config.relay_to, config.relay_connections) = (allowed.clone(), 1)).await;
    let mut feed = lab.feed().await;
    let path = relay_path(&lab, &upstream.url("/"));
    let open = async |lab: &Lab, path: &str| {
        let mut raw = lab.raw().await;
        raw.send(handshake(path, "").as_bytes()).await;
        let (server, _) = upstream.accept().await;
        assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
        (raw, server)
    };
    let first = open(&lab, &path).await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&path, "").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 503 "));
    let refused = until_refused(&mut feed).await;
    assert!(refused.starts_with("too-many-relayed: this relay already has 1 connections to ws://"), "{refused}");
    drop(first);
    eventually(async || {
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, "").as_bytes()).await;
        let answer = tokio::select! {
            head = raw.head() => head,
            (_server, _) = upstream.accept() => raw.head().await,
        };
        answer.starts_with("HTTP/1.1 101 ")
    })
    .await;

    // The observer, the client and the connection to the server have a place each.
    let full = Lab::with(|config| (config.relay_to, config.max_connections) = (allowed, 2)).await;
    let mut feed = full.feed().await;
    let mut raw = full.raw().await;
    raw.send(handshake(&relay_path(&full, &upstream.url("/")), "").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 503 "));
    assert!(until_refused(&mut feed).await.starts_with("relay-full: "));
}

#[tokio::test]
async fn a_middlebox_has_places_for_both_of_its_ends_and_its_client_pays_once() {
    let through = async |most: usize, client: &str| {
        let lab = Lab::with(|config| {
            config.max_connections = most;
            config.client.client_limits_on_loopback = Switch::On;
            config.client.client_connections = client.parse().unwrap();
        })
        .await;
        let mut raw = Raw::connect(lab.address()).await;
        raw.send(handshake(&format!("/via/rewrite{}", lab.path()), "").as_bytes()).await;
        raw.head().await.split(' ').nth(1).unwrap().to_owned()
    };
    // The client's connection, and the one to the lab, which ends in this process twice.
    assert_eq!([through(3, "1").await, through(2, "1").await, through(1, "1").await], ["101", "503", "503"]);
}

/// The rule and the explanation of the next refusal.
async fn until_refused(feed: &mut Feed) -> String {
    loop {
        if let observation::Event::Refusal(refusal) = feed.next().await.event {
            return format!("{}: {}", refusal.rule, refusal.explanation);
        }
    }
}
