//! Held handshakes that observers edit: what arrives then, and what the relay does not send.

use super::handshakes::{Between, HOLD_BOTH, HOLD_REQUEST, HOLD_RESPONSE};
use super::{told, unmasked};
use crate::hops::upstream::switching;
use crate::hops::{Legs, field};
use crate::support::deflate::deflated;
use crate::support::raw::ACCEPT;
use crate::support::{DEFLATE_OFFER, masked};
use observation::event::Cause;
use observation::rule::HandshakePart;
use observation::{Intermediary, Origin};

#[tokio::test]
async fn an_edited_request_arrives_as_it_was_written() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let mut raw = between.client("", "Origin: http://page\r\nSec-WebSocket-Protocol: one\r\n").await;
    let (held, before) = between.held().await;
    let head = before
        .replace("/ws/a?b=c", "/ws/b%20c?d=e&f")
        .replace(
            "Sec-WebSocket-Protocol: one",
            "sec-websocket-protocol: two, three\r\nX-Added:  first \r\nX-Added: second",
        )
        .replace("Origin: http://page\r\n", "")
        .replace("Upgrade: websocket", "Upgrade: WebSocket");
    assert_eq!(between.edit(held, &head).await, None);
    let (mut server, arrived) = between.upstream.accept_with("Sec-WebSocket-Protocol: three\r\n").await;
    assert_eq!(arrived, head.replace("X-Added:  first ", "X-Added: first"));
    let (forwarded, became) = between.act().await;
    assert_eq!((&*forwarded.deliberate.what, forwarded.deliberate.by), ("forward", Origin::Rule));
    assert_eq!((became.before.as_slice(), became.after.as_slice()), (before.as_bytes(), arrived.as_bytes()));
    // The client did not offer what the server has selected, so it is told something that it must refuse.
    assert_eq!(field(raw.head().await.as_bytes(), "sec-websocket-protocol").as_deref(), Some("three"));
    raw.send(&masked(0x81, b"open")).await;
    assert_eq!(told(&mut server).await, "open");
    drop((raw, server));
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    assert_eq!(far.opening().request, arrived.as_bytes());
    assert_eq!(far.opening().subprotocol.as_deref(), Some("three"));
    assert!(String::from_utf8_lossy(&near.opening().request).contains("Origin: http://page"));
}

#[tokio::test]
async fn a_request_that_breaks_the_handshake_is_sent_and_the_server_refuses_it() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let mut raw = between.client("", "").await;
    let (held, before) = between.held().await;
    let head =
        before.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8").replace("Upgrade: websocket\r\n", "");
    assert_eq!(between.edit(held, &head).await, None);
    let (mut server, arrived) = between.upstream.accept_silently().await;
    assert_eq!(arrived, head);
    server.send(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn a_request_that_the_relay_may_not_send_stays_held() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let mut raw = between.client("", "Origin: http://page\r\n").await;
    let (held, before) = between.held().await;
    let added = |line: &str| before.replace("Upgrade: websocket", &format!("{line}\r\nUpgrade: websocket"));
    for (head, says) in [
        (before.replace("GET ", "POST "), "an opening handshake is a GET request"),
        (before.replace("HTTP/1.1", "HTTP/1.0"), "an opening handshake is a GET request"),
        (before.replace("/ws/a?b=c", "http://other/ws"), "an opening handshake is a GET request"),
        (before.replace("/ws/a?b=c", "/other"), "it may connect to ws://"),
        (before.replace("/ws/a?b=c", "/ws/../other"), "write the target as `/other`"),
        (before.replace("/ws/a?b=c", "/ws/%2e%2e%2fother"), "it may connect to ws://"),
        (before.replace("Host: ", "Host: other"), "the relay sets `host`"),
        (before.replace("Host: ", "X-Host: "), "the relay sets `host`"),
        (added("Host: other"), "the relay sets `host`"),
        (before.replace("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: a"), "the relay sets `sec-websocket-key`"),
        (before.replace("Connection: Upgrade", "Connection: close"), "the relay sets `connection`"),
        (added("Content-Length: 5"), "you cannot set the header `Content-Length`"),
        (added("Transfer_Encoding: chunked"), "you cannot set the header `Transfer_Encoding`"),
        (added("Proxy-Authorization: a"), "you cannot set the header `Proxy-Authorization`"),
        (added("Authorization: a"), "`--relay-header Authorization=URL`"),
        (before.replace("http://page", "http://other"), "`--relay-header Origin=URL`"),
        (added("X-Forwarded-For: 1.2.3.4"), "`--relay-header X-Forwarded-For=URL`"),
        (added("X-A: b\rHost: c"), "line 3 has a character that is not printable ASCII"),
        (added("X-A: \u{20ac}"), "line 3 has a character that is not printable ASCII"),
        (added("\r\nGET / HTTP/1.1"), "line 3 is not a header"),
        (added(&format!("X-A: {}", "b".repeat(40_000))), "--max-head"),
        (added("X-A: b\r\n".repeat(120).trim_end()), "more than 100 header lines"),
        (added("Sec-WebSocket-Extensions: permessage-deflate"), "the client does not offer permessage-deflate"),
        (String::new(), "is empty"),
    ] {
        let refused = between.edit(held, &head).await.unwrap_or_else(|| panic!("{says} for {head}"));
        assert!(refused.contains(says), "{refused}\nfor {head}");
    }
    between.forward(held).await;
    let (_server, arrived) = between.upstream.accept().await;
    assert_eq!(arrived, before);
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn an_edited_response_reaches_the_client_as_it_was_written() {
    let mut between = Between::with(HOLD_RESPONSE).await;
    let mut raw = between.client("", "Sec-WebSocket-Protocol: one\r\n").await;
    let (mut server, _) = between.upstream.accept_with("Sec-WebSocket-Protocol: one\r\n").await;
    let (held, before) = between.held().await;
    let head =
        before.replace("Switching Protocols", "Whatever").replace(ACCEPT, "bm90IHRoZSByaWdodCBvbmUhISE=").replace(
            "Sec-WebSocket-Protocol: one",
            "Sec-WebSocket-Protocol: never-offered\r\nSec-WebSocket-Extensions: x-never; a=1\r\nX-By: hand",
        );
    assert_eq!(between.edit(held, &head).await, None);
    assert_eq!(raw.head().await, head);
    // A client that accepts this all the same has a connection.
    raw.send(&masked(0x81, b"still")).await;
    assert_eq!(told(&mut server).await, "still");
    let (_, became) = between.act().await;
    assert_eq!((became.part, became.after.as_slice()), (HandshakePart::Response, head.as_bytes()));
    drop((raw, server));
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    let opening = near.opening();
    assert_eq!((opening.response.as_slice(), opening.subprotocol.as_deref()), (head.as_bytes(), Some("never-offered")));
    assert_eq!((&*opening.deliberate[0].what, opening.deliberate[0].by), ("forward", Origin::Rule));
    assert_eq!(far.opening().subprotocol.as_deref(), Some("one"));
}

#[tokio::test]
async fn a_response_with_another_status_refuses_the_client() {
    let mut between = Between::with(HOLD_RESPONSE).await;
    let mut raw = between.client("", "").await;
    let (mut server, _) = between.upstream.accept().await;
    let (held, _) = between.held().await;
    let head = "HTTP/1.1 401 Not today\r\nWWW-Authenticate: Basic realm=\"lab\"\r\n\r\n";
    assert_eq!(between.edit(held, head).await, None);
    assert_eq!(raw.head().await, head);
    assert_eq!((raw.rest().await, server.rest().await), (Vec::new(), Vec::new()));
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.refusal().status, near.refusal().response.as_slice()), (Some(401), head.as_bytes()));
    assert_eq!((near.refusal().deliberate[0].by, far.closed().cause), (Origin::Rule, Cause::OtherLeg));
}

