//! What each action does on `/relay` and `/via`.

use super::{act, heard, ruled, say, set, summary, tell, told, unmasked};
use crate::hops::{Legs, open_via};
use crate::support::clock::Clock;
use crate::support::{Lab, masked};
use observation::event::Cause;
use observation::{Event, Intermediary, Origin, Party};
use std::time::Duration;

#[tokio::test]
async fn without_a_matching_rule_every_byte_goes_on_as_it_came() {
    let (_lab, mut raw, mut server, _feed) = ruled(r#"[{"when": {"text": "no such text"}, "then": "drop"}]"#).await;
    // Two fragments with a ping between them, a large message, and an empty one.
    let mut sent = [masked(0x01, b"frag"), masked(0x89, b"ping"), masked(0x80, b"ment")].concat();
    sent.extend(masked(0x82, &[7; 70_000]));
    sent.extend(masked(0x81, b""));
    for piece in sent.chunks(1_000) {
        raw.send(piece).await;
    }
    // The ping is not inside the message any more, and nothing else has changed.
    let reordered = [masked(0x89, b"ping"), masked(0x01, b"frag"), masked(0x80, b"ment")].concat();
    let got = server.take(sent.len()).await;
    assert_eq!(got[..reordered.len()], reordered);
    assert_eq!(got[reordered.len()..], sent[reordered.len()..]);
}

#[tokio::test]
async fn a_dropped_message_goes_no_further_and_is_recorded() {
    let (_lab, mut raw, mut server, mut feed) =
        ruled(r#"[{"name": "no secrets", "when": {"text": "secret"}, "then": "drop"}]"#).await;
    for text in ["one", "a secret", "two"] {
        raw.send(&say(text)).await;
    }
    assert_eq!((told(&mut server).await, told(&mut server).await), ("one".to_owned(), "two".to_owned()));
    let (done, intercepted) = act(&mut feed).await;
    assert_eq!((&*done.deliberate.what, done.deliberate.by), ("drop", Origin::Rule));
    assert_eq!(done.deliberate.explanation, "rule 1 (no secrets) drops this message");
    assert_eq!((intercepted.rule, &*intercepted.name, intercepted.from), (1, "no secrets", Party::Client));
    assert_eq!((intercepted.before.payload.as_slice(), intercepted.after.len()), (&b"a secret"[..], 0));
    drop((raw, server));
    let mut feed = _lab.feed().await;
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let numbers = |seen: &crate::hops::Seen| {
        seen.frames().iter().filter_map(|frame| Some(frame.position?.message)).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&near), numbers(&far)), (vec![1, 2, 3], vec![1, 2]));
    assert_eq!((near.closed().client.frames, far.closed().client.frames), (3, 2));
}

