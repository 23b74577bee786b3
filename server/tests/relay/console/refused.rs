//! Commands that the relay refuses, and the reasons.

use super::{act, open_observed};
use crate::behaviours::{close, close_from_client, nothing_but_a_pong};
use crate::support::{Feed, Lab, http, masked, say};
use observation::command::{CloseWith, Composed};
use observation::{Command, Event};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn impossible_commands_are_refused_and_recorded() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let composed = |opcode, length_bits, length| {
        let order = r#"{"opcode": 0}"#;
        Command::Frame(Composed { opcode, length_bits, length, ..serde_json::from_str(order).unwrap() })
    };
    let close = |code, reason: &str| Command::Close(CloseWith { code, reason: reason.to_owned() });
    let cases = [
        (Command::Ping(vec![0; 126]), "ping", "a ping carries at most 125 bytes, but this payload has 126"),
        (Command::Pong(vec![0; 126]), "pong", "a pong carries at most 125 bytes, but this payload has 126"),
        (Command::Raw(vec![]), "raw", "there are no bytes to send"),
        (Command::Resume, "resume", "the relay is not paused"),
        (close(None, "why"), "close", "a close reason requires a close code"),
        (close(Some(1000), &"x".repeat(124)), "close", "a close reason has at most 123 bytes, but this one has 124"),
        (composed(16, None, None), "frame", "an opcode has four bits"),
        (composed(1, Some(8), None), "frame", "7, 16 or 64 bits"),
        (composed(1, Some(7), Some(126)), "frame", "does not fit its form"),
        (composed(1, Some(16), Some(65_536)), "frame", "does not fit its form"),
        (Command::Behave("fragmets=2".to_owned()), "behave", "did you mean `fragments`?"),
        (Command::Behave("refuse=500".to_owned()), "behave", "which is over; connect again"),
        (Command::Behave("deflate=off".to_owned()), "behave", "`deflate` applies to the opening handshake"),
        (Command::Behave("preset=maintenance".to_owned()), "behave", "`refuse` applies to the opening handshake"),
        (Command::Behave("pong-within=1s".to_owned()), "behave", "requires `ping-every`"),
    ];
    for (command, what, says) in cases {
        let refused = feed.command(1, command).await.expect(says);
        assert!(refused.contains(says), "{refused}");
        let told = act(&mut feed).await;
        assert_eq!((told.deliberate.what.as_ref(), told.refused.as_deref(), told.sent), (what, Some(&refused[..]), 0));
    }
    nothing_but_a_pong(&mut raw).await;
    close_from_client(&mut raw).await;
}

#[tokio::test]
async fn invalid_commands_are_refused() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    for text in [
        "",
        "ping",
        "[]",
        "{}",
        r#"{"id": 1, "connection": 1}"#,
        r#"{"id": 1, "connection": 1, "command": "dance"}"#,
        r#"{"id": 1, "connection": 1, "command": {"ping": "6"}}"#,
        r#"{"id": 1, "connection": 1, "command": {"ping": "zz"}}"#,
        r#"{"id": 1, "connection": 1, "command": {"drop": "gently"}}"#,
        r#"{"id": 1, "connection": 1, "command": {"close": {"code": 65536}}}"#,
        r#"{"id": 1, "connection": 1, "command": {"frame": {"payload": "00"}}}"#,
        r#"{"id": 1, "connection": 1, "command": "pause", "more": 1}"#,
        r#"{"id": -1, "connection": 1, "command": "pause"}"#,
        &"[".repeat(10_000),
        &format!(r#"{{"id": 1, "connection": 1, "command": {{"{}": 1}}}}"#, "x".repeat(10_000)),
    ] {
        let answer = feed.say(text).await;
        assert_eq!(answer.id, None, "{text}");
        let refused = answer.refused.unwrap();
        assert!(
            refused.starts_with("this is not a valid command (") && refused.contains(r#"{"ping": "6869"}"#),
            "{refused}"
        );
    }
    // The observer can still send commands, and the connection is unchanged.
    assert_eq!(feed.command(1, Command::Ping(vec![])).await, None);
    assert_eq!(raw.take(2).await, b"\x89\x00");
}

/// A message over the size limit disconnects only its observer.
#[tokio::test]
async fn a_message_that_is_too_large() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let mut other = lab.feed().await;
    let largest = "x".repeat(60_000);
    assert_eq!(feed.command(1, Command::Text(largest.clone())).await, None);
    assert_eq!(raw.frame().await.1.len(), 60_000);
    say(&mut feed.socket, Message::text("x".repeat(70_000))).await;
    loop {
        if crate::support::message(&mut feed.socket).await.is_err() {
            break;
        }
    }
    assert_eq!(other.command(1, Command::Text("hi".to_owned())).await, None);
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
}

#[tokio::test]
async fn a_connection_that_ended_or_never_existed() {
    let lab = Lab::new().await;
    let (raw, mut feed) = open_observed(&lab, "").await;
    for number in [0, 2, u32::MAX] {
        let refused = feed.command(number, Command::Pause).await.unwrap();
        assert_eq!(refused, format!("connection {number} is not open: it has ended or never existed"));
    }
    drop(raw);
    feed.closed().await;
    let refused = feed.command(1, Command::Pause).await.unwrap();
    assert_eq!(refused, "connection 1 is not open: it has ended or never existed");
    assert_eq!(act(&mut feed).await.refused, Some(refused));
    // A refused request has a number, but no connection.
    http(lab.address(), "GET", &lab.path(), "").await;
    feed.refusal().await;
    assert!(feed.command(2, Command::Pause).await.is_some());
    assert!(act(&mut feed).await.refused.is_some());
}

#[tokio::test]
async fn a_connection_of_another_session() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let id = http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
    let mut stranger = Feed::open(lab.address(), &id, 0).await;
    assert!(stranger.command(1, Command::Text("from afar".to_owned())).await.is_some());
    nothing_but_a_pong(&mut raw).await;
    assert!(matches!(feed.next().await.event, Event::Frame(frame) if frame.opcode == 9));
}

#[tokio::test]
async fn a_command_during_a_close_frame() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "close-answer=off").await;
    raw.send(&masked(0x88, &close(1000, ""))).await;
    feed.frame().await;
    act(&mut feed).await;
    let refused = feed.command(1, Command::Behave("ping-every=20ms".to_owned())).await.unwrap();
    assert!(refused.contains("the closing handshake has begun"), "{refused}");
}
