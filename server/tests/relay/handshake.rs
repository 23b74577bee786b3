//! The request and the response of the opening handshake, byte for byte. RFC 6455 §4.

use crate::support::raw::{ACCEPT, KEY};
use crate::support::{Lab, Raw, handshake, masked};

fn expected(subprotocol: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n{subprotocol}\r\n"
    )
}

#[tokio::test]
async fn both_handshakes_are_recorded_exactly() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let requests = [
        handshake(&lab.path(), ""),
        handshake(
            &format!("{}?&deflate=off&", lab.path()),
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        ),
        format!(
            "GET {} HTTP/1.1\r\nhOsT:lab\r\nX-Same: 1\r\nupgrade:    WebSocket\t\r\nx-same: \t2 \r\n\
             CONNECTION: keep-alive ,UPGRADE\r\nsec-websocket-version:13\r\nX-Latin: \u{e9}\r\nSec-WebSocket-KEY: {KEY}\r\n\r\n",
            lab.path()
        ),
        handshake(&lab.path(), "").replace("Connection: Upgrade", "Connection: close, Upgrade"),
        handshake(&lab.path(), "").replace("GET /", "GET http://lab/"),
        format!("\r\n\n{}", handshake(&lab.path(), "")),
        handshake(&lab.path(), &format!("X-Long: {}\r\n", "x".repeat(8000))),
    ];
    for request in requests {
        let mut raw = lab.raw().await;
        raw.send(request.as_bytes()).await;
        assert_eq!(raw.head().await, expected(""));
        let opening = feed.opening().await;
        // Line ends before the request line are not part of it. RFC 9112 §2.2.
        assert_eq!(String::from_utf8(opening.request).unwrap(), request.trim_start());
        assert_eq!(String::from_utf8(opening.response).unwrap(), expected(""));
        assert_eq!(opening.subprotocol, None);
        drop(raw);
        feed.closed().await;
    }
}

#[tokio::test]
async fn a_head_in_single_bytes_is_recorded_the_same() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let request = handshake(&lab.path(), "");
    for byte in request.as_bytes() {
        raw.send(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.head().await, expected(""));
    assert_eq!(feed.opening().await.request, request.as_bytes());
}

/// RFC 6455 §4.1 prints a key whose last character has bits that belong to no byte. §4.2.1 asks only that it decodes to 16 bytes.
#[tokio::test]
async fn the_key_of_the_rfc_is_accepted() {
    let lab = Lab::new().await;
    for path in [lab.path(), "/echo".to_owned(), format!("/via/rewrite{}", lab.path())] {
        let mut raw = lab.raw().await;
        // A body of no bytes may be announced with any number of zeros. RFC 9110 §8.6.
        let request = handshake(&path, "Content-Length: 00\r\n").replace(KEY, "AQIDBAUGBwgJCgsMDQ4PEC==");
        raw.send(request.as_bytes()).await;
        let answer = raw.head().await;
        assert!(answer.contains("Sec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_first_offered_subprotocol_is_selected() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let offer = "Sec-WebSocket-Protocol: chat.v2, chat\r\nSec-WebSocket-Protocol: soap\r\n";
    raw.send(handshake(&lab.path(), offer).as_bytes()).await;
    assert_eq!(raw.head().await, expected("Sec-WebSocket-Protocol: chat.v2\r\n"));
    assert_eq!(feed.opening().await.subprotocol.as_deref(), Some("chat.v2"));
}

#[tokio::test]
async fn frames_right_after_the_head_are_not_lost() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let request = handshake(&lab.path(), "");
    // A complete frame and the start of a second one, in the same write as the head.
    let long = vec![b'x'; 30_000];
    let frames = [masked(0x81, b"early"), masked(0x82, &long)].concat();
    let (front, back) = frames.split_at(20_000);
    raw.send(&[request.as_bytes(), front].concat()).await;
    raw.send(back).await;
    assert_eq!(raw.head().await, expected(""));
    assert_eq!(raw.take(7).await, b"\x81\x05early");
    assert_eq!(raw.take(4 + 30_000).await[..4], [0x82, 126, 0x75, 0x30]);
    assert_eq!(feed.opening().await.request, request.as_bytes());
    assert_eq!(feed.frame().await.unmasked_payload(), b"early");
}

#[tokio::test]
async fn earlier_requests_on_the_connection_are_not_recorded() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let request = handshake(&lab.path(), "");
    let health = "GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n";
    let create =
        "POST /api/sessions HTTP/1.1\r\nHost: lab\r\nContent-Length: 31\r\n\r\nGET /lab/trap HTTP/1.1\r\nA: b\r\n\r\n";
    let before = [health, create, "\r\n\r\n", health, "GET /nowhere HTTP/1.1\r\nHost: lab\r\n\r\n"];

    // One after the other: the client waits for each response before it sends the next request.
    let mut raw = lab.raw().await;
    for text in before {
        raw.send(text.as_bytes()).await;
        if !text.starts_with('\r') {
            let head = raw.head().await.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
            raw.take(length.parse().unwrap()).await;
        }
    }
    raw.send(request.as_bytes()).await;
    assert_eq!(raw.head().await, expected(""));
    assert_eq!(feed.opening().await.request, request.as_bytes());
    drop(raw);
    feed.closed().await;

    // All in one write, and in small pieces.
    for size in [usize::MAX, 3] {
        let mut raw = lab.raw().await;
        let all = [before.concat().as_bytes(), request.as_bytes(), &masked(0x81, b"hi")].concat();
        for piece in all.chunks(size.min(all.len())) {
            raw.send(piece).await;
        }
        assert_eq!(feed.opening().await.request, request.as_bytes());
        assert_eq!(feed.frame().await.unmasked_payload(), b"hi");
        let mut seen = String::new();
        while !seen.ends_with(&expected("")) {
            seen.push(char::from(raw.take(1).await[0]));
        }
        assert_eq!(seen.matches("HTTP/1.1 ").count(), 5);
        assert_eq!(raw.take(4).await, b"\x81\x02hi");
        drop(raw);
        feed.frame().await;
        feed.closed().await;
    }
}

#[tokio::test]
async fn a_plain_echo_works_without_a_session() {
    let lab = Lab::new().await;
    let mut raw = Raw::open(lab.address(), "/echo").await;
    raw.send(&masked(0x81, b"hello")).await;
    assert_eq!(raw.take(7).await, b"\x81\x05hello");
}
