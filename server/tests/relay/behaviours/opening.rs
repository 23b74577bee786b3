//! The opening handshake: the response that replaces a plain 101, and its record.

use super::{ask, close_from_client, frame, name, nothing_but_a_pong, open, until_broken};
use crate::support::clock::Clock;
use crate::support::raw::ACCEPT;
use crate::support::{Lab, handshake, http, masked, refused, soon};
use observation::event::{Cause, Refusal};
use observation::{Event, Origin};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::connect_async;

/// The head of the response to `query`, and the recorded opening.
async fn answered(lab: &Lab, query: &str, more: &str) -> (String, observation::event::Opening) {
    let mut feed = lab.feed_after(u64::MAX).await;
    let mut raw = ask(lab, query, more).await;
    let head = raw.head().await;
    let opening = feed.opening().await;
    assert_eq!(String::from_utf8(opening.response.clone()).unwrap(), head);
    let request = handshake(&format!("{}?{query}", lab.path()), more);
    assert_eq!(String::from_utf8(opening.request.clone()).unwrap(), request);
    // After any of these responses, frames follow.
    raw.send(&masked(0x81, b"hi")).await;
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    close_from_client(&mut raw).await;
    assert_eq!(feed.until_closed().await.1.cause, Cause::ClosingHandshake);
    (head, opening)
}

const BEGIN: &str = "HTTP/1.1 101 Switching Protocols\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";

#[tokio::test]
async fn a_wrong_101_response() {
    let lab = Lab::new().await;
    let accept = format!("Sec-WebSocket-Accept: {ACCEPT}\r\n");
    // The accept value of the key `AGhlIHNhbXBsZSBub25jZQ==`, computed with sha1sum and base64.
    let other = "Sec-WebSocket-Accept: JC4TUx6VAiqkmM1MKXa0j+jfbIk=\r\n";
    let protocols = "Sec-WebSocket-Protocol: chat, superchat\r\n";
    type Case<'a> = (&'a str, &'a str, [&'a str; 5], &'a [(&'a str, &'a str)]);
    let cases: [Case; 9] = [
        ("sec-accept=wrong", "", [UPGRADE, CONNECTION, other, "", ""], &[("sec-accept", "4.1")]),
        ("sec-accept=missing", "", [UPGRADE, CONNECTION, "", "", ""], &[("sec-accept", "4.1")]),
        ("omit=upgrade", "", [CONNECTION, &accept, "", "", ""], &[("omit", "4.1")]),
        ("omit=connection", "", [UPGRADE, &accept, "", "", ""], &[("omit", "4.1")]),
        ("omit=both&sec-accept=missing", "", ["", "", "", "", ""], &[("sec-accept", "4.1"), ("omit", "4.1")]),
        ("subprotocol=first", protocols, [UPGRADE, CONNECTION, &accept, "Sec-WebSocket-Protocol: chat\r\n", ""], &[]),
        ("subprotocol=none", protocols, [UPGRADE, CONNECTION, &accept, "", ""], &[("subprotocol", "4.2.2")]),
        (
            "subprotocol=unoffered",
            protocols,
            [UPGRADE, CONNECTION, &accept, "Sec-WebSocket-Protocol: never-offered\r\n", ""],
            &[("subprotocol", "4.1")],
        ),
        (
            "extension=unoffered",
            "",
            [UPGRADE, CONNECTION, &accept, "Sec-WebSocket-Extensions: x-never-offered\r\n", ""],
            &[("extension", "9.1")],
        ),
    ];
    for (query, more, lines, purposes) in cases {
        let (head, opening) = answered(&lab, query, more).await;
        assert_eq!(head, format!("{BEGIN}{}\r\n", lines.concat()), "{query}");
        let names: Vec<_> = opening.deliberate.iter().map(name).collect();
        let expect: Vec<_> = purposes.iter().map(|(what, section)| (*what, Some((6455, *section)))).collect();
        assert_eq!(names, expect, "{query}");
        assert!(opening.deliberate.iter().all(|why| why.by == Origin::Behaviour));
    }
    // Without an offer, there is nothing to record.
    for query in ["subprotocol=none", "subprotocol=first"] {
        let (head, opening) = answered(&lab, query, "").await;
        assert_eq!(head, format!("{BEGIN}{UPGRADE}{CONNECTION}{accept}\r\n"));
        assert_eq!(opening.deliberate, []);
    }
}

#[tokio::test]
async fn an_extra_extension_follows_the_negotiated_one() {
    let lab = Lab::new().await;
    let (head, opening) = answered(&lab, "extension=unoffered", crate::support::DEFLATE_OFFER).await;
    let line = "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15, x-never-offered\r\n";
    let line = if head.contains(line) {
        line
    } else {
        "\r\nSec-WebSocket-Extensions: permessage-deflate, x-never-offered\r\n"
    };
    assert!(head.contains(line), "{head}");
    assert!(opening.deflate.is_some());
}

