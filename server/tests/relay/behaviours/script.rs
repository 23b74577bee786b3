//! A script in place of the echo: rules, questions, time limits, inner streams, and its limits.

use super::{ask, close, close_from_client, events_and_end, frame, nothing_but_a_pong, open};
use crate::support::clock::Clock;
use crate::support::{Lab, Raw, masked};
use observation::event::Cause;
use observation::{Command, Event};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn query(script: &Value) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("script", &script.to_string()).finish()
}

async fn begin(lab: &Lab, script: &Value) -> Raw {
    open(lab, &query(script)).await
}

async fn say(raw: &mut Raw, text: &str) {
    raw.send(&masked(0x81, text.as_bytes())).await;
}

async fn text(raw: &mut Raw) -> String {
    let (first, payload) = raw.frame().await;
    assert_eq!(first, 0x81);
    String::from_utf8(payload).unwrap()
}

#[tokio::test]
async fn rules_replace_the_echo() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let script = json!({
        "start": {
            "enter": [{ "send": "hello" }],
            "on": [
                { "text": "ping", "do": [{ "send": "pong" }] },
                { "json": { "id": "$id", "of": { "kind": "$kind" } }, "do": [{ "send": { "ack": "$id", "kind": ["$kind"] } }] },
                { "json": { "go": true }, "do": [{ "each": { "items": ["a", "b", "c"], "first": 2, "last": "3" } }], "to": "next" },
            ],
            "else": [{ "send": "what?" }],
        },
        "next": {
            "enter": [{ "send": "here" }],
            "else": [{ "close": { "code": "4001", "reason": "enough" } }],
        },
    });
    let mut raw = begin(&lab, &script).await;
    assert_eq!(text(&mut raw).await, "hello");
    for (said, answer) in [
        ("ping", "pong"),
        ("ping ", "what?"),
        (r#"{"of":{"kind":"x","more":1},"id":7}"#, r#"{"ack":7,"kind":["x"]}"#),
        // A name and a number are copied; a list, an object and a long text are not.
        (r#"{"of":{"kind":["x"]},"id":7}"#, "what?"),
        (r#"{"go":1}"#, "what?"),
    ] {
        say(&mut raw, said).await;
        assert_eq!(text(&mut raw).await, answer, "{said}");
    }
    say(&mut raw, &json!({ "id": "x".repeat(65), "of": { "kind": 1 } }).to_string()).await;
    assert_eq!(text(&mut raw).await, "what?");
    // Binary data and long texts fit no rule, and neither does a text in fragments that is not whole.
    raw.send(&[masked(0x82, b"ping"), masked(0x01, b"pi"), masked(0x80, b"ng")].concat()).await;
    assert_eq!([text(&mut raw).await, text(&mut raw).await], ["what?", "pong"]);
    say(&mut raw, &format!("{{\"go\":true,\"x\":\"{}\"}}", "x".repeat(64 << 10))).await;
    assert_eq!(text(&mut raw).await, "what?");
    say(&mut raw, r#"{"go":true}"#).await;
    assert_eq!([text(&mut raw).await, text(&mut raw).await, text(&mut raw).await], ["b", "c", "here"]);
    say(&mut raw, "ping").await;
    super::close_from_server(&mut raw, 4001, "enough").await;
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!((closed.cause, closed.code, closed.clean), (Cause::DeliberateClose, Some(4001), true));
    let by_script = events.iter().filter(|event| {
        matches!(event, Event::Frame(frame) if frame.deliberate.as_ref().is_some_and(|why| why.what == "script"))
    });
    assert_eq!(by_script.count(), 14);
}

#[tokio::test]
async fn questions_come_one_at_a_time_and_in_a_new_order() {
    let lab = Lab::new().await;
    let questions: Vec<_> = (0..8)
        .map(|n| json!({ "send": { "n": n }, "answer": { "twice": 2 * n }, "hint": format!("no {n}") }))
        .collect();
    let script = json!({
        "start": { "ask": questions, "then": "done", "else": [{ "send": "$hint" }] },
        "done": { "enter": [{ "send": "done" }] },
    });
    let mut orders = BTreeSet::new();
    for _ in 0..4 {
        let mut raw = begin(&lab, &script).await;
        let mut order = Vec::new();
        for _ in 0..8 {
            let asked: Value = serde_json::from_str(&text(&mut raw).await).unwrap();
            let n = asked["n"].as_u64().unwrap();
            say(&mut raw, &json!({ "twice": 2 * n + 1 }).to_string()).await;
            assert_eq!(text(&mut raw).await, format!("no {n}"));
            say(&mut raw, &json!({ "twice": 2 * n }).to_string()).await;
            order.push(n);
        }
        assert_eq!(text(&mut raw).await, "done");
        let all: BTreeSet<_> = order.iter().collect();
        assert_eq!(all.len(), 8, "{order:?}");
        orders.insert(order);
    }
    // Four times the same order has a chance of one in 8!³.
    assert!(orders.len() > 1);
}

#[tokio::test]
async fn a_state_can_end_after_a_time() {
    let lab = Lab::new().await;
    let script = json!({
        "start": { "within-ms": 2000, "late": [{ "send": "late" }, { "wait-ms": 100 }, { "drop": "fin" }], "on": [{ "text": "in", "to": "checking" }] },
        "checking": { "enter": [{ "wait-ms": 300 }, { "send": "welcome" }], "then": "inside", "else": [{ "send": "wait" }] },
        "inside": { "else": [{ "send": "inside" }] },
    });
    let clock = Clock::stop();
    let mut raw = begin(&lab, &script).await;
    clock.pass(Duration::from_millis(1990)).await;
    nothing_but_a_pong(&mut raw).await;
    say(&mut raw, "in").await;
    say(&mut raw, "hurry").await;
    assert_eq!(text(&mut raw).await, "wait");
    clock.pass(Duration::from_millis(290)).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(10)).await;
    say(&mut raw, "now").await;
    assert_eq!([text(&mut raw).await, text(&mut raw).await], ["welcome", "inside"]);
    // The time limit of the first state is over.
    clock.pass(Duration::from_secs(10)).await;
    nothing_but_a_pong(&mut raw).await;

    let mut raw = begin(&lab, &script).await;
    clock.pass(Duration::from_millis(2000)).await;
    assert_eq!(text(&mut raw).await, "late");
    clock.pass(Duration::from_millis(100)).await;
    drop(clock);
    assert_eq!(raw.rest().await, b"");
}

/// The frames of a stream: opcode, masked, payload.
fn parsed(mut stream: &[u8]) -> Vec<(u8, bool, Vec<u8>)> {
    let mut frames = Vec::new();
    while !stream.is_empty() {
        let (masked, short) = (stream[1] & 0x80 != 0, stream[1] & 0x7F);
        let (length, mut at) = match short {
            126 => (usize::from(u16::from_be_bytes(stream[2..4].try_into().unwrap())), 4),
            127 => (u64::from_be_bytes(stream[2..10].try_into().unwrap()) as usize, 10),
            short => (usize::from(short), 2),
        };
        let mut key = [0; 4];
        if masked {
            key.copy_from_slice(&stream[at..at + 4]);
            at += 4;
        }
        let payload = stream[at..at + length].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.push((stream[0], masked, payload));
        stream = &stream[at + length..];
    }
    frames
}

#[tokio::test]
async fn an_inner_stream_is_cut_as_the_script_says() {
    let lab = Lab::new().await;
    let script = json!({ "start": { "enter": [
        { "stream": { "cut": [1, [2, 40], 3000], "frames": [
            { "opcode": "text", "fin": false, "masked": true, "payload": ["caf", { "hex": "c3" }] },
            { "opcode": "ping", "payload": "?" },
            { "opcode": "continuation", "payload": [{ "hex": "a9" }, { "random": [300, 400] }] },
            { "opcode": "binary", "masked": true, "payload": [{ "random": [65_536, 70_000] }] },
            { "opcode": "close" },
        ] } },
        { "stream": { "frames": [{ "opcode": "pong" }] } },
    ] } });
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut raw = begin(&lab, &script).await;
        let (mut stream, mut sizes) = (Vec::new(), Vec::new());
        while !stream.ends_with(&[0x88, 0, 0x8A, 0]) {
            let (first, chunk) = raw.frame().await;
            assert_eq!(first, 0x82);
            sizes.push(chunk.len());
            stream.extend(chunk);
        }
        assert_eq!((sizes[0], sizes[2], sizes[3], sizes[5]), (1, 3000, 1, 3000));
        assert!((2..=40).contains(&sizes[1]) && (2..=40).contains(&sizes[4]), "{sizes:?}");
        let frames = parsed(&stream);
        let kinds: Vec<_> = frames.iter().map(|(first, masked, _)| (*first, *masked)).collect();
        assert_eq!(kinds, [(0x01, true), (0x89, false), (0x80, false), (0x82, true), (0x88, false), (0x8A, false)]);
        assert_eq!((&frames[0].2[..], &frames[1].2[..], frames[2].2[0]), (&b"caf\xC3"[..], &b"?"[..], 0xA9));
        assert!((301..=401).contains(&frames[2].2.len()) && frames[2].2[1..].iter().all(u8::is_ascii_lowercase));
        assert!((65_536..=70_000).contains(&frames[3].2.len()));
        streams.push(stream);
        close_from_client(&mut raw).await;
    }
    assert_ne!(streams[0], streams[1], "every connection has its own bytes");
}

#[tokio::test]
async fn a_stream_has_a_limited_number_of_messages() {
    let lab = Lab::new().await;
    let script = json!({ "start": { "enter": [
        { "stream": { "cut": [1], "frames": [{ "opcode": "binary", "payload": [{ "random": 2000 }] }] } },
    ] } });
    let mut raw = begin(&lab, &script).await;
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < 2004 {
        sizes.push(raw.frame().await.1.len());
    }
    assert_eq!((sizes.len(), sizes[498], sizes[499]), (500, 1, 2004 - 499));
}

/// A state that follows itself adds nothing while earlier messages cannot be sent.
#[tokio::test]
async fn a_script_waits_until_its_messages_are_sent() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    // Half a message of the client: nothing may be sent inside its echo.
    raw.send(&masked(0x01, b"half")).await;
    raw.take(6).await;
    let script = json!({ "start": { "enter": [{ "wait-ms": 20 }, { "send": "again" }], "then": "start" } });
    assert_eq!(feed.command(1, Command::Behave(query(&script))).await, None);
    let clock = Clock::stop();
    clock.pass(Duration::from_secs(20)).await;
    drop(clock);
    raw.send(&masked(0x80, b"")).await;
    assert_eq!(raw.frame().await, (0x80, Vec::new()));
    raw.send(&masked(0x88, &close(1000, ""))).await;
    let rest = raw.rest().await;
    let again = frame(0x81, b"again");
    let count = rest.chunks(again.len()).filter(|chunk| *chunk == again).count();
    assert!((1..=200).contains(&count), "{count} messages have waited");
}

