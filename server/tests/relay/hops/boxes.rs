//! Middleboxes that read HTTP. Each is a hop, and the relay records both of its legs.

use super::{Legs, Seen, ask, field, open_via, via};
use crate::support::deflate::{Inflating, deflated, noise};
use crate::support::{Lab, Raw, http, masked, soon};
use crate::tls::Secure;
use observation::event::Cause;
use observation::{Event, Http, Leg, Origin, Party};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LET_THROUGH: [&str; 6] = [
    "idle-cut,after=60s",
    "buffer,size=16,wait=100ms",
    "slow,rate=1MiB,latency=1ms",
    "reset,after=1MiB",
    "rewrite",
    "buffer",
];

/// The expected frames on both legs: sender, opcode, content.
fn brief(leg: &Seen) -> Vec<(Party, u8, Vec<u8>)> {
    leg.frames().iter().map(|frame| (frame.from, frame.opcode, frame.unmasked_payload())).collect()
}

#[tokio::test]
async fn forwarded_traffic_is_the_same_on_both_legs() {
    for middlebox in LET_THROUGH {
        let lab = Lab::new().await;
        let mut feed = lab.feed().await;
        let mut raw = open_via(&lab, middlebox, "").await;
        // One payload is recorded inside its observation, the other is shared by two observations.
        let large = noise(1, 3000);
        for (first, payload) in [(0x81, b"hello".to_vec()), (0x82, large.clone())] {
            raw.send(&masked(first, &payload)).await;
            assert_eq!(raw.frame().await, (first, payload));
        }
        raw.send(&masked(0x88, b"\x0f\xa0bye")).await;
        assert_eq!(raw.close_code().await, 4000);
        drop(raw);

        let name = middlebox.split(',').next().unwrap();
        let (near, far) = Legs::over(&mut feed, 2).await.over_box(name);
        let (client, server) = (Party::Client, Party::Server);
        let expect = [
            (client, 1, b"hello".to_vec()),
            (server, 1, b"hello".to_vec()),
            (client, 2, large.clone()),
            (server, 2, large.clone()),
            (client, 8, b"\x0f\xa0bye".to_vec()),
            (server, 8, b"\x0f\xa0".to_vec()),
        ];
        assert_eq!(brief(&near), expect, "{middlebox}");
        assert_eq!(brief(&far), expect, "{middlebox}");
        let keys = |leg: &Seen| leg.frames().iter().map(|frame| frame.masking_key).collect::<Vec<_>>();
        assert_eq!(keys(&near), keys(&far), "a middlebox keeps the masks");
        for leg in [&near, &far] {
            let closed = leg.closed();
            assert_eq!((closed.cause, closed.clean, closed.code), (Cause::ClosingHandshake, true, Some(4000)));
            assert_eq!((closed.first, closed.reason.as_str()), (Some(Party::Client), "bye"));
            assert_eq!((closed.client.frames, closed.server.frames), (3, 3));
        }
        assert_eq!((near.closed().client, near.closed().server), (far.closed().client, far.closed().server));
        let asked = String::from_utf8(near.asked().request.clone()).unwrap();
        assert!(asked.starts_with(&format!("GET {} HTTP/1.1\r\n", via(&lab, middlebox, ""))), "{asked}");
        assert_eq!(near.opening().request, near.asked().request);
        assert_eq!(near.opening().response, far.opening().response, "the response is forwarded unchanged");
        let passed_on = String::from_utf8(far.opening().request.clone()).unwrap();
        assert!(passed_on.starts_with(&format!("GET {} HTTP/1.1\r\n", lab.path())), "{passed_on}");
        if name != "rewrite" {
            assert_eq!(asked.split_once("\r\n").unwrap().1, passed_on.split_once("\r\n").unwrap().1);
        }
    }
}

