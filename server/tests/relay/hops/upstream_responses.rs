//! The relay as a client: it checks a server's response completely, skips interim responses, and finds the end of any body.

use super::upstream::{Upstream, switching};
use super::upstream_refusals::{answered, leading_to};
use super::{Legs, ask, relay_path};
use crate::support::clock::Clock;
use crate::support::{DEFLATE_OFFER, Lab, Raw, handshake, soon};
use observation::Intermediary;
use observation::event::Refusal;

/// The broken rules, each as its RFC, its section and its name.
fn broken(far: &Refusal) -> Vec<(u16, &str, &str)> {
    far.violations.iter().map(|broken| (broken.rfc, &*broken.section, &*broken.rule)).collect()
}

#[tokio::test]
async fn each_header_of_a_101_may_appear_once() {
    for (line, expect) in [
        ("Upgrade: websocket", (6455, "4.1", "answer-upgrade-repeated")),
        ("Sec-WebSocket-Accept: x", (6455, "11.3.3", "answer-accept-repeated")),
    ] {
        let (near, far) = answered("", |head| switching(head, &format!("{line}\r\n"))).await;
        assert_eq!((near.status, &*near.rule), (Some(502), "upstream-not-websocket"), "{line}");
        assert_eq!((far.status, broken(&far)), (Some(101), vec![expect]));
        assert!(near.explanation.contains("appears 2 times"), "{}", near.explanation);
    }
    let twice = "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n";
    let (_, far) = answered("Sec-WebSocket-Protocol: a\r\n", |head| switching(head, twice)).await;
    assert_eq!(broken(&far), [(6455, "11.3.4", "answer-subprotocol-repeated")]);
}

#[tokio::test]
async fn compression_that_does_not_answer_the_offer() {
    let plain = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    for (offer, answer, expect) in [
        (plain, "permessage-deflate; client_max_window_bits=16", (7692, "7.1", "answer-deflate-parameter")),
        (plain, "permessage-deflate; client_max_window_bits=10", (7692, "7.1.2.2", "answer-client-window")),
        (DEFLATE_OFFER, "permessage-deflate; client_max_window_bits", (7692, "7.1", "answer-deflate-parameter")),
        (plain, "permessage-deflate, permessage-deflate", (7692, "5", "answer-deflate-repeated")),
        (plain, "x-webkit-deflate-frame", (6455, "4.1", "answer-extension-not-offered")),
    ] {
        let more = format!("Sec-WebSocket-Extensions: {answer}\r\n");
        let (near, far) = answered(offer, |head| switching(head, &more)).await;
        assert_eq!((near.status, broken(&far)), (Some(502), vec![expect]), "{answer}");
        let says = format!("(RFC {} §{})", expect.0, expect.1);
        assert!(near.explanation.ends_with(&says), "{}", near.explanation);
    }
}

#[tokio::test]
async fn all_broken_rules_are_reported_on_both_sides() {
    let spoiled = |head: &str| switching(head, "Sec-WebSocket-Protocol: b\r\n").replace("Connection: Upgrade\r\n", "");
    let (near, far) = answered("", |head| spoiled(head).replace("HTTP/1.1", "HTTP/1.0")).await;
    let rules = [
        (6455, "4.2.2", "answer-http-too-old"),
        (6455, "4.1", "answer-connection"),
        (6455, "4.1", "answer-subprotocol-not-offered"),
    ];
    assert_eq!((broken(&far), far.section.as_deref()), (rules.to_vec(), Some("4.2.2")));
    for broken in &far.violations {
        assert!(near.explanation.contains(&broken.explanation), "{}", near.explanation);
    }
}

/// A relay that has forwarded a request. Returns the client's and the server's connection, and the request that arrived.
async fn asked(change: impl FnOnce(&mut framescope::args::Config)) -> (Lab, Raw, Raw, String) {
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let lab = Lab::with(|config| {
        config.relay_to = vec![allowed];
        change(config);
    })
    .await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &upstream.url("/")), "").as_bytes()).await;
    let (server, head) = upstream.accept_silently().await;
    (lab, raw, server, head)
}

const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