#[tokio::test]
async fn what_is_wrong_with_a_script_is_said() {
    let lab = Lab::new().await;
    let start = |state: Value| json!({ "start": state });
    let steps = |steps: Value| json!({ "start": { "enter": steps } });
    let stream = |frames: Value| json!({ "start": { "enter": [{ "stream": { "frames": frames } }] } });
    for (script, says) in [
        (json!({}), "there is no state `start`, in which a connection begins"),
        (json!([]), "invalid type"),
        (start(json!({ "enters": [] })), "unknown field `enters`"),
        (
            start(json!({ "on": [{}] })),
            "state `start`: each rule of `on` needs `text`, `json`, `binary`, `when` or `nth`",
        ),
        (start(json!({ "on": [{ "text": "a", "to": "b" }] })), "there is no state `b` to go to"),
        (start(json!({ "then": "start" })), "with `then` and no questions, `enter` must wait at least 20 ms in total"),
        (start(json!({ "ask": [{ "send": 1, "answer": 1 }] })), "`ask` needs `then`"),
        (start(json!({ "within-ms": 100 })), "`within-ms` and `late` need each other"),
        (steps(json!([{ "sent": 1 }])), "unknown variant `sent`"),
        (steps(json!([{ "wait-ms": 60_001 }])), "`wait-ms` takes a number from 1 to 60000, not 60001"),
        (steps(json!([{ "wait-ms": -1 }])), "-1 is not a whole number"),
        (steps(json!([{ "close": { "code": 1005 } }])), "`close-code` takes a code that may be sent"),
        (steps(json!([{ "close": { "code": 1000, "reason": "x".repeat(124) } }])), "at most 123 bytes, not 124"),
        (steps(json!([{ "drop": "hard" }])), "`drop` takes `fin` or `reset`, not `hard`"),
        (steps(json!([{ "each": { "items": [1, 2], "last": 3 } }])), "`each` has no items 1 to 3; it has 2"),
        (
            steps(json!([{ "each": { "items": [1], "last": u64::MAX } }])),
            "`each` has no items 1 to 18446744073709551615",
        ),
        (steps(json!(vec![json!({ "send": 1 }); 65])), "steps: at most 64, not 65"),
        (stream(json!([{ "opcode": "texts" }])), "unknown variant `texts`"),
        (stream(json!([{ "opcode": "text", "payload": 5 }])), "a payload is a text, or a list of texts"),
        (stream(json!([{ "opcode": "text", "payload": [{ "hex": "0" }] }])), "a payload is a text, or a list"),
        (
            stream(json!([{ "opcode": "text", "payload": [{ "random": [5, 4] }] }])),
            "`random` takes numbers from 0 to 262144",
        ),
        (
            stream(json!(vec![json!({ "opcode": "text", "payload": [{ "random": 200_000 }] }); 2])),
            "4 streams with 262144 bytes",
        ),
    ] {
        let mut raw = ask(&lab, &query(&script), "").await;
        let answer = String::from_utf8(raw.rest().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(says), "{script}\n{answer}");
    }
    // The head of a request has a smaller limit than a command.
    let mut feed = lab.feed_after(u64::MAX).await;
    let _raw = lab.open().await;
    let connection = feed.next().await.connection;
    let long = json!({ "start": { "else": [{ "send": "x".repeat(16 << 10) }] } });
    let refused = feed.command(connection.0, Command::Behave(query(&long))).await.unwrap();
    assert!(refused.contains("`script` takes at most 16384 bytes"), "{refused}");
    let plain = json!({ "start": {} });
    let mut raw = ask(&lab, &format!("{}&reply=none", query(&plain)), "").await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.contains("`script` and `reply` contradict each other"), "{answer}");
    // Nothing nested is too deep to be refused.
    let deep = format!("script={{\"start\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let mut raw = ask(&lab, &deep, "").await;
    assert!(String::from_utf8(raw.rest().await).unwrap().starts_with("HTTP/1.1 400 "));
}
