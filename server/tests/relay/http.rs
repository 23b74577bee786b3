//! The HTTP side: a client cannot block it with its requests.

use crate::support::clock::Clock;
use crate::support::{Lab, Raw, eventually, handshake, http, masked};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn it_says_that_it_lives() {
    let lab = Lab::new().await;
    let answer = http(lab.address(), "GET", "/healthz", "").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
}

#[tokio::test]
async fn an_endless_head_times_out() {
    let lab = Lab::with(|config| config.head_timeout = Duration::from_millis(200)).await;
    let clock = Clock::stop();
    let (mut silent, mut slow, mut kept) = (lab.raw().await, lab.raw().await, lab.raw().await);
    slow.send(b"GET / HTT").await;
    kept.send(b"GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n").await;
    for line in [&mut silent, &mut slow, &mut kept] {
        clock.pass_until(line.rest()).await;
    }
}

#[tokio::test]
async fn a_head_over_its_limit_is_refused() {
    let lab = Lab::new().await;
    for size in [16 << 10, 17 << 10, 100 << 10] {
        let mut raw = lab.raw().await;
        let head = format!("GET {} HTTP/1.1\r\nHost: lab\r\nX: {}", lab.path(), "x".repeat(size));
        let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.0, head.as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 431 "));
    }
    let mut raw = lab.raw().await;
    raw.send(format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101)).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn an_incomplete_request_is_recorded_in_its_session() {
    let lab = Lab::with(|config| config.head_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let line = format!("GET {}?deflate=off HTTP/1.1\r\nHost: lab\r\n", lab.path());
    let cases = [
        (format!("{line}X: {}", "x".repeat(17 << 10)), 431, "head-too-large"),
        (format!("{line}{}", "a: b\r\n".repeat(101)), 431, "head-too-large"),
        (format!("{line}no header\r\n\r\n"), 400, "head-malformed"),
        (line.clone(), 408, "head-too-slow"),
    ];
    let clock = Clock::stop();
    for (head, status, rule) in cases {
        let mut raw = lab.raw().await;
        // The relay may close the connection before it has read everything.
        let _ = raw.0.write_all(head.as_bytes()).await;
        let refusal = clock.pass_until(feed.refusal()).await;
        assert_eq!((refusal.status, &*refusal.rule), (Some(status), rule));
        assert!(head.as_bytes().starts_with(&refusal.request) && refusal.request.len() >= line.len(), "{rule}");
        let answer = String::from_utf8(refusal.response).unwrap();
        match status {
            // hyper closes the connection without a response if a head is too slow.
            408 => assert_eq!((answer.as_str(), raw.rest().await), ("", vec![])),
            _ => {
                assert_eq!(raw.head().await, answer);
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")));
            }
        }
    }
    drop(clock);
    // Requests to other addresses, and connections without a request, are not recorded.
    lab.raw().await.send(b"GET /echo HTTP/1.1\r\nno header\r\n\r\n").await;
    lab.raw().await.send(b"\r\n\r\n").await;
    http(lab.address(), "GET", &lab.path(), "").await;
    assert_eq!(feed.refusal().await.rule, "upgrade-missing");
}

#[tokio::test]
async fn connections_are_limited_and_slots_are_freed() {
    let lab = Lab::with(|config| config.max_connections = 2).await;
    let healthy = async || {
        let mut raw = Raw::connect(lab.address()).await;
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n").await;
        let mut all = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut raw.0, &mut all).await;
        String::from_utf8(all).unwrap()
    };
    eventually(async || healthy().await.starts_with("HTTP/1.1 200 ")).await;
    // An upgraded connection keeps its slot.
    let held = (lab.open().await, lab.open().await);
    assert!(healthy().await.starts_with("HTTP/1.1 503 "));
    drop(held);
    eventually(async || healthy().await.starts_with("HTTP/1.1 200 ")).await;
}

#[tokio::test]
async fn a_half_closed_client_gets_its_response() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let refused = format!("GET {} HTTP/1.1\r\nHost: lab\r\n\r\n", lab.path());
    let opened = [handshake(&lab.path(), "").as_bytes(), &masked(0x81, b"hi")].concat();
    for _ in 0..20 {
        let mut raw = lab.raw().await;
        raw.send(refused.as_bytes()).await;
        raw.0.shutdown().await.unwrap();
        assert_eq!(raw.rest().await, feed.refusal().await.response);
        let mut raw = lab.raw().await;
        raw.send(&opened).await;
        raw.0.shutdown().await.unwrap();
        let response = feed.opening().await.response;
        assert_eq!(raw.rest().await, [&response[..], b"\x81\x02hi"].concat());
        feed.until_closed().await;
    }
}

#[tokio::test]
async fn after_a_chunked_request_the_connection_ends() {
    let lab = Lab::new().await;
    let mut raw = lab.raw().await;
    raw.send(b"POST /api/sessions HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").await;
    let all = String::from_utf8(raw.rest().await).unwrap();
    assert!(all.starts_with("HTTP/1.1 201 ") && all.contains("connection: close"), "{all}");
}
