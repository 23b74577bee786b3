//! Rules that ask for decoded fields, with messages of real clients and servers from the samples of the crate `decode`.

use super::{heard, ruled, say, try_set, unmasked};
use crate::hops::relay_path;
use crate::hops::upstream::Upstream;
use crate::support::{Lab, handshake, http, masked, with_body};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use wire::encoder;
use wire::header::FrameHeader;
use wire::opcode::Opcode;

#[derive(Deserialize)]
struct Sample {
    path: String,
    subprotocol: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    from: String,
    text: Option<String>,
    base64: Option<String>,
}

impl Message {
    fn frame(&self) -> (Opcode, Vec<u8>) {
        match (&self.text, &self.base64) {
            (Some(text), _) => (Opcode::Text, text.clone().into_bytes()),
            (None, Some(base64)) => (Opcode::Binary, STANDARD.decode(base64).unwrap()),
            (None, None) => panic!("a message without content"),
        }
    }
}

fn sample(name: &str) -> Sample {
    let path = format!("{}/../crates/decode/samples/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Plays the sample through `/relay` with a rule that drops the messages with that field. Returns the positions of those that do
/// not arrive. A ping after each message says that it should have arrived.
async fn dropped(name: &str, field: &str, is: Option<&str>) -> Vec<usize> {
    let Sample { path, subprotocol, messages } = sample(name);
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let lab = Lab::with(|config| config.relay_to = vec![allowed]).await;
    let mut feed = lab.feed().await;
    super::set(&mut feed, &json!([{"when": {"field": {"name": field, "is": is}}, "then": "drop"}]).to_string()).await;
    let url: String = form_urlencoded::byte_serialize(upstream.url(&path).as_bytes()).collect();
    let more = match &*subprotocol {
        "" => String::new(),
        name => format!("Sec-WebSocket-Protocol: {name}\r\n"),
    };
    let mut client = lab.raw().await;
    client.send(handshake(&relay_path(&lab, &url), &more).as_bytes()).await;
    let (mut server, head) = upstream.accept_with(&more).await;
    assert!(head.starts_with(&format!("GET {path} ")), "{head}");
    client.head().await;
    let mut dropped = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let (opcode, payload) = message.frame();
        let ping = index.to_string().into_bytes();
        let first = if message.from == "client" {
            let sent = [masked(0x80 | opcode.nibble(), &payload), masked(0x89, &ping)].concat();
            client.send(&sent).await;
            unmasked(&mut server).await
        } else {
            let mut sent = Vec::new();
            for (opcode, payload) in [(opcode, &payload), (Opcode::Ping, &ping)] {
                encoder::encode(&FrameHeader::unmasked(true, opcode, payload.len() as u64), payload, &mut sent);
            }
            server.send(&sent).await;
            client.frame().await
        };
        if first == (0x89, ping.clone()) {
            dropped.push(index);
            continue;
        }
        assert_eq!(first, (0x80 | opcode.nibble(), payload), "{name}, message {index}");
        let next = if message.from == "client" { unmasked(&mut server).await } else { client.frame().await };
        assert_eq!(next, (0x89, ping), "{name}, message {index}");
    }
    dropped
}

#[tokio::test]
async fn fields_of_each_protocol() {
    for (name, field, is, expect) in [
        ("socket-io", "event", "chat", &[3][..]),
        // With the binary messages that are attachments of the event.
        ("socket-io", "event", "uploaded", &[7, 8, 9]),
        ("graphql-transport-ws", "type", "subscribe", &[2, 7, 11]),
        // In the second message of the server, it is the topic of the second packet.
        ("mqtt-5", "topic", "chat", &[6, 7]),
        ("mqtt-3.1.1", "topic", "chat", &[7, 9]),
        ("stomp", "destination", "/topic/room", &[2, 3, 4, 5]),
        ("json-rpc", "method", "add", &[0, 9]),
        ("signalr-msgpack", "target", "chat", &[7]),
        // What the server sends is known by what the client began with.
        ("signalr-json", "target", "News", &[9]),
        ("phoenix-2", "Event", "news", &[4, 7]),
        ("wamp-cbor", "procedure", "com.example.add", &[2, 17]),
        ("action-cable", "room", "lobby", &[2, 4, 6, 7, 8]),
    ] {
        assert_eq!(dropped(name, field, Some(is)).await, expect, "{name}, {field} {is}");
    }
    assert_eq!(dropped("mqtt-3.1.1", "will topic", None).await, [0]);
}

#[tokio::test]
async fn rules_and_scripts_say_what_is_wrong_with_a_field() {
    let (lab, _raw, _server, mut feed) = ruled("[]").await;
    for (field, says) in [
        (json!({"name": ""}), "has from 1 to 200 bytes"),
        (json!({"name": "x".repeat(201)}), "has from 1 to 200 bytes"),
        (json!({"name": "event", "is": "x".repeat(1001)}), "at most 1000 bytes, and this one has 1001"),
    ] {
        let rules = json!([{"when": {"field": field}, "then": "drop"}]).to_string();
        let refused = try_set(&mut feed, &rules).await.expect("it is refused");
        assert!(refused.contains(says), "{refused}");
    }
    let script = json!({"start": {"on": [{"when": {"field": {"name": "event"}}, "do": [{"send": 1}]}]}}).to_string();
    let answer = http(lab.address(), "PUT", &format!("/api/sessions/{}/script", lab.id), &with_body(&script)).await;
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(answer.status == 422 && error.contains("a script only sees messages of its client"), "{error}");
}

#[tokio::test]
async fn fields_in_the_lab() {
    let lab = Lab::new().await;
    let mut raw = lab.open().await;
    let mut feed = lab.feed().await;
    super::set(&mut feed, r#"[{"when": {"field": {"name": "method", "is": "add"}}, "then": "drop"}]"#).await;
    raw.send(&say(r#"{"jsonrpc": "2.0", "method": "add", "id": 1}"#)).await;
    raw.send(&say("method add")).await;
    assert_eq!(heard(&mut raw).await, "method add");
}