#[tokio::test]
async fn interim_responses_are_skipped_and_recorded() {
    for together in [true, false] {
        let (lab, mut raw, mut server, head) = asked(|_| {}).await;
        let mut feed = lab.feed().await;
        let final_one = switching(&head, "");
        if together {
            server.send([INTERIM, &final_one, "\u{1}"].concat().as_bytes()).await;
        } else {
            for byte in INTERIM.bytes().chain(final_one.bytes()) {
                server.send(&[byte]).await;
            }
            server.send(b"\x01").await;
        }
        let answer = raw.head().await;
        assert!(answer.starts_with("HTTP/1.1 101 ") && !answer.contains("Early"), "{answer}");
        assert_eq!(raw.take(1).await, [1], "what follows the response is not part of it");
        drop((raw, server));
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        assert_eq!(String::from_utf8_lossy(&far.opening().interim), INTERIM);
        assert_eq!(far.opening().response, final_one.as_bytes());
        assert_eq!(near.opening().interim, b"");
    }
    let (near, far) = answered("", |_| format!("{INTERIM}HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")).await;
    assert_eq!((&*near.rule, far.status, &*far.interim), ("upstream-refused", Some(403), INTERIM.as_bytes()));
    // Without a final response, the interim ones are still recorded.
    let (near, far) = answered("", |_| INTERIM.to_owned()).await;
    assert_eq!((&*near.rule, far.status, &*far.interim), ("upstream-ended", None, INTERIM.as_bytes()));
}

#[tokio::test]
async fn interim_responses_have_limits() {
    let (near, far) = answered("", |_| "HTTP/1.1 102 Processing\r\n\r\n".repeat(1000)).await;
    assert_eq!((near.status, &*near.rule), (Some(502), "upstream-head-too-large"));
    assert!(near.explanation.contains("more than 16 interim responses"), "{}", near.explanation);
    assert!(far.interim.len() + far.response.len() < 6000);
    let large = format!("HTTP/1.1 103 Early Hints\r\nX: {}\r\n\r\n", "x".repeat(6000));
    let (near, far) = answered("", |_| large.repeat(10)).await;
    assert_eq!(near.rule, "upstream-head-too-large");
    assert!(near.explanation.contains("--max-head"), "{}", near.explanation);
    assert!(far.interim.len() + far.response.len() < 32 << 10);
}