#[tokio::test]
async fn the_query_and_early_frames_are_forwarded() {
    let lab = Lab::new().await;
    let mut raw = lab.raw().await;
    let path = via(&lab, "idle-cut", "?greet=a%20greeting&deflate=off");
    raw.send(&[crate::support::handshake(&path, "").as_bytes(), &masked(0x81, b"early")].concat()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(raw.frame().await, (0x81, b"a greeting".to_vec()));
    assert_eq!(raw.frame().await, (0x81, b"early".to_vec()));
}

#[tokio::test]
async fn an_old_proxy_drops_the_upgrade() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let (status, answer) = ask(&lab, &via(&lab, "old-proxy", ""), "Origin: http://a\r\n").await;
    assert_eq!(status, 426);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("old-proxy");

    let asked = near.asked();
    assert!(field(&asked.request, "upgrade").is_some() && field(&asked.request, "connection").is_some());
    assert_eq!((asked.deliberate.len(), asked.deliberate[0].by), (1, Origin::Middlebox));
    assert!(asked.deliberate[0].explanation.contains("`Upgrade` and `Connection`"));
    let (refused, passed_on) = (far.refusal(), near.refusal());
    assert_eq!(field(&refused.request, "upgrade"), None);
    assert_ne!(field(&refused.request, "connection").as_deref(), Some("Upgrade"));
    assert_eq!(field(&refused.request, "origin").as_deref(), Some("http://a"));
    assert_eq!((refused.status, &*refused.rule), (Some(426), "upgrade-missing"));
    assert_eq!((passed_on.status, &*passed_on.rule), (Some(426), "passed-on"));
    assert_eq!(passed_on.response, answer.as_bytes());
    assert_eq!(passed_on.response, refused.response);
    assert_eq!(passed_on.deliberate, asked.deliberate);
}

#[tokio::test]
async fn a_reverse_proxy_rewrites_the_request() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let more = "X-Forwarded-For: 192.0.2.7\r\nX-Custom:  kept \r\n";
    raw.send(crate::support::handshake(&via(&lab, "rewrite", ""), more).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    raw.send(&masked(0x88, b"")).await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
    let is = |name| field(&far.opening().request, name);
    assert_eq!(is("host").as_deref(), Some("backend.internal"));
    assert_eq!(is("x-forwarded-for").as_deref(), Some("192.0.2.7, 127.0.0.1"));
    assert_eq!((is("x-forwarded-proto").as_deref(), is("x-forwarded-host").as_deref()), (Some("http"), Some("lab")));
    assert!(is("via").is_some_and(|via| via.starts_with("1.1 ")));
    assert_eq!(is("x-custom").map(|value| value.trim().to_owned()).as_deref(), Some("kept"));
    assert_eq!(near.opening().deliberate[0].what, "rewrite");
}