#[tokio::test]
async fn a_replaced_message_has_what_it_was_and_what_it_became() {
    let rules = r#"[
        {"when": {"from": "client", "text": "v1"}, "then": {"replace": {"regex": {"find": "v(\\d)", "with": "version $1"}}}},
        {"when": {"json": {"path": "$.price"}}, "then": {"replace": {"json": {"path": "$.price", "with": 13}}}},
        {"when": {"json": {"path": "$.id"}}, "then": {"replace": {"template": "{{$.id}} of {{text}}"}}}
    ]"#;
    let (_lab, mut raw, mut server, mut feed) = ruled(rules).await;
    raw.send(&say("v1 and v2")).await;
    assert_eq!(told(&mut server).await, "version 1 and version 2");
    assert_eq!(
        summary(&mut feed).await,
        ("replace".to_owned(), "v1 and v2".to_owned(), vec!["version 1 and version 2".to_owned()])
    );
    server.send(&tell(r#"{"price": 12}"#)).await;
    assert_eq!(heard(&mut raw).await, r#"{"price":13}"#);
    // It has the price already, so the next rule looks at it.
    server.send(&tell(r#"{"id": "a", "price": 13}"#)).await;
    assert_eq!(heard(&mut raw).await, r#"a of {"id": "a", "price": 13}"#);
    drop((raw, server));
    let mut feed = _lab.feed().await;
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let changed = far.frames().into_iter().find(|frame| frame.from == Party::Client).unwrap();
    assert_eq!(changed.unmasked_payload(), b"version 1 and version 2");
    assert_eq!(changed.deliberate.as_ref().unwrap().by, Origin::Rule);
    let before = near.frames().into_iter().find(|frame| frame.from == Party::Client).unwrap();
    assert_eq!((before.unmasked_payload(), before.deliberate.is_none()), (b"v1 and v2".to_vec(), true));
}

#[tokio::test]
async fn copies_go_on_after_the_original() {
    let (_lab, mut raw, mut server, _feed) =
        ruled(r#"[{"when": {"text": "twice"}, "then": {"duplicate": {"copies": 2}}}]"#).await;
    raw.send(&[say("twice"), say("once")].concat()).await;
    for expect in ["twice", "twice", "twice", "once"] {
        assert_eq!(told(&mut server).await, expect);
    }
    drop((raw, server));
    let mut feed = _lab.feed().await;
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().client.frames, far.closed().client.frames), (2, 4));
    assert_eq!(far.closed().client.bytes, 3 * 11 + 10);
}

#[tokio::test]
async fn a_delayed_message_is_late_and_the_others_go_ahead() {
    let (_lab, mut raw, mut server, mut feed) =
        ruled(r#"[{"when": {"text": "late"}, "then": {"delay": {"ms": 5000}}}]"#).await;
    let clock = Clock::stop();
    raw.send(&[say("late"), say("on time")].concat()).await;
    assert_eq!(told(&mut server).await, "on time");
    let (begins, intercepted) = clock.pass_until(act(&mut feed)).await;
    assert_eq!((&*begins.deliberate.what, intercepted.held), ("delay", None));
    assert!(intercepted.until_us.is_some(), "it says beforehand when the message goes on");
    clock.pass(Duration::from_millis(4000)).await;
    raw.send(&say("still earlier")).await;
    assert_eq!(told(&mut server).await, "still earlier");
    assert_eq!(clock.pass_until(told(&mut server)).await, "late");
}

#[tokio::test]
async fn a_reordered_message_follows_the_next_ones() {
    let (_lab, mut raw, mut server, _feed) =
        ruled(r#"[{"when": {"text": "first"}, "then": {"reorder": {"behind": 2, "ms": 60000}}, "times": 1}]"#).await;
    for text in ["first", "second", "third", "fourth", "first again"] {
        raw.send(&say(text)).await;
    }
    for expect in ["second", "third", "first", "fourth", "first again"] {
        assert_eq!(told(&mut server).await, expect);
    }
}

#[tokio::test]
async fn a_closing_rule_closes_both_sides() {
    let (_lab, mut raw, mut server, _feed) =
        ruled(r#"[{"when": {"text": "bye"}, "then": {"close": {"code": 1001, "reason": "going"}}}]"#).await;
    raw.send(&say("bye")).await;
    assert_eq!(unmasked(&mut server).await, (0x88, b"\x03\xe9going".to_vec()));
    assert_eq!(raw.frame().await, (0x88, b"\x03\xe9going".to_vec()));
    raw.send(&masked(0x88, b"\x03\xe9")).await;
    server.send(b"\x88\x02\x03\xe9").await;
    drop(server);
    assert_eq!(raw.rest().await, b"", "the server's answer is not a second close frame");
    drop(raw);
    let mut feed = _lab.feed().await;
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    for closed in [near.closed(), far.closed()] {
        assert_eq!((closed.cause, closed.clean, closed.code), (Cause::ClosingHandshake, true, Some(1001)));
    }
}

#[tokio::test]
async fn a_note_only_says_that_the_rule_matched() {
    let rules = r#"[{"when": {"text": "x"}, "then": {"note": "seen"}}, {"when": {"text": "x"}, "then": "drop"}]"#;
    let (_lab, mut raw, mut server, mut feed) = ruled(rules).await;
    raw.send(&[say("x"), say("y")].concat()).await;
    assert_eq!(told(&mut server).await, "y");
    assert_eq!(summary(&mut feed).await.0, "note");
    assert_eq!(summary(&mut feed).await.0, "drop");
}

/// All twenty.
#[tokio::test]
async fn a_corrupted_message_has_the_fault() {
    // Each of their frames is valid by itself.
    let harmless = ["split-code-point", "data-after-close", "cut-off"];
    for fault in [
        "masked",
        "rsv1",
        "rsv2",
        "rsv3",
        "reserved-data",
        "reserved-control",
        "invalid-utf8",
        "split-code-point",
        "ping-fragmented",
        "ping-too-long",
        "length-not-minimal",
        "length-top-bit",
        "nothing-to-continue",
        "message-inside-message",
        "close-one-byte",
        "close-1005",
        "close-reason-not-utf8",
        "data-after-close",
        "broken-deflate",
        "cut-off",
    ] {
        let (lab, mut raw, mut server, mut feed) =
            ruled(&format!(r#"[{{"then": {{"corrupt": "{fault}"}}, "times": 2}}]"#)).await;
        raw.send(&say("hello")).await;
        let (done, _) = act(&mut feed).await;
        assert_eq!((&*done.deliberate.what, done.refused), ("corrupt", None), "{fault}");
        let mut far = None;
        while far.is_none() {
            let seen = feed.next().await;
            if let Event::Frame(frame) = seen.event
                && seen.connection.0 == 2
                && frame.deliberate.is_some()
                && (!frame.violations.is_empty() || harmless.contains(&fault))
            {
                far = Some(frame);
            }
        }
        let far = far.unwrap();
        assert_eq!((far.from, far.deliberate.unwrap().by), (Party::Client, Origin::Rule), "{fault}");
        if fault == "masked" {
            assert_eq!(server.take(7).await, b"\x81\x05hello", "a client's fault is not to mask");
            server.send(&tell("hello")).await;
            assert_eq!(raw.take(2).await, b"\x81\x85", "a server's fault is to mask");
        }
        drop((lab, raw, server));
    }
}

#[tokio::test]
async fn rules_act_on_a_middlebox_once() {
    let lab = Lab::new().await;
    let mut raw = open_via(&lab, "slow", "").await;
    let mut feed = lab.feed().await;
    let rules = r#"[
        {"when": {"from": "client", "text": "a"}, "then": {"replace": {"template": "{{text}}b"}}},
        {"when": {"from": "server", "text": "ab"}, "then": {"replace": {"template": "{{text}}c"}}}
    ]"#;
    set(&mut feed, rules).await;
    raw.send(&say("a")).await;
    assert_eq!(heard(&mut raw).await, "abc");
    let (_, up) = act(&mut feed).await;
    let (_, down) = act(&mut feed).await;
    assert_eq!((up.from, up.before.payload.as_slice()), (Party::Client, &b"a"[..]));
    assert_eq!((down.from, down.before.payload.as_slice()), (Party::Server, &b"ab"[..]));
}
