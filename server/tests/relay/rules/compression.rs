//! Rules and permessage-deflate: content is read and edited inflated, and each receiver can decompress everything that follows.

use super::{act, set, summary};
use crate::hops::upstream::Upstream;
use crate::hops::{open_via, relay_path};
use crate::support::deflate::{Deflating, Inflating, noise};
use crate::support::{DEFLATE_OFFER, Feed, Lab, Raw, handshake, masked};
use observation::command::{Edited, Forward};
use observation::{Command, Event};

/// `/relay` with permessage-deflate on both sides.
pub(super) async fn pair(answer: &str) -> (Lab, Raw, Raw, Feed) {
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let lab = Lab::with(|config| config.relay_to = vec![allowed]).await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &upstream.url("/")), DEFLATE_OFFER).as_bytes()).await;
    let server = upstream.accept_with(&format!("Sec-WebSocket-Extensions: permessage-deflate{answer}\r\n")).await.0;
    assert!(raw.head().await.contains("permessage-deflate"));
    let feed = lab.feed().await;
    (lab, raw, server, feed)
}

async fn inflated(server: &mut Raw, inflating: &mut Inflating) -> String {
    let frame = super::unmasked(server).await;
    String::from_utf8(inflating.frames(&[frame])).unwrap()
}

/// Every message refers to the ones before. So a receiver that misses one, or gets another one, could not read the next.
#[tokio::test]
async fn a_receiver_with_a_context_can_read_everything_after_a_change() {
    let (_lab, mut raw, mut server, mut feed) = pair("").await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    let mut send = async |raw: &mut Raw, text: &str| raw.send(&masked(0xc1, &deflating.message(text.as_bytes()))).await;
    send(&mut raw, "the quick brown fox jumps over the lazy dog").await;
    assert_eq!(inflated(&mut server, &mut inflating).await, "the quick brown fox jumps over the lazy dog");
    let rules = r#"[
        {"when": {"text": "drop"}, "then": "drop"},
        {"when": {"text": "change"}, "then": {"replace": {"regex": {"find": "change", "with": "CHANGED"}}}},
        {"when": {"text": "twice"}, "then": {"duplicate": {"copies": 1}}},
        {"when": {"text": "hold"}, "then": {"hold": {}}}
    ]"#;
    set(&mut feed, rules).await;
    send(&mut raw, "the quick brown fox still comes as it is").await;
    assert_eq!(inflated(&mut server, &mut inflating).await, "the quick brown fox still comes as it is");
    send(&mut raw, "drop the quick brown fox and the lazy dog, again and again").await;
    send(&mut raw, "again and again the quick brown fox").await;
    assert_eq!(inflated(&mut server, &mut inflating).await, "again and again the quick brown fox");
    send(&mut raw, "change again and again").await;
    assert_eq!(inflated(&mut server, &mut inflating).await, "CHANGED again and again");
    send(&mut raw, "hold the lazy dog").await;
    send(&mut raw, "twice the lazy dog").await;
    for _ in 0..2 {
        assert_eq!(inflated(&mut server, &mut inflating).await, "twice the lazy dog");
    }
    for expect in ["drop", "replace", "hold"] {
        assert_eq!(summary(&mut feed).await.0, expect);
    }
    let frame =
        serde_json::from_str(&format!(r#"{{"opcode": 1, "payload": "{}"}}"#, hex::encode("an edited lazy dog")))
            .unwrap();
    let edited = Some(Edited { frame, compress: true });
    assert_eq!(feed.command(1, Command::Forward(Forward { held: 1, edited })).await, None);
    assert_eq!(inflated(&mut server, &mut inflating).await, "an edited lazy dog");
    set(&mut feed, "[]").await;
    send(&mut raw, "the quick brown fox, twice the lazy dog").await;
    assert_eq!(inflated(&mut server, &mut inflating).await, "the quick brown fox, twice the lazy dog");
}

#[tokio::test]
async fn without_context_takeover_only_what_changes_is_compressed_again() {
    let (_lab, mut raw, mut server, mut feed) = pair("; client_no_context_takeover").await;
    set(&mut feed, r#"[{"when": {"text": "drop"}, "then": "drop"}]"#).await;
    let drop = masked(0xc1, &Deflating::new().message(b"drop this"));
    let kept = masked(0xc1, &Deflating::new().message(b"keep this, byte for byte"));
    raw.send(&[drop, kept.clone()].concat()).await;
    assert_eq!(server.take(kept.len()).await, kept);
}

#[tokio::test]
async fn a_fragmented_compressed_message_is_read_whole() {
    let (_lab, mut raw, mut server, mut feed) = pair("").await;
    set(
        &mut feed,
        r#"[{"when": {"json": {"path": "$.a", "is": 1}}, "then": {"replace": {"json": {"path": "$.a", "with": 2}}}}]"#,
    )
    .await;
    let payload = Deflating::new().message(br#"{"a": 1}"#);
    let (first, rest) = payload.split_at(3);
    raw.send(&[masked(0x41, first), masked(0x80, rest)].concat()).await;
    assert_eq!(inflated(&mut server, &mut Inflating::new()).await, r#"{"a":2}"#);
    let (_, intercepted) = act(&mut feed).await;
    assert!(intercepted.before.compressed && intercepted.after[0].compressed);
    loop {
        let seen = feed.next().await;
        if let (Event::Frame(frame), 2) = (seen.event, seen.connection.0) {
            assert_eq!(frame.inflated.unwrap().payload, br#"{"a":2}"#);
            return;
        }
    }
}

/// The relay cannot compress it again, and the receiver cannot read it as it came.
#[tokio::test]
async fn a_large_message_after_a_change_closes_the_connection() {
    let (_lab, mut raw, mut server, mut feed) = pair("").await;
    set(&mut feed, r#"[{"when": {"text": "drop"}, "then": "drop"}]"#).await;
    let mut deflating = Deflating::new();
    let drop = masked(0xc1, &deflating.message(b"drop this"));
    let large = masked(0xc2, &deflating.message(&noise(1, 1_100_000)));
    raw.send(&drop).await;
    raw.send(&large).await;
    let (first, payload) = super::unmasked(&mut server).await;
    assert_eq!((first, &payload[..2]), (0x88, &b"\x03\xf1"[..]));
    assert_eq!(raw.close_code().await, 1009);
}

#[tokio::test]
async fn on_the_way_through_a_middlebox() {
    let lab = Lab::new().await;
    let mut raw = Raw::open_deflate(lab.address(), &crate::hops::via(&lab, "slow", "")).await;
    let mut feed = lab.feed().await;
    set(&mut feed, r#"[{"when": {"from": "server", "text": "a"}, "then": {"replace": {"template": "{{text}}!"}}}]"#)
        .await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    for text in ["a banana", "another banana", "b"] {
        raw.send(&masked(0xc1, &deflating.message(text.as_bytes()))).await;
        let echo = inflating.frames(&raw.message().await);
        let expect = if text == "b" { text.to_owned() } else { format!("{text}!") };
        assert_eq!(String::from_utf8(echo).unwrap(), expect);
    }
    drop(open_via(&lab, "slow", "").await);
}
