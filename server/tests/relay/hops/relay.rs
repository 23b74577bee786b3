//! Connections to another server: both handshakes, and every frame unchanged.

use super::upstream::Upstream;
use super::{Legs, ask, field, fields, relay_path};
use crate::support::deflate::{deflated, noise};
use crate::support::raw::{ACCEPT, KEY};
use crate::support::{DEFLATE_OFFER, Lab, Raw, handshake, masked, soon};
use observation::event::Cause;
use observation::{Event, Http, Intermediary, Leg, Party};
use tokio::io::AsyncWriteExt;
use wire::handshake::accept::is_key;

pub(super) async fn leading_to(urls: &[String]) -> Lab {
    let allowed = urls.iter().map(|url| url.parse().unwrap()).collect();
    Lab::with(|config| config.relay_to = allowed).await
}

#[tokio::test]
async fn a_relayed_connection_has_two_handshakes_and_its_frames() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("/ws")]).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let path = format!(
        "{}&header=X-Token:%20t%3D1&header=User-Agent:%20other",
        relay_path(&lab, &upstream.url("/ws/a%3Fb=c"))
    );
    let more = "Origin: http://page\r\nUser-Agent: mine\r\nCookie: secret\r\nConnection: X-Hop\r\nX-Hop: 1\r\n";
    raw.send(handshake(&path, more).as_bytes()).await;
    // The server's first frame arrives together with its response.
    let (mut server, head) = upstream.accept_silently().await;
    let greeting = [super::upstream::switching(&head, "X-Server: theirs\r\n").as_bytes(), b"\x81\x05early"].concat();
    server.send(&greeting).await;
    let answer = raw.head().await;
    assert!(answer.contains(ACCEPT) && !answer.contains("X-Server"), "{answer}");
    assert_eq!(raw.frame().await, (0x81, b"early".to_vec()));

    // The messages keep their masks and their frames.
    let large = noise(7, 70_000);
    let sent = [masked(0x01, b"in two "), masked(0x80, b"fragments"), masked(0x89, b"?"), masked(0x82, &large)];
    for frame in &sent {
        raw.send(frame).await;
        assert!(server.take(frame.len()).await == *frame);
    }
    server.send(b"\x8a\x01?").await;
    assert_eq!(raw.frame().await, (0x8a, b"?".to_vec()));
    drop((raw, server));

    assert!(head.starts_with("GET /ws/a?b=c HTTP/1.1\r\n"), "{head}");
    let is = |name| field(head.as_bytes(), name);
    assert_eq!(is("host"), Some(upstream.address.to_string()));
    assert!(is("sec-websocket-key").is_some_and(|key| key != KEY && is_key(&key)));
    assert_eq!((is("origin").as_deref(), is("user-agent").as_deref()), (Some("http://page"), Some("other")));
    assert_eq!((is("x-token").as_deref(), is("cookie"), is("x-hop")), (Some("t=1"), None, None));
    assert_eq!((is("connection").as_deref(), is("upgrade").as_deref()), (Some("Upgrade"), Some("websocket")));

    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.leg(), far.leg()), (Leg::Near, Leg::Far));
    assert_eq!(far.opening().request, head.as_bytes());
    assert_eq!(far.opening().response, greeting[..greeting.len() - 7]);
    assert_eq!(near.opening().response, answer.as_bytes());
    let route = &far.opening().route;
    let server_is = route.hop.as_ref().unwrap().server.clone();
    assert_eq!(server_is, Some(upstream.address.to_string()));
    assert_eq!(route.hop.as_ref().unwrap().address, Some(upstream.address));
    assert_eq!((route.http, &route.tls), (Http::One, &None));
    let told = |leg: &super::Seen| {
        let told = leg.frames().iter().map(|frame| (*frame).clone()).collect::<Vec<_>>();
        (told.iter().filter(|frame| frame.from == Party::Client).cloned().collect::<Vec<_>>(), told.len())
    };
    assert_eq!(told(&near), told(&far));
    let (from_client, all) = told(&near);
    assert_eq!((from_client.len(), all), (4, 6));
    assert_eq!(from_client[3].payload_bytes, 70_000);
    assert!(from_client[3].unmasked_payload() == large[..16 << 10]);
}

