//! Rules on `/lab`, where the relay is the server: they act before the behavior learns of a message, and on what it sends.

use super::{act, heard, say, set, summary};
use crate::support::clock::Clock;
use crate::support::deflate::{Deflating, Inflating};
use crate::support::{Feed, Lab, Raw, masked};
use observation::command::{AnswerHeld, Composed, Edited, Forward};
use observation::{Command, Event, Origin, Party};
use std::time::Duration;

async fn ruled(query: &str, rules: &str) -> (Lab, Raw, Feed) {
    let lab = Lab::new().await;
    let raw = Raw::open(lab.address(), &format!("{}{query}", lab.path())).await;
    let mut feed = lab.feed().await;
    set(&mut feed, rules).await;
    (lab, raw, feed)
}

fn text(payload: &str) -> Edited {
    let frame: Composed =
        serde_json::from_str(&format!(r#"{{"opcode": 1, "payload": "{}"}}"#, hex::encode(payload))).unwrap();
    Edited { frame, compress: false }
}

#[tokio::test]
async fn each_action_changes_what_is_echoed() {
    let rules = r#"[
        {"when": {"from": "client", "text": "drop"}, "then": "drop"},
        {"when": {"from": "client", "text": "new"}, "then": {"replace": {"template": "other"}}},
        {"when": {"from": "client", "text": "twice"}, "then": {"duplicate": {"copies": 1}}},
        {"when": {"from": "client", "text": "later"}, "then": {"reorder": {"behind": 1}}},
        {"when": {"from": "server", "text": "echo"}, "then": {"replace": {"template": "changed {{text}}"}}},
        {"when": {"from": "server", "text": "fault"}, "then": {"corrupt": "rsv2"}},
        {"when": {"text": "close"}, "then": {"close": {"code": 4000}}}
    ]"#;
    let (_lab, mut raw, mut feed) = ruled("", rules).await;
    for sent in ["drop", "new", "twice", "later", "echo", "plain", "fault"] {
        raw.send(&say(sent)).await;
    }
    for expect in ["other", "twice", "twice", "changed echo", "later", "plain"] {
        assert_eq!(heard(&mut raw).await, expect);
    }
    assert_eq!(raw.frame().await, (0xa1, b"fault".to_vec()));
    raw.send(&say("close")).await;
    assert_eq!(raw.close_code().await, 4000);
    let mut whats = Vec::new();
    while whats.len() < 8 {
        whats.push(act(&mut feed).await.0.deliberate.what.into_owned());
    }
    assert_eq!(whats, ["drop", "replace", "duplicate", "reorder", "replace", "reorder", "corrupt", "close"]);
}

#[tokio::test]
async fn the_record_has_what_the_client_sent() {
    let (_lab, mut raw, mut feed) =
        ruled("", r#"[{"when": {"from": "client"}, "then": {"replace": {"template": "b"}}}]"#).await;
    raw.send(&say("a")).await;
    assert_eq!(heard(&mut raw).await, "b");
    feed.opening().await;
    let frame = feed.frame().await;
    assert_eq!((frame.from, frame.unmasked_payload()), (Party::Client, b"a".to_vec()));
    assert_eq!(summary(&mut feed).await, ("replace".to_owned(), "a".to_owned(), vec!["b".to_owned()]));
}

#[tokio::test]
async fn a_held_message_is_late_for_the_behavior() {
    let (_lab, mut raw, mut feed) =
        ruled("", r#"[{"when": {"from": "client", "text": "hold"}, "then": {"hold": {"ms": 8000}}}]"#).await;
    let clock = Clock::stop();
    raw.send(&[say("hold 1"), say("passes"), say("hold 2"), say("hold 3"), say("hold 4")].concat()).await;
    assert_eq!(heard(&mut raw).await, "passes");
    for _ in 0..4 {
        assert_eq!(clock.pass_until(act(&mut feed)).await.0.deliberate.what, "hold");
    }
    assert_eq!(feed.command(1, Command::Forward(Forward { held: 2, edited: Some(text("edited")) })).await, None);
    assert_eq!(heard(&mut raw).await, "edited");
    assert_eq!(feed.command(1, Command::Answer(AnswerHeld { held: 3, with: text("instead") })).await, None);
    assert_eq!(heard(&mut raw).await, "instead");
    assert_eq!(feed.command(1, Command::Discard(4)).await, None);
    // The client's message has arrived, so its header cannot change any more.
    let frame = Composed { rsv1: true, ..text("x").frame };
    let edited = Some(Edited { frame, compress: false });
    let refused = feed.command(1, Command::Forward(Forward { held: 1, edited })).await.unwrap();
    assert!(refused.contains("only its content and its kind can change"), "{refused}");
    assert_eq!(clock.pass_until(heard(&mut raw)).await, "hold 1");
    for expect in ["forward", "answer", "discard", "forward"] {
        assert_eq!(clock.pass_until(act(&mut feed)).await.0.deliberate.what, expect);
    }
}

#[tokio::test]
async fn a_held_reply_can_be_edited_bit_by_bit() {
    let (_lab, mut raw, mut feed) = ruled("", r#"[{"when": {"from": "server"}, "then": {"hold": {}}}]"#).await;
    raw.send(&say("a")).await;
    act(&mut feed).await;
    let frame = Composed { rsv3: true, ..text("b").frame };
    let edited = Some(Edited { frame, compress: false });
    assert_eq!(feed.command(1, Command::Forward(Forward { held: 1, edited })).await, None);
    assert_eq!(raw.frame().await, (0x91, b"b".to_vec()));
    loop {
        if let Event::Frame(frame) = feed.next().await.event
            && frame.from == Party::Server
        {
            assert_eq!(frame.deliberate.unwrap().by, Origin::Rule);
            assert_eq!(frame.violations[0].rule, "reserved-bits");
            return;
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_late_only_if_a_rule_says_so() {
    let (_lab, mut raw, mut feed) = ruled("", r#"[{"then": {"delay": {"ms": 60000}}}]"#).await;
    raw.send(&masked(0x89, b"1")).await;
    assert_eq!(raw.frame().await, (0x8a, b"1".to_vec()));
    set(&mut feed, r#"[{"when": {"opcode": 9}, "then": {"delay": {"ms": 500}}}]"#).await;
    let clock = Clock::stop();
    raw.send(&[masked(0x89, b"2"), say("first")].concat()).await;
    assert_eq!(heard(&mut raw).await, "first");
    clock.pass(Duration::from_millis(400)).await;
    assert_eq!(clock.pass_until(raw.frame()).await, (0x8a, b"2".to_vec()));
}

#[tokio::test]
async fn rules_act_on_what_a_behavior_sends() {
    let (_lab, mut raw, _feed) = ruled(
        "?push-every=1s&push=tick&fragments=2",
        r#"[{"when": {"from": "server", "text": "tick"}, "then": {"replace": {"template": "tock"}}}]"#,
    )
    .await;
    raw.send(&say("echo")).await;
    assert_eq!(raw.message().await, [(0x01, b"ec".to_vec()), (0x80, b"ho".to_vec())]);
    assert_eq!(raw.message().await, [(0x01, b"to".to_vec()), (0x80, b"ck".to_vec())]);
}

#[tokio::test]
async fn changed_replies_are_compressed_with_the_context_of_the_others() {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("").await;
    let mut feed = lab.feed().await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    let rules = r#"[{"when": {"text": "banana"}, "then": {"replace": {"regex": {"find": "^a", "with": "A"}}}}]"#;
    for (rules, sent, expect) in [
        ("[]", "a banana", "a banana"),
        (rules, "a banana again", "A banana again"),
        (rules, "no fruit", "no fruit"),
        ("[]", "a banana, again and again", "a banana, again and again"),
    ] {
        set(&mut feed, rules).await;
        raw.send(&masked(0xc1, &deflating.message(sent.as_bytes()))).await;
        assert_eq!(String::from_utf8(inflating.frames(&raw.message().await)).unwrap(), expect);
    }
}

#[tokio::test]
async fn a_fault_needs_a_message_that_the_relay_sends() {
    let (_lab, mut raw, mut feed) = ruled("", r#"[{"when": {"from": "client"}, "then": {"corrupt": "rsv1"}}]"#).await;
    raw.send(&say("a")).await;
    assert_eq!(heard(&mut raw).await, "a");
    let (done, _) = act(&mut feed).await;
    assert!(done.refused.unwrap().contains("choose messages from the server"));
}
