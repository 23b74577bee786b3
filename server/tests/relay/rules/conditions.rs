//! Which frames each condition selects.

use super::{ruled, say, set, tell, told};
use crate::hops::relay_path;
use crate::hops::upstream::Upstream;
use crate::support::{Lab, Raw, masked};

/// Sends all messages with a rule that drops what `when` selects. Returns the ones that arrive.
async fn left(when: &str, messages: &[&str]) -> Vec<String> {
    let (_lab, mut raw, mut server, _feed) = ruled(&format!(r#"[{{"when": {when}, "then": "drop"}}]"#)).await;
    for text in messages {
        raw.send(&say(text)).await;
    }
    raw.send(&masked(0x88, b"")).await;
    let mut left = Vec::new();
    loop {
        match super::unmasked(&mut server).await {
            (0x88, _) => return left,
            (_, payload) => left.push(String::from_utf8(payload).unwrap()),
        }
    }
}

#[tokio::test]
async fn conditions_about_the_content() {
    let messages = ["", "price", "id=7", r#"{"type": "ping", "n": [1, 2]}"#, r#"{"type": "chat"}"#];
    for (when, dropped) in [
        ("{}", &messages[..]),
        (r#"{"text": "pri"}"#, &["price"]),
        (r#"{"regex": "^id=\\d$"}"#, &["id=7"]),
        (r#"{"json": {"path": "$.type"}}"#, &messages[3..]),
        (r#"{"json": {"path": "$.type", "is": "ping"}}"#, &messages[3..4]),
        (r#"{"json": {"path": "$.n[-1]", "is": 2}}"#, &messages[3..4]),
        (r#"{"max_bytes": 4}"#, &["", "id=7"]),
        (r#"{"min_bytes": 5, "max_bytes": 5}"#, &["price"]),
        (r#"{"kind": "text"}"#, &messages[..]),
        (r#"{"kind": "binary"}"#, &[]),
        (r#"{"opcode": 1, "text": "chat"}"#, &messages[4..]),
        (r#"{"opcode": 9}"#, &[]),
        (r#"{"from": "server"}"#, &[]),
        (r#"{"from": "client", "regex": "^p", "min_bytes": 6}"#, &[]),
    ] {
        let expect: Vec<_> = messages.iter().filter(|text| !dropped.contains(text)).copied().collect();
        assert_eq!(left(when, &messages).await, expect, "{when}");
    }
}

#[tokio::test]
async fn control_frames_pass_unless_a_rule_names_their_opcode() {
    let (_lab, mut raw, mut server, mut feed) = ruled(r#"[{"then": "drop"}]"#).await;
    let ping = masked(0x89, b"still there?");
    raw.send(&[say("dropped"), ping.clone()].concat()).await;
    assert_eq!(server.take(ping.len()).await, ping);
    set(&mut feed, r#"[{"when": {"opcode": 9}, "then": "drop"}]"#).await;
    raw.send(&[ping, say("passes")].concat()).await;
    assert_eq!(told(&mut server).await, "passes");
}

#[tokio::test]
async fn a_rule_can_name_a_connection_or_a_subprotocol() {
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let lab = Lab::with(|config| config.relay_to = vec![allowed]).await;
    let mut feed = lab.feed().await;
    let rules = r#"[
        {"when": {"connection": 4, "text": "x"}, "then": "drop"},
        {"when": {"subprotocol": "chat", "text": "y"}, "then": "drop"}
    ]"#;
    set(&mut feed, rules).await;
    let mut left = Vec::new();
    for more in ["", "", "Sec-WebSocket-Protocol: chat\r\n"] {
        let mut raw = Raw::connect(lab.address()).await;
        let path = relay_path(&lab, &upstream.url("/"));
        raw.send(crate::support::handshake(&path, more).as_bytes()).await;
        let mut server = upstream.accept_with(more).await.0;
        raw.head().await;
        raw.send(&[say("x"), say("y"), say("z")].concat()).await;
        let mut arrived = String::new();
        while !arrived.ends_with('z') {
            arrived += &told(&mut server).await;
        }
        left.push(arrived);
        server.send(&tell("end")).await;
    }
    // The first connection has the numbers 1 and 2, the second 3 and 4.
    assert_eq!(left, ["xyz", "yz", "xz"]);
}