#[tokio::test]
async fn the_server_selects_subprotocol_and_compression() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let more = format!("{DEFLATE_OFFER}Sec-WebSocket-Protocol: one, two\r\n");
    raw.send(handshake(&relay_path(&lab, &upstream.url("/")), &more).as_bytes()).await;
    let taken =
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\nSec-WebSocket-Protocol: two\r\n";
    let (mut server, head) = upstream.accept_with(taken).await;
    assert_eq!(field(head.as_bytes(), "sec-websocket-protocol").as_deref(), Some("one, two"));
    assert_eq!(
        field(head.as_bytes(), "sec-websocket-extensions").as_deref(),
        Some("permessage-deflate; client_max_window_bits")
    );
    let answer = raw.head().await;
    assert_eq!(field(answer.as_bytes(), "sec-websocket-protocol").as_deref(), Some("two"));
    assert_eq!(
        field(answer.as_bytes(), "sec-websocket-extensions").as_deref(),
        Some("permessage-deflate; client_max_window_bits=10")
    );
    let frame = masked(0xC1, &deflated(b"compressed, compressed, compressed"));
    raw.send(&frame).await;
    assert_eq!(server.take(frame.len()).await, frame);
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    for leg in [&near, &far] {
        let opening = leg.opening();
        assert_eq!(opening.subprotocol.as_deref(), Some("two"));
        let deflate = opening.deflate.unwrap();
        assert_eq!((deflate.client_max_window_bits, deflate.server_max_window_bits), (10, 15));
        let [offer] = &opening.offers[..] else { panic!("{:?}", opening.offers) };
        assert_eq!(offer.answer.as_deref(), Some("permessage-deflate; client_max_window_bits=10"));
        assert_eq!(leg.frames()[0].content(), b"compressed, compressed, compressed");
        assert!(leg.frames()[0].violations.is_empty());
    }
}

#[tokio::test]
async fn offers_that_the_server_ignores_are_recorded_as_declined() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    raw.send(
        handshake(&relay_path(&lab, &upstream.url("/")), "sec-websocket-extensions:permessage-deflate, x-a\r\n")
            .as_bytes(),
    )
    .await;
    let (server, _) = upstream.accept().await;
    assert_eq!(field(raw.head().await.as_bytes(), "sec-websocket-extensions"), None);
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    for leg in [near, far] {
        let told: Vec<_> = leg.opening().offers.iter().map(|offer| (&*offer.offer, offer.declined.is_some())).collect();
        assert_eq!(told, [("permessage-deflate", true), ("x-a", true)]);
    }
}

/// The relay forwards violations too, byte for byte, in both directions.
#[tokio::test]
async fn invalid_traffic_is_forwarded_exactly() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    for seed in 0..40 {
        let mut raw = lab.raw().await;
        raw.send(handshake(&relay_path(&lab, &upstream.url("/")), "").as_bytes()).await;
        let (mut server, _) = upstream.accept().await;
        raw.head().await;
        let [up, down] = [seed * 2, seed * 2 + 1].map(|seed| noise(seed, 400 + seed as usize * 300));
        let talk = async |line: &mut Raw, bytes: &[u8]| {
            line.send(bytes).await;
            line.0.shutdown().await.unwrap();
        };
        tokio::join!(talk(&mut raw, &up), talk(&mut server, &down));
        assert!(server.rest().await == up && raw.rest().await == down, "seed {seed}");
        drop((raw, server));
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        assert_eq!(near.frames(), far.frames());
    }
}

#[tokio::test]
async fn concurrent_connections_are_not_mixed_up() {
    let upstream = Lab::new().await;
    let lab = leading_to(&[format!("ws://{}/echo", upstream.address())]).await;
    let path = relay_path(&lab, &format!("ws://{}/echo", upstream.address()));
    let one = async |n: usize| {
        let mut raw = Raw::open(lab.address(), &path).await;
        for round in 0..20 {
            let payload = noise((n * 100 + round) as u64, (n * 37 + round * 501) % 9000);
            let frame = masked(0x82, &payload);
            for piece in frame.chunks(1 + n * 100) {
                raw.send(piece).await;
            }
            assert!(raw.frame().await == (0x82, payload));
        }
        raw.send(&masked(0x88, b"\x03\xe8")).await;
        assert_eq!(raw.close_code().await, 1000);
    };
    futures_util::future::join_all((1..=16).map(one)).await;
    let mut feed = lab.feed().await;
    let Legs(legs) = Legs::over(&mut feed, 32).await;
    for events in legs.values() {
        let Some(Event::Closed(closed)) = events.last() else { panic!("an end") };
        assert_eq!((closed.cause, closed.client.frames, closed.server.frames), (Cause::ClosingHandshake, 21, 21));
    }
}

