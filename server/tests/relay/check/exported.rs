//! Exported scenarios do again what was recorded: against the relay's lab, and against a server in Python.

use super::{Check, Ran};
use crate::hops::relay_path;
use crate::python::server::Server;
use crate::support::deflate::Deflating;
use crate::support::{DEFLATE_OFFER, Lab, Raw, handshake, http, masked};
use scenario::model::Scenario;
use serde_json::Value;

/// The exported file.
async fn exported(lab: &Lab, query: &str) -> String {
    let path = format!("/api/sessions/{}/export.toml{query}", lab.id);
    let answer = http(lab.address(), "GET", &path, "").await.dechunked();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/toml")));
    String::from_utf8(answer.body).unwrap()
}

fn read(file: &str) -> Vec<Scenario> {
    let read = scenario::read::read("a.toml", file, &mut |_| Ok(Vec::new()));
    read.unwrap_or_else(|problems| panic!("{problems:#?}\n{file}"))
}

/// Runs a file in another session of the lab.
async fn again(lab: &Lab, file: &str) -> Ran {
    let created = http(lab.address(), "POST", "/api/sessions", "").await;
    let session = created.json()["id"].as_str().unwrap().to_owned();
    Check::new(file).run_with(&format!("ws://{}", lab.address()), &["a.toml"], &[("SESSION", &session)]).await
}

#[tokio::test]
async fn a_recorded_lab_passes_again() {
    let lab = Lab::new().await;
    let mut raw = Raw::connect(lab.address()).await;
    let more =
        format!("Sec-WebSocket-Protocol: chat, other\r\nX-Tenant: a ${{b}} \"c\"\r\nCookie: a=b\r\n{DEFLATE_OFFER}");
    let path = format!("{}?subprotocol=first&deflate=on&greet=Welcome", lab.path());
    raw.send(handshake(&path, &more).as_bytes()).await;
    assert!(raw.head().await.contains("permessage-deflate"));
    let mut deflating = Deflating::new();
    for frame in [
        masked(0x81, "{\"say\": \"Grüße\", \"it's\": 1}\n${x}".as_bytes()),
        masked(0xc1, &deflating.message(b"compressed")),
        masked(0x82, &[0, 1, 2, 0xff]),
        masked(0x82, &[7; 300]),
        masked(0x89, b"still there?"),
        masked(0x89, &[0xff]),
        masked(0x01, b"in "),
        masked(0x80, b"pieces"),
        masked(0x81, b""),
        masked(0x88, b"\x0f\xa0bye"),
    ] {
        raw.send(&frame).await;
    }
    raw.rest().await;
    let file = exported(&lab, "?connection=1").await;
    let scenarios = read(&file);
    assert_eq!(scenarios.len(), 1);
    // A greeting, 6 messages with their echoes, 2 pings with their pongs, and 2 close frames.
    assert_eq!(scenarios[0].steps.len(), 1 + 2 * (6 + 2 + 1), "{file}");
    assert_eq!(scenarios[0].handshake.subprotocol.as_deref(), Some("chat"));
    assert_eq!(scenarios[0].handshake.deflate, Some(true));
    assert!(!file.contains(&lab.id) && !file.contains("a=b"), "{file}");
    let ran = again(&lab, &file).await;
    assert_eq!(ran.code, 0, "{ran:#?}\n{file}");
    // The file does compare: a lab that greets in other words fails.
    again(&lab, &file.replace("greet=Welcome", "greet=Hello"))
        .await
        .failed(&["came: a text message of 5 bytes, `Hello`"]);
}

#[tokio::test]
async fn faults_and_refusals_come_again() {
    let lab = Lab::new().await;
    for (query, frames) in [
        // The relay breaks a rule; the client does; the relay refuses; and it ends the connection without a close frame.
        ("?fault=rsv1@2", vec![masked(0x81, b"one"), masked(0x81, b"two")]),
        ("", vec![masked(0x01, b"begun"), b"\x81\x05Hello".to_vec()]),
        ("?drop-after=1", vec![masked(0x81, b"one")]),
    ] {
        let mut raw = Raw::open(lab.address(), &format!("{}{query}", lab.path())).await;
        raw.send(&frames.concat()).await;
        if query.starts_with("?fault") {
            raw.take(5 + 5).await;
            raw.send(&masked(0x88, b"\x03\xea")).await;
        }
        raw.rest().await;
    }
    let mut raw = lab.raw().await;
    raw.send(handshake(&format!("{}?refuse=503&body=Back+at+noon", lab.path()), "").as_bytes()).await;
    raw.rest().await;
    let file = exported(&lab, "").await;
    assert_eq!(read(&file).len(), 4, "{file}");
    assert!(file.contains("expect.end = true") && file.contains("handshake = { status = 503 }"), "{file}");
    let ran = again(&lab, &file).await;
    assert_eq!(ran.code, 0, "{ran:#?}\n{file}");
}

#[tokio::test]
async fn a_relayed_conversation_passes_without_the_relay() {
    let mut server = Server::start(&Value::Null).await;
    let url = format!("ws://{}", server.address);
    let allowed = url.parse().unwrap();
    let lab = Lab::with(|config| config.relay_to = vec![allowed]).await;
    let mut raw = Raw::connect(lab.address()).await;
    let more = "Sec-WebSocket-Protocol: chat\r\n";
    raw.send(handshake(&relay_path(&lab, &format!("{url}/room?token=a-secret-token")), more).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    let (first, payload) = raw.frame().await;
    assert_eq!(first, 0x89);
    raw.send(&masked(0x8a, &payload)).await;
    raw.send(&masked(0x81, b"over the relay")).await;
    assert_eq!(raw.frame().await, (0x81, b"over the relay".to_vec()));
    raw.send(&masked(0x81, "close 3999 adiós".as_bytes())).await;
    assert_eq!(raw.frame().await.0, 0x88);
    raw.send(&masked(0x88, b"\x0f\x9f")).await;
    raw.rest().await;
    assert_eq!(server.received().await, "3999 ");
    let file = exported(&lab, "").await;
    // Both sides say the same, so only one is in the file.
    assert_eq!(read(&file).len(), 1, "{file}");
    assert!(file.contains("url = \"/room?token=${TOKEN}\"") && !file.contains("a-secret-token"), "{file}");
    for query in ["", "?connection=1", "?connection=2"] {
        let file = exported(&lab, query).await;
        let ran = Check::new(&file).run_with(&url, &["a.toml"], &[("TOKEN", "a-secret-token")]).await;
        assert_eq!(ran.code, 0, "{ran:#?}\n{file}");
        assert_eq!(server.received().await, "3999 ");
    }
}

#[tokio::test]
async fn what_cannot_be_done_again_is_said() {
    let lab = Lab::with(|config| config.payload_cap = 10).await;
    let mut raw = lab.open().await;
    for text in [&b"short"[..], b"longer than the relay keeps", b"never sent"] {
        raw.send(&masked(0x81, text)).await;
        raw.frame().await;
    }
    drop(raw);
    let file = exported(&lab, "?connection=1").await;
    assert_eq!(read(&file)[0].steps.len(), 2, "{file}");
    assert!(file.contains("the relay kept its first 10 of 27 bytes. The rest is left out"), "{file}");
    again(&lab, &file).await.passed();
}