#[tokio::test]
async fn an_independent_client_rejects_all_of_them() {
    let lab = Lab::new().await;
    for query in ["sec-accept=wrong", "sec-accept=missing", "omit=upgrade", "omit=connection", "subprotocol=unoffered"]
    {
        let connected = connect_async(format!("ws://{}{}?{query}", lab.address(), lab.path())).await;
        assert!(connected.is_err(), "{query}");
    }
    let connected = connect_async(format!("ws://{}{}?refuse=418", lab.address(), lab.path())).await;
    assert_eq!(refused(connected.unwrap_err()), 418);
}

async fn refusal(lab: &Lab, query: &str) -> (String, Refusal) {
    let mut feed = lab.feed_after(u64::MAX).await;
    let mut raw = ask(lab, query, "").await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    let refusal = feed.refusal().await;
    assert_eq!(String::from_utf8(refusal.response.clone()).unwrap(), answer);
    assert_eq!(String::from_utf8(refusal.request.clone()).unwrap(), handshake(&format!("{}?{query}", lab.path()), ""));
    (answer, refusal)
}

#[tokio::test]
async fn every_status_from_300_to_599() {
    let lab = Lab::new().await;
    for status in 300..=599 {
        let (answer, refusal) = refusal(&lab, &format!("refuse={status}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!((refusal.status, refusal.rule.as_ref(), refusal.section), (Some(status), "refuse", None));
        assert_eq!(refusal.deliberate.iter().map(name).collect::<Vec<_>>(), [("refuse", Some((6455, "4.1")))]);
    }
}

#[tokio::test]
async fn a_refusal_with_location_and_body() {
    let lab = Lab::new().await;
    let rest = |length| {
        format!(
            "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        )
    };
    let (answer, _) = refusal(&lab, "refuse=302&location=/else%3Fwhere").await;
    assert_eq!(answer, format!("HTTP/1.1 302 Found\r\nLocation: /else?where\r\n{}", rest(0)));
    let (answer, _) = refusal(&lab, "refuse=503&body=Back+at+n%C3%B6%C3%B6n%0D%0Aor+so").await;
    assert_eq!(answer, format!("HTTP/1.1 503 Service Unavailable\r\n{}Back at nöön\r\nor so", rest(21)));
    let (answer, _) = refusal(&lab, "refuse=307&location=//a/b&body=moved").await;
    assert_eq!(answer, format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: //a/b\r\n{}moved", rest(5)));
    // A setting cannot add a line to the head.
    assert_eq!(
        http(lab.address(), "GET", &format!("{}?refuse=301&location=a%0D%0AX:b", lab.path()), "").await.status,
        426
    );
    let mut raw = ask(&lab, "refuse=301&location=a%0D%0AX:b", "").await;
    assert!(raw.rest().await.starts_with(b"HTTP/1.1 400 "));
}

#[tokio::test]
async fn a_delayed_response() {
    let lab = Lab::new().await;
    let began = Instant::now();
    let (head, opening) = answered(&lab, "open-delay=300ms", "").await;
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(head.starts_with(BEGIN));
    assert_eq!(opening.deliberate.iter().map(name).collect::<Vec<_>>(), [("open-delay", None)]);
    let mut feed = lab.feed().await;
    let at_us = feed.next().await.at_us;
    assert!(at_us >= opening.requested_us + 300_000, "{at_us} and {}", opening.requested_us);
    let began = Instant::now();
    let (_, refusal) = refusal(&lab, "open-delay=300ms&refuse=404").await;
    assert!(began.elapsed() >= Duration::from_millis(300));
    let names: Vec<_> = refusal.deliberate.iter().map(name).collect();
    assert_eq!(names, [("open-delay", None), ("refuse", Some((6455, "4.1")))]);
}

#[tokio::test]
async fn a_client_that_leaves_early_is_recorded() {
    let lab = Lab::with(|config| config.session_connections = 1).await;
    let mut feed = lab.feed().await;
    for query in ["open-delay=200ms", "open-delay=200ms&open=garbage"] {
        let clock = Clock::stop();
        let raw = ask(&lab, query, "").await;
        #[expect(deprecated, reason = "a reset is what this is about, and dropping the socket sends it at once")]
        raw.0.set_linger(Some(Duration::ZERO)).unwrap();
        drop(raw);
        clock.pass(Duration::from_millis(200)).await;
        drop(clock);
        let refusal = feed.refusal().await;
        assert_eq!((refusal.rule.as_ref(), refusal.status), ("left-early", None), "{query}");
        assert_eq!(name(&refusal.deliberate[0]), ("open-delay", None));
        // Its slot is free again.
        crate::support::eventually(async || open(&lab, "open-delay=1ms").await.0.shutdown().await.is_ok()).await;
        feed.opening().await;
        feed.until_closed().await;
    }
}

/// A refusal that is not HTTP, or that sends nothing.
fn check_unanswered(refusal: &Refusal, rule: &str, response: &[u8]) {
    assert_eq!((refusal.rule.as_ref(), refusal.status, &refusal.response[..]), (rule, None, response));
    let last = refusal.deliberate.last().unwrap();
    assert_eq!(name(last), ("open", Some((6455, "4.1"))));
    assert_eq!(last.explanation, refusal.explanation);
}

#[tokio::test]
async fn silence() {
    let lab = Lab::with(|config| config.session_connections = 1).await;
    let mut feed = lab.feed().await;
    let mut raw = ask(&lab, "open=silence", "").await;
    check_unanswered(&feed.refusal().await, "silence", b"");
    // It keeps its slot as long as it lasts, whatever the client sends.
    raw.send(&masked(0x81, b"hello?")).await;
    assert_eq!(refused(connect_async(format!("ws://{}{}", lab.address(), lab.path())).await.unwrap_err()), 503);
    assert_eq!(feed.refusal().await.rule, "too-many-connections");
    raw.0.shutdown().await.unwrap();
    assert_eq!(raw.rest().await, b"");
    let Event::Act(act) = feed.next().await.event else { panic!("an act") };
    assert_eq!((name(&act.deliberate), act.sent), (("open", Some((6455, "4.1"))), 0));
    assert!(act.deliberate.explanation.contains("the client stopped waiting"));
    crate::support::eventually(async || connect_async(format!("ws://{}{}", lab.address(), lab.path())).await.is_ok())
        .await;
}

#[tokio::test]
async fn a_silence_has_an_end() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = ask(&lab, "open=silence", "").await;
    feed.refusal().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(raw.rest().await, b"");
    let Event::Act(act) = feed.next().await.event else { panic!("an act") };
    assert!(act.deliberate.explanation.contains("reached its time limit"), "{act:?}");
}

#[tokio::test]
async fn the_connection_is_dropped_reset_or_not_http() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = ask(&lab, "open=drop", "").await;
    assert_eq!(raw.rest().await, b"");
    check_unanswered(&feed.refusal().await, "drop", b"");
    let mut raw = ask(&lab, "open=reset", "").await;
    let (bytes, ended) = until_broken(&mut raw).await;
    assert_eq!((&bytes[..], ended.unwrap_err().kind()), (&b""[..], ErrorKind::ConnectionReset));
    check_unanswered(&feed.refusal().await, "reset", b"");
    let mut raw = ask(&lab, "open=garbage", "").await;
    assert_eq!(raw.rest().await, b"SSH-2.0-OpenSSH_9.6\r\n");
    check_unanswered(&feed.refusal().await, "garbage", b"SSH-2.0-OpenSSH_9.6\r\n");
    // The same after a delay.
    let began = Instant::now();
    let mut raw = ask(&lab, "open=garbage&open-delay=200ms", "").await;
    assert_eq!(raw.rest().await, b"SSH-2.0-OpenSSH_9.6\r\n");
    assert!(began.elapsed() >= Duration::from_millis(200));
    let refusal = feed.refusal().await;
    check_unanswered(&refusal, "garbage", b"SSH-2.0-OpenSSH_9.6\r\n");
    assert_eq!(name(&refusal.deliberate[0]), ("open-delay", None));
}

#[tokio::test]
async fn echo_behaves_the_same_and_records_nothing() {
    let lab = Lab::new().await;
    let ask = async |query: &str| {
        let mut raw = lab.raw().await;
        raw.send(handshake(&format!("/echo?{query}"), "").as_bytes()).await;
        raw
    };
    assert_eq!(ask("open=drop").await.rest().await, b"");
    assert!(ask("refuse=500").await.rest().await.starts_with(b"HTTP/1.1 500 "));
    let mut silent = ask("open=silence").await;
    silent.0.shutdown().await.unwrap();
    assert_eq!(silent.rest().await, b"");
    let mut raw = ask("open-delay=100ms&greet=hi").await;
    raw.head().await;
    assert_eq!(raw.take(4).await, frame(0x81, b"hi"));
    nothing_but_a_pong(&mut raw).await;
}

#[tokio::test]
async fn after_other_requests_on_a_kept_alive_connection() {
    let lab = Lab::new().await;
    for (query, expect) in [("open=garbage", &b"SSH-2.0-OpenSSH_9.6\r\n"[..]), ("open=drop", b"")] {
        let mut raw = lab.raw().await;
        let request = handshake(&format!("{}?{query}", lab.path()), "");
        raw.send(format!("GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n{request}").as_bytes()).await;
        let all = raw.rest().await;
        assert!(all.starts_with(b"HTTP/1.1 200 OK\r\n") && all.ends_with(expect), "{query}");
        assert_eq!(String::from_utf8_lossy(&all).matches("HTTP/1.1").count(), 1, "hyper's own 101 is not sent");
    }
}

#[tokio::test]
async fn the_relay_ends_while_a_request_waits() {
    for query in ["open-delay=60s", "open=silence", "open-delay=60s&refuse=500", "open-delay=60s&open=silence"] {
        let lab = Lab::new().await;
        let _raw = ask(&lab, query, "").await;
        crate::support::eventually(async || http(lab.address(), "GET", "/healthz", "").await.status == 200).await;
        // `soon` waits for less than these 60 seconds.
        soon(lab.relay.stop()).await;
    }
}