/// The client side uses HTTP/2. The server supports only HTTP/1.1.
#[tokio::test]
async fn over_http_2_too() {
    use crate::tls::Secure;
    use crate::tls::http2::{VERSION, ask, client, connect, take};
    let upstream = Upstream::bind().await;
    let url = upstream.url("/");
    let allowed = vec![upstream.url("").parse().unwrap()];
    let secure = Secure::with("h2-relay", |config| config.relay_to = allowed).await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let path = relay_path(&secure.lab, &url);
    let asked = ask(
        &mut client,
        connect(&path, "websocket", &[VERSION, ("origin", "http://page"), ("sec-websocket-protocol", "a")]),
    );
    let ((response, mut sending), (mut server, head)) =
        tokio::join!(asked, upstream.accept_with("Sec-WebSocket-Protocol: a\r\n"));
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["sec-websocket-protocol"], "a");
    assert_eq!(field(head.as_bytes(), "origin").as_deref(), Some("http://page"));
    let frame = masked(0x81, b"on a stream");
    sending.send_data(frame.clone().into(), false).unwrap();
    assert_eq!(server.take(frame.len()).await, frame);
    server.send(b"\x81\x02ok").await;
    assert_eq!(take(&mut response.into_body(), 4).await, b"\x81\x02ok");
    drop(server);
    drop((sending, client));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.opening().route.http, far.opening().route.http), (Http::Two, Http::One));
    assert_eq!(near.frames(), far.frames());
}

#[tokio::test]
async fn headers_are_chosen() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let more = "Origin: http://lab\r\nCookie: a=b\r\nAccept-Language: en\r\nAccept: */*\r\n";
    for (query, expect) in [
        ("", vec!["origin"]),
        ("&pass=", vec![]),
        ("&pass=Cookie,accept-language", vec!["cookie", "accept-language"]),
        ("&pass=&header=X-Key:%20k", vec!["x-key"]),
    ] {
        let mut raw = lab.raw().await;
        raw.send(handshake(&format!("{}{query}", relay_path(&lab, &upstream.url("/"))), more).as_bytes()).await;
        let (_, head) = upstream.accept().await;
        let own = ["host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key"];
        let names: Vec<_> = fields(head.as_bytes()).into_iter().map(|(name, _)| name).collect();
        let chosen: Vec<_> = names.iter().filter(|name| !own.contains(&&***name)).collect();
        assert_eq!(chosen, expect.iter().collect::<Vec<_>>(), "{query}");
    }
    for wrong in ["&pass=host", "&header=Host:%20a", "&header=a", "&header=a:%0D%0Ab:c", "&to=ws://b", "&frobnicate"] {
        let path = format!("{}{wrong}", relay_path(&lab, &upstream.url("/")));
        assert_eq!(soon(ask(&lab, &path, "")).await.0, 400, "{wrong}");
    }
}

/// The attack: a visitor claims to be a page or a proxy that the other server trusts.
#[tokio::test]
async fn a_header_that_servers_trust_needs_the_permission_of_the_operator() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    for header in ["Origin: http://internal", "X-Forwarded-For: 10.0.0.1", "Cookie: a=b", "Authorization: Basic YQ=="] {
        let path = format!("{}&header={header}", relay_path(&lab, &upstream.url("/"))).replace(' ', "%20");
        assert_eq!(soon(ask(&lab, &path, "")).await.0, 403, "{header}");
        let refusal = loop {
            if let Event::Refusal(refusal) = feed.next().await.event {
                break refusal;
            }
        };
        assert_eq!(&*refusal.rule, "header-not-allowed");
        assert!(refusal.explanation.contains("--relay-header"), "{}", refusal.explanation);
    }
    let allowed = upstream.url("");
    let lab = Lab::with(|config| {
        config.relay_to = vec![allowed.parse().unwrap()];
        config.relay_header = vec![format!("Authorization={allowed}").parse().unwrap()];
    })
    .await;
    let mut raw = lab.raw().await;
    let path = format!("{}&header=authorization:%20Basic%20YQ==", relay_path(&lab, &upstream.url("/")));
    raw.send(handshake(&path, "").as_bytes()).await;
    let (_, head) = upstream.accept().await;
    assert_eq!(field(head.as_bytes(), "authorization").as_deref(), Some("Basic YQ=="));
}