#[tokio::test]
async fn the_body_of_a_refusal_is_read_to_its_end() {
    const CHUNKED: &str =
        "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n5;x=y\r\nentry\r\n0\r\nT: r\r\n\r\n";
    let cases = [
        CHUNKED,
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nno entry",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    ];
    let requests = cases.map(async |text| {
        let (lab, mut raw, mut server, _) = asked(|_| {}).await;
        let mut feed = lab.feed().await;
        // Time does not pass, and the server keeps the connection open: only the framing tells where the body ends.
        let clock = Clock::stop();
        server.send(text.as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 502 "));
        drop(clock);
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        assert_eq!(String::from_utf8_lossy(&far.refusal().response), text);
        assert!(!near.refusal().explanation.contains("body"), "{}", near.refusal().explanation);
    });
    for request in requests {
        request.await;
    }
    // What follows the body does not belong to it.
    let (_, far) = answered("", |_| format!("{CHUNKED}HTTP/1.1 200 OK\r\n\r\n")).await;
    assert_eq!(far.response, CHUNKED.as_bytes());
}

#[tokio::test]
async fn an_incomplete_body_is_named() {
    let long = "x".repeat(100_000);
    for (text, says) in [
        (format!("HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n{long}"), "more than 16384 bytes"),
        (format!("HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n{long}"), "more than 16384 bytes"),
        (format!("HTTP/1.1 500 Oh\r\n\r\n{long}"), "more than 16384 bytes"),
        ("HTTP/1.1 500 Oh\r\nContent-Length: 10\r\n\r\nshort".to_owned(), "before the end of its body"),
        ("HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab".to_owned(), "before the end of its body"),
        ("HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n".to_owned(), "invalid chunk"),
        ("HTTP/1.1 500 Oh\r\nContent-Length: many\r\n\r\n".to_owned(), "`Content-Length: many`"),
    ] {
        let (near, far) = answered("", |_| text.clone()).await;
        assert_eq!((&*near.rule, far.status), ("upstream-refused", Some(500)));
        assert!(near.explanation.contains(says), "{}", near.explanation);
        assert!(text.as_bytes().starts_with(&far.response) && far.response.len() <= (16 << 10) + 100);
    }
    let (lab, mut raw, mut server, _) = asked(|_| {}).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    server.send(b"HTTP/1.1 500 Oh\r\nContent-Length: 10\r\n\r\nslow").await;
    clock.pass_until(raw.head()).await;
    drop(clock);
    let (near, _) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert!(near.refusal().explanation.contains("had not ended after 2 seconds"), "{}", near.refusal().explanation);
}

#[tokio::test]
async fn a_head_over_the_limit_names_the_limit() {
    let filler = |head: &str| switching(head, &format!("X-Filler: {}\r\n", "x".repeat(17_000)));
    let (near, far) = answered("", filler).await;
    assert_eq!((near.status, &*near.rule), (Some(502), "upstream-head-too-large"));
    assert!(near.explanation.contains("more than 16384 bytes; --max-head raises"), "{}", near.explanation);
    assert!(far.response.starts_with(b"HTTP/1.1 101 "));
    // The flag raises it.
    let (_lab, mut raw, mut server, head) = asked(|config| config.max_head = 64 << 10).await;
    server.send(filler(&head).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    // An endless head is not collected.
    let endless = format!("HTTP/1.1 101 Switching Protocols\r\nX: {}", "x".repeat(1 << 20));
    let (near, far) = answered("", |_| endless.clone()).await;
    assert!(near.rule == "upstream-head-too-large" && far.response.len() < 33 << 10, "{}", far.response.len());
    let (near, _) = answered("", |head| switching(head, &"X-Filler: x\r\n".repeat(200))).await;
    assert!(near.rule == "upstream-head-too-large" && near.explanation.contains("100"), "{}", near.explanation);
}

#[tokio::test]
async fn a_head_that_stops_is_recorded_as_far_as_it_came() {
    let (lab, mut raw, mut server, _) = asked(|_| {}).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    server.send([INTERIM, "HTTP/1.1 101 Switching Protocols\r\nUpgr"].concat().as_bytes()).await;
    let head = clock.pass_until(raw.head()).await;
    drop(clock);
    assert!(head.starts_with("HTTP/1.1 504 "), "{head}");
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!(near.refusal().rule, "upstream-timeout");
    assert!(near.refusal().explanation.contains("did not finish its response head"), "{:?}", near.refusal());
    assert_eq!(far.refusal().response, b"HTTP/1.1 101 Switching Protocols\r\nUpgr");
    assert_eq!(far.refusal().interim, INTERIM.as_bytes());
}

#[tokio::test]
async fn a_relay_that_shuts_down_says_so() {
    let (lab, mut raw, mut server, _) = asked(|_| {}).await;
    let mut feed = lab.feed().await;
    let stopping = tokio::spawn(lab.relay.stop());
    assert!(raw.head().await.starts_with("HTTP/1.1 503 "));
    assert_eq!(server.rest().await, b"");
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((&*near.refusal().rule, &*far.refusal().rule), ("shutdown", "shutdown"));
    drop((feed, raw));
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn added_headers_of_one_name_all_arrive_in_order() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let path = format!(
        "{}&header=X-A:1&header=User-Agent:mine&header=x-a:2&header=X-A:3",
        relay_path(&lab, &upstream.url("/"))
    );
    let refuse = async {
        let (mut server, head) = upstream.accept_silently().await;
        server.send(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await;
        head
    };
    let (_, head) = tokio::join!(ask(&lab, &path, "User-Agent: yours\r\n"), refuse);
    let lines: Vec<_> = head.lines().filter(|line| line.starts_with(['X', 'x']) || line.starts_with("User")).collect();
    assert_eq!(lines, ["X-A: 1", "User-Agent: mine", "x-a: 2", "X-A: 3"]);
}