#[tokio::test]
async fn a_response_that_would_harm_others_or_the_other_side_stays_held() {
    let mut between = Between::with(HOLD_RESPONSE).await;
    let mut raw = between.client("", DEFLATE_OFFER).await;
    let (_server, _) = between.upstream.accept_with("Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    let (held, before) = between.held().await;
    let added = |line: &str| before.replace("Upgrade: websocket", &format!("{line}\r\nUpgrade: websocket"));
    for (head, says) in [
        (before.replace("101", "100"), "another status from 200 to 599"),
        (before.replace("101", "199"), "another status from 200 to 599"),
        (before.replace("HTTP/1.1", "HTTP/1.0"), "the first line is `HTTP/1.1 101"),
        (before.replace(" 101", "  1\u{e9}"), "line 1 has a character"),
        (added("Set-Cookie: session=stolen"), "does not send `Set-Cookie`"),
        (added("Strict-Transport-Security: max-age=9"), "does not send `Strict-Transport-Security`"),
        (added("X-Accel-Redirect: /internal"), "does not send `X-Accel-Redirect`"),
        (added("Content-Length: 5"), "does not send `Content-Length`"),
        (before.replace("permessage-deflate", "x-other"), "the server has agreed to compress"),
        (before.replace("permessage-deflate", "permessage-deflate; server_max_window_bits=9"), "has 15 bits"),
        (before.replace("permessage-deflate", "permessage-deflate; server_no_context_takeover"), "would forget"),
    ] {
        let refused = between.edit(held, &head).await.unwrap_or_else(|| panic!("{says} for {head}"));
        assert!(refused.contains(says), "{refused}\nfor {head}");
    }
    between.forward(held).await;
    assert_eq!(raw.head().await, before);
}

/// The client is told of a smaller window than the server needs: both can read everything, and so can the relay.
#[tokio::test]
async fn compressed_messages_stay_readable_after_an_edit() {
    let mut between = Between::with(HOLD_BOTH).await;
    let mut raw = between.client("", "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    let (held, before) = between.held().await;
    // The client did not offer this parameter.
    let head = before.replace("permessage-deflate", "permessage-deflate; server_no_context_takeover");
    assert_eq!(between.edit(held, &head).await, None);
    let (mut server, head) = between.upstream.accept_silently().await;
    let taken = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
    server.send(switching(&head, taken).as_bytes()).await;
    between.act().await;
    let (held, before) = between.held().await;
    let told = "permessage-deflate; client_max_window_bits=9; client_no_context_takeover";
    let head = before.replace("permessage-deflate; server_no_context_takeover", told);
    assert_eq!(between.edit(held, &head).await, None);
    assert_eq!(field(raw.head().await.as_bytes(), "sec-websocket-extensions").as_deref(), Some(told));
    let message = deflated(b"compressed, compressed, compressed");
    raw.send(&masked(0xC1, &message)).await;
    assert_eq!(unmasked(&mut server).await, (0xC1, message.clone()));
    server.send(&[&[0xC1, u8::try_from(message.len()).unwrap()], &message[..]].concat()).await;
    assert_eq!(raw.frame().await, (0xC1, message));
    drop((raw, server));
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    for leg in [near, far] {
        assert_eq!(leg.frames().len(), 2);
        for frame in leg.frames() {
            assert_eq!(frame.content(), b"compressed, compressed, compressed");
        }
    }
}