#[tokio::test]
async fn refusals_of_the_lab_are_forwarded() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for (query, status) in
        [("?nonsense=1", 400), ("?refuse=503&body=later", 503), ("?open=garbage", 502), ("?open=drop", 502)]
    {
        assert_eq!(ask(&lab, &via(&lab, "rewrite", query), "").await.0, status, "{query}");
        let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
        assert_eq!(near.refusal().status, Some(status));
        assert!(far.refusal().status.is_none_or(|far| far == status), "{query}");
        let rule = if status == 502 { "bad-answer" } else { "passed-on" };
        assert_eq!(near.refusal().rule, rule, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_middlebox_is_refused_with_a_list_of_the_others() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let wrong = [
        "idle-cutt",
        "idle-cut,afer=5s",
        "idle-cut,after=5",
        "slow,rate=1",
        "idle-cut,after=1s,after=2s",
        "old-proxy,",
    ];
    for middlebox in wrong.iter().copied().chain(["%00", "a%2Fb"]) {
        let (status, answer) = ask(&lab, &via(&lab, middlebox, ""), "").await;
        assert_eq!(status, 400, "{middlebox}: {answer}");
        let refusal = feed.refusal().await;
        assert_eq!((refusal.status, &*refusal.rule), (Some(400), "middlebox"), "{middlebox}");
        assert!(refusal.explanation.contains('`'), "{}", refusal.explanation);
    }
    let (status, answer) = ask(&lab, "/via/slow/lab/aaaaaaaaaaaaaaaaaaaaaaaaaa", "").await;
    assert!(status == 404 && answer.contains("session does not exist"), "{answer}");
    for path in ["/via/slow", "/via/slow/echo", "/via/slow/lab/"] {
        assert_eq!(http(lab.address(), "GET", path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn both_legs_count() {
    let lab = Lab::with(|config| config.session_connections = 2).await;
    let mut feed = lab.feed().await;
    let _held = open_via(&lab, "idle-cut", "").await;
    assert_eq!(ask(&lab, &via(&lab, "idle-cut", ""), "").await.0, 503);
    assert_eq!(ask(&lab, &lab.path(), "").await.0, 503);
    let refused = loop {
        if let Event::Refusal(refusal) = feed.next().await.event {
            break refusal;
        }
    };
    assert_eq!(refused.rule, "too-many-connections");
    // There is a free slot for one leg, but not for the other. The middlebox forwards the lab's refusal.
    let lab = Lab::with(|config| config.session_connections = 1).await;
    let mut feed = lab.feed().await;
    assert_eq!(ask(&lab, &via(&lab, "idle-cut", ""), "").await.0, 503);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("idle-cut");
    assert_eq!((&*near.refusal().rule, &*far.refusal().rule), ("passed-on", "too-many-connections"));
}

/// The middlebox forwards a frame that it does not understand. The lab fails the connection, and the middlebox forwards its close
/// frame.
#[tokio::test]
async fn a_violation_is_forwarded() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open_via(&lab, "rewrite", "").await;
    raw.send(&[&b"\x81\x02no"[..], &masked(0x81, b"unseen")].concat()).await;
    assert_eq!(raw.close_code().await, 1002);
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
    assert_eq!(far.closed().cause, Cause::Violation);
    let frames = near.frames();
    assert_eq!(frames[0].violations[0].rule, "client-frame-unmasked");
    assert_eq!((frames[1].from, frames[1].opcode, frames.len()), (Party::Server, 8, 2));
    assert_eq!((near.acts().len(), &*near.acts()[0].deliberate.what), (1, "lost"));
    assert!(!near.closed().clean);
}

#[tokio::test]
async fn compressed_messages_are_inflated_on_both_legs() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = Raw::open_deflate(lab.address(), &via(&lab, "rewrite", "")).await;
    // Inflating this content takes more than one turn. The last turn has no more bytes to read.
    for content in [vec![b'z'; 300 << 10], b"and something small".to_vec()] {
        raw.send(&masked(0xC1, &deflated(&content))).await;
        let frames = raw.message().await;
        let payloads: Vec<_> = frames.iter().map(|(_, payload)| payload).collect();
        assert!(Inflating::new().message(&payloads) == content || content.len() < 100);
        // The relay records all content without receiving more bytes.
        let mut seen = 0;
        while seen < 4 {
            let seen_now = feed.next().await;
            let Event::Frame(frame) = seen_now.event else { continue };
            assert_eq!((frame.content_bytes(), frame.rsv1), (content.len() as u64, true), "{:?}", seen_now.connection);
            assert!(content.starts_with(&frame.content()));
            seen += 1;
        }
    }
}

#[tokio::test]
async fn noise_is_forwarded_and_each_leg_has_one_end() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for seed in 0..40 {
        let middlebox = LET_THROUGH[seed as usize % LET_THROUGH.len()];
        let mut raw = open_via(&lab, middlebox, "").await;
        let _ = raw.0.write_all(&noise(seed, 300)).await;
        let _ = raw.0.shutdown().await;
        let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
        drop(raw);
        let name = middlebox.split(',').next().unwrap();
        let (near, far) = Legs::over(&mut feed, 2).await.over_box(name);
        assert_eq!(
            near.closed().client.frames,
            near.frames().iter().filter(|it| it.from == Party::Client).count() as u64
        );
        assert_eq!(far.leg(), Leg::Far);
    }
}

#[tokio::test]
async fn noise_in_place_of_a_request() {
    let lab = Lab::new().await;
    let request = crate::support::handshake(&via(&lab, "slow", ""), "");
    for seed in 0..60 {
        let bytes = noise(seed, 20);
        let mut almost = request.clone().into_bytes();
        let place = usize::from(bytes[0]) * usize::from(bytes[2]) % almost.len();
        almost[place] = bytes[1];
        let mut raw = lab.raw().await;
        let _ = raw.0.write_all(&almost).await;
        let _ = raw.0.shutdown().await;
        let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    }
    let mut raw = open_via(&lab, "rewrite", "").await;
    raw.send(&masked(0x81, b"fine")).await;
    assert_eq!(raw.frame().await, (0x81, b"fine".to_vec()));
}

/// The lab takes the only slot for compression. The middlebox forwards messages without inflating them.
#[tokio::test]
async fn without_memory_to_inflate_the_content_is_not_recorded() {
    let lab = Lab::with(|config| config.max_deflate = 1).await;
    let mut feed = lab.feed().await;
    let mut raw = Raw::open_deflate(lab.address(), &via(&lab, "rewrite", "")).await;
    raw.send(&masked(0xC1, &deflated(b"there and back"))).await;
    let (first, payload) = raw.frame().await;
    assert_eq!((first, Inflating::new().message(&[payload])), (0xC1, b"there and back".to_vec()));
    raw.send(&masked(0x88, b"")).await;
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
    for (near, far) in near.frames().into_iter().zip(far.frames()) {
        assert!(near.violations.is_empty() && near.inflated.is_none());
        assert_eq!((near.rsv1, &near.payload), (far.rsv1, &far.payload));
    }
    assert_eq!(far.frames()[0].content(), b"there and back");
}

/// A middlebox that ends TLS reads the decrypted traffic. An observer in front of it cannot.
#[tokio::test]
async fn over_tls_the_records_of_the_client_side_are_recorded() {
    let secure = Secure::new("via-tls").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = secure.connect(&[b"http/1.1"]).await;
    let request = crate::support::handshake(&via(&secure.lab, "rewrite", ""), "");
    let echo = [&masked(0x81, b"in records")[..], &masked(0x88, b"")].concat();
    soon(tls.write_all(request.as_bytes())).await.unwrap();
    while soon(tls.read_u8()).await.unwrap() != b'\n' {}
    soon(tls.write_all(&echo)).await.unwrap();
    let _ = soon(tls.read_to_end(&mut Vec::new())).await;
    drop(tls);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
    assert!(near.opening().route.tls.is_some() && far.opening().route.tls.is_none());
    assert_eq!(field(&far.opening().request, "x-forwarded-proto").as_deref(), Some("https"));
    let kinds = near.events.iter().map(|event| match event {
        Event::Records(records) if records.from == Party::Client => "records from the client",
        Event::Records(_) => "records from the server",
        Event::Frame(frame) if frame.from == Party::Client => "a frame from the client",
        Event::Frame(_) => "a frame from the server",
        _ => "",
    });
    let kinds: Vec<_> = kinds.collect();
    let first = kinds.iter().position(|kind| *kind == "a frame from the client").unwrap();
    assert_eq!(kinds[first - 1], "records from the client");
    let last = kinds.iter().rposition(|kind| *kind == "a frame from the server").unwrap();
    assert!(kinds[last..].contains(&"records from the server"), "{kinds:?}");
    assert!(!far.events.iter().any(|event| matches!(event, Event::Records(_))));
}

#[tokio::test]
async fn over_http_2_too() {
    use crate::tls::http2::{VERSION, ask, client, connect, take};
    let secure = Secure::new("via-h2").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let request = connect(&via(&secure.lab, "rewrite", "?greet=hi"), "websocket", &[VERSION]);
    let (response, mut sending) = ask(&mut client, request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(take(&mut response.into_body(), 4).await, b"\x81\x02hi");
    sending.send_data(masked(0x88, b"").into(), true).unwrap();
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("rewrite");
    assert_eq!((near.opening().route.http, far.opening().route.http), (Http::Two, Http::One));
    assert_eq!(brief(&near), brief(&far));
    // The same for a refused connection.
    let request = connect(&via(&secure.lab, "old-proxy", ""), "websocket", &[VERSION]);
    let (response, _) = ask(&mut client, request).await;
    assert_eq!(response.status(), 426);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("old-proxy");
    assert_eq!((near.refusal().status, &*far.refusal().rule), (Some(426), "upgrade-missing"));
}
