//! Conditions on what crossed the wire.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session, challenge, get, secret, session_id};
use curriculum::challenge::{Challenge, Counts};
use curriculum::values::{ValueSpec, fill};
use observation::event::Cause;
use observation::{Intermediary, Seq};
use serde_json::json;
use wire::opcode::Opcode;

#[test]
fn connections_are_counted() {
    let mut session = Session::new();
    session.fails(json!({ "connected": {} }), "No connection has reached the lab yet.");
    session.open(1).end(1, true).open(2);
    session.meets(json!({ "connected": { "at-least": 2, "at-most": 2 } }));
    session.fails(json!({ "connected": { "at-least": 3 } }), "You opened 2 connections.");
    session.fails(json!({ "connected": { "at-most": 1 } }), "You opened 2 connections.");
    // If only the newest connection counts, there is one.
    assert!(session.check(json!({ "connected": { "at-most": 1 } })).met);
}

#[test]
fn earlier_connections_do_not_count() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "old");
    let since = session.last();
    session.text(1, CLIENT, "still the old one");
    let challenge = challenge(json!({ "message": { "from": "client" } }), Counts::All);
    let before = session.report(&challenge, since, None);
    assert!(!before.passed());
    assert_eq!(before.golf.frames, 0);
    session.open(2).text(2, CLIENT, "new");
    let after = session.report(&challenge, since, None);
    assert!(after.passed());
    // A header of 6 bytes, masking key included, and the payload.
    assert_eq!((after.golf.connections, after.golf.frames, after.golf.bytes), (1, 1, 9));
    assert_eq!(after.verdicts[0].at.unwrap().seq, session.last());
}

#[test]
fn only_the_lab_leg_of_a_hop_counts() {
    let mut session = Session::new();
    session.open_over(1, Intermediary::Box("slow".into()), &get("/via/slow/lab/s"), &get("/lab/s"));
    session.text(1, CLIENT, "once").text(2, CLIENT, "once");
    for condition in
        [json!({ "connected": { "at-most": 1 } }), json!({ "message": { "from": "client", "at-most": 1 } })]
    {
        let challenge = Challenge { via: Some("slow".into()), ..challenge(condition, Counts::All) };
        assert!(session.report(&challenge, Seq(0), None).passed());
    }
}

#[test]
fn subprotocols_are_read_from_the_request() {
    let mut session = Session::new();
    let condition = json!({ "subprotocol": { "offered": ["b", "a"], "agreed": "b" } });
    session.open_with(1, &["a", "b"], Some("a"));
    session.fails(condition.clone(), "You offered a, b; the server chose a.");
    session.open_with(2, &[], None);
    session.fails(condition.clone(), "You offered no subprotocol; the server chose none.");
    session.open_with(3, &["b", "a"], Some("b"));
    session.meets(condition);
}

#[test]
fn messages_are_judged_by_kind_and_content() {
    let mut session = Session::new();
    session.open(1);
    session.fails(json!({ "message": { "from": "client" } }), "You have not sent any messages yet.");
    session.text(1, CLIENT, "Hello");
    session.meets(json!({ "message": { "from": "client", "kind": "text", "is": "Hello" } }));
    session.meets(json!({ "message": { "from": "client", "length": 5 } }));
    session.fails(
        json!({ "message": { "from": "client", "is": "hello" } }),
        "The last message you sent was the text “Hello”.",
    );
    session.fails(
        json!({ "message": { "from": "client", "kind": "binary" } }),
        "The last message you sent was the text “Hello”.",
    );
    session.fails(json!({ "message": { "from": "server" } }), "The server has not sent any messages yet.");
    session.binary(1, SERVER, &[0xde, 0xad]);
    session.meets(json!({ "message": { "from": "server", "bytes": "de ad" } }));
    session.fails(json!({ "message": { "from": "server", "bytes": "dead00" } }), "the binary data dead");
    session.text(1, CLIENT, "DE AD");
    session.meets(json!({ "message": { "from": "client", "is-hex": "dead" } }));
}

#[test]
fn counts_have_two_bounds() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "a").text(1, CLIENT, "b").text(1, CLIENT, "c");
    session.meets(json!({ "message": { "from": "client", "at-least": 3, "at-most": 3 } }));
    session.fails(json!({ "message": { "from": "client", "at-least": 4 } }), "You sent 3 of 4 messages.");
    session.fails(json!({ "message": { "from": "client", "at-most": 2 } }), "You sent 3 messages; the limit is 2.");
    session.meets(json!({ "message": { "from": "server", "at-most": 0 } }));
    session.fails(
        json!({ "message": { "from": "client", "is": "b", "at-most": 0 } }),
        "You sent 1 matching message; the limit is 0.",
    );
}

#[test]
fn a_fragmented_message_counts_once() {
    let mut session = Session::new();
    session.open(1).frame(1, SERVER, false, Opcode::Text, b"two ").frame(1, SERVER, true, Opcode::Ping, b"");
    session.fails(json!({ "message": { "from": "server" } }), "not sent any messages yet");
    session.frame(1, SERVER, true, Opcode::Continuation, b"parts");
    session.meets(json!({ "message": { "from": "server", "is": "two parts", "at-most": 1 } }));
}

#[test]
fn json_may_have_additional_fields() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, r#"{"id": 1, "n": 2.0, "list": [1, {"a": 2, "b": 3}]}"#);
    session.meets(json!({ "message": { "from": "client", "json": { "n": 2, "list": [1, { "a": 2 }] } } }));
    session.fails(json!({ "message": { "from": "client", "json": { "n": "2" } } }), "The last message you sent was");
    session.text(1, CLIENT, r#"{"id": 1}"#).text(1, CLIENT, r#"{"id": 2}"#).text(1, CLIENT, "{}");
    session.meets(json!({ "message": { "from": "client", "json": {}, "distinct": "id", "at-least": 2 } }));
    session.fails(
        json!({ "message": { "from": "client", "json": {}, "distinct": "id", "at-least": 3 } }),
        "You sent 2 of 3 matching messages.",
    );
}

#[test]
fn increasing_numbers_are_counted() {
    let condition = |least: u32| json!({ "message": { "from": "client", "json": { "type": "ping" }, "ascending": "n", "at-least": least } });
    let mut session = Session::new();
    session.open(1);
    for n in ["3", "1", "2", "4", "\"5\"", "4", "4.5"] {
        session.text(1, CLIENT, &format!(r#"{{"type": "ping", "n": {n}}}"#));
    }
    session.meets(condition(3));
    session.fails(condition(4), "You sent 3 of 4 matching messages.");
}

#[test]
fn many_different_values_are_counted_quickly() {
    let mut session = Session::new();
    session.open(1);
    for id in 0..900 {
        session.text(1, CLIENT, &format!(r#"{{"id": "{id}"}}"#));
    }
    let condition = |least: u32| json!({ "message": { "from": "client", "distinct": "id", "at-least": least } });
    session.meets(condition(900));
    session.fails(condition(901), "900 of 901");
}

#[test]
fn images_are_recognized_by_their_first_bytes() {
    let mut session = Session::new();
    session.open(1).binary(1, CLIENT, b"RIFF....WAVE");
    session.fails(json!({ "message": { "from": "client", "image": true } }), "bytes of binary data");
    for first in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF....WEBP"] {
        session.open(2).binary(2, CLIENT, first);
        assert!(session.check(json!({ "message": { "from": "client", "image": true } })).met, "{first:?}");
    }
}

#[test]
fn a_close_frame_has_code_reason_and_time() {
    let mut session = Session::new();
    session.open(1);
    session.fails(json!({ "close-frame": { "from": "client" } }), "You have not sent a close frame yet.");
    session.text(1, CLIENT, "?").wait(900).close_frame(1, CLIENT, 4001, "lunch");
    session.meets(json!({ "close-frame": { "from": "client", "code": 4001, "reason": "lunch" } }));
    session.meets(json!({ "close-frame": { "from": "client", "waited-ms": [800, 1000] } }));
    session.fails(
        json!({ "close-frame": { "from": "client", "waited-ms": [1000, 2000] } }),
        "900 ms after the last message",
    );
    session.fails(
        json!({ "close-frame": { "from": "client", "code": 1000 } }),
        "You closed with code 4001 and reason “lunch”",
    );
    session.fails(json!({ "closed-cleanly": true }), "No connection has ended yet.");
    session.end(1, false);
    session.fails(json!({ "closed-cleanly": true }), "without a close frame");
    session.open(2).close_frame(2, CLIENT, 1000, "").close_frame(2, SERVER, 1000, "").end(2, true);
    session.meets(json!({ "closed-cleanly": true }));
    // The verdict prefers the close frame with the right code.
    session.fails(
        json!({ "close-frame": { "from": "client", "code": 4001, "reason": "tea" } }),
        "with code 4001 and reason “lunch”.",
    );
    session.fails(json!({ "closed-cleanly": false }), "The closing handshake is complete.");
    session.open(3).end_by(3, Cause::RelayLost);
    for wanted in [true, false] {
        session.fails(json!({ "closed-cleanly": wanted }), "how it ended is unknown");
    }
}

#[test]
fn session_values_are_filled_in() {
    let mut session = Session::new();
    let values = challenge(json!({ "connected": {} }), Counts::Last).values(&session_id(), &secret());
    session.open(1).text(1, CLIENT, &fill("{{accept:key}}", &values));
    session.meets(json!({ "message": { "from": "client", "is": "{{accept:key}}" } }));
    let answer = format!(r#"{{"n": {}, "text": "{}"}}"#, values["number"], values["text"]);
    session.text(1, CLIENT, &answer);
    session.meets(json!({ "message": { "from": "client", "json": { "n": "{{number}}", "text": "{{text}}" } } }));
    session.close_frame(1, CLIENT, 4000, &values["text"]);
    session.meets(json!({ "close-frame": { "from": "client", "reason": "{{text}}" } }));
    session.open_with(2, &[&values["one"]], Some(&values["one"]));
    session.meets(json!({ "subprotocol": { "offered": ["{{one}}"], "agreed": "{{one}}" } }));
    // A value that is not a number stays a string, even if it consists of digits.
    let mut digits = challenge(json!({ "message": { "from": "client", "json": { "a": "{{one}}" } } }), Counts::Last);
    digits.value_specs.insert("one".into(), ValueSpec::OneOf { values: vec!["12".into()] });
    for (json, meets) in [(r#"{"a": "12"}"#, true), (r#"{"a": 12}"#, false)] {
        let mut session = Session::new();
        session.open(1).text(1, CLIENT, json);
        assert_eq!(session.report(&digits, Seq(0), None).passed(), meets, "{json}");
    }
}

#[test]
fn a_challenge_without_checks_is_never_passed() {
    let mut nothing = challenge(json!({ "connected": {} }), Counts::Last);
    nothing.checks.clear();
    assert!(!Session::new().report(&nothing, Seq(0), None).passed());
}

/// A client that sends what a user typed sends the end of the line too.
#[test]
fn the_end_of_a_line_makes_no_difference() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "hello\n").text(1, CLIENT, "bye\r\n").text(1, CLIENT, "two\n\n");
    session.meets(json!({ "message": { "from": "client", "is": "hello" } }));
    session.meets(json!({ "message": { "from": "client", "is": "bye" } }));
    session.fails(json!({ "message": { "from": "client", "is": "two" } }), "The last message you sent was");
    session.fails(json!({ "message": { "from": "client", "is": "hell" } }), "The last message you sent was");
}

#[test]
fn a_check_can_ask_for_what_the_server_sent_on_that_connection() {
    let bytes = json!({ "message": { "from": "client", "bytes": "{{got:bytes}}", "on-each": true } });
    let sum = json!({ "message": { "from": "client", "is": "{{got:sum}}", "on-each": true } });
    let mut session = Session::new();
    session.fails(bytes.clone(), "No connection has opened yet.");
    session.open(1).binary(1, SERVER, &[1, 2]);
    session.fails(bytes.clone(), "On connection 1: You have not sent any messages yet.");
    session.binary(1, CLIENT, &[1, 2]).text(1, CLIENT, "3");
    session.meets(bytes.clone());
    session.meets(sum.clone());
    session.open(2).binary(2, SERVER, &[255, 255]).binary(2, CLIENT, &[1, 2]).text(2, CLIENT, "3");
    session.fails(bytes, "On connection 2: The last message you sent was the text “3”.");
    session.fails(sum, "On connection 2: The last message you sent was the text “3”.");
    // Without `on-each`, one of the connections is enough.
    session.meets(json!({ "message": { "from": "client", "is": "{{got:sum}}" } }));
}

#[test]
fn a_check_can_ask_for_the_text_its_fragments_and_the_subprotocol() {
    let mut session = Session::new();
    session.open_with(1, &["a", "b"], Some("b"));
    session.frame(1, SERVER, false, Opcode::Text, b"ab").frame(1, SERVER, true, Opcode::Continuation, b"c");
    let condition = json!({ "message": { "from": "client", "json": {
        "text": "{{got:text}}", "fragments": "{{got:fragments}}", "by": "{{got:subprotocol}}"
    } } });
    session.text(1, CLIENT, r#"{"text": "abc", "fragments": 1, "by": "b"}"#);
    session.fails(condition.clone(), "The last message you sent was");
    session.text(1, CLIENT, r#"{"text": "abc", "fragments": 2, "by": "b"}"#);
    session.meets(condition);
}

#[test]
fn frames_are_counted_without_close_frames_and_pongs() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "a").frame(1, CLIENT, true, Opcode::Ping, b"").frame(
        1,
        CLIENT,
        true,
        Opcode::Pong,
        b"",
    );
    session.frame(1, CLIENT, false, Opcode::Binary, b"").frame(1, CLIENT, true, Opcode::Continuation, b"");
    session.close_frame(1, CLIENT, 1000, "").text(1, SERVER, "a");
    session.meets(json!({ "frames": { "from": "client", "at-most": 3 } }));
    session.fails(
        json!({ "frames": { "from": "client", "at-most": 2 } }),
        "You sent 3 messages and pings; the limit is 2.",
    );
}

#[test]
fn a_close_frame_can_follow_a_message_without_an_answer() {
    let condition = json!({ "close-frame": { "from": "client", "waited-ms": [800, 3000], "unanswered": true } });
    let mut answered = Session::new();
    answered.open(1).text(1, CLIENT, "?").text(1, SERVER, "!").wait(1000).close_frame(1, CLIENT, 4000, "");
    answered.fails(condition.clone(), "1000 ms after the last message, but that message had been answered.");
    let mut silent = Session::new();
    silent.open(1).text(1, CLIENT, "?").text(1, SERVER, "!").text(1, CLIENT, "?").wait(1000);
    silent.close_frame(1, CLIENT, 4000, "").meets(condition);
}

/// Otherwise, a learner could choose how the server behaves.
#[test]
fn what_the_server_sends_after_a_command_changed_it_does_not_count() {
    let mut session = Session::new();
    session.open(1).text(1, SERVER, "mine").behave_by_command(1).text(1, SERVER, "yours").text(1, CLIENT, "still");
    session.meets(json!({ "message": { "from": "server", "is": "mine", "at-most": 1 } }));
    session.fails(json!({ "message": { "from": "server", "is": "yours" } }), "The last message the server sent was");
    session.meets(json!({ "message": { "from": "client", "is": "still" } }));
}

#[test]
fn answers_are_matched_with_their_questions() {
    let condition = json!({ "answers": { "id": "id", "take": "token", "into": "done", "times": 2 } });
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, r#"{"id": 1}"#).text(1, CLIENT, r#"{"id": 2}"#);
    session.text(1, CLIENT, r#"{"done": 2}"#);
    session.fails(condition.clone(), "You have not sent a list in `done` yet.");
    session.text(1, CLIENT, r#"{"done": ["a", "b"]}"#);
    session.fails(condition.clone(), "0 of 2 values in `done` are right: each must be the `token` of the answer");
    session.text(1, SERVER, r#"{"id": 2, "token": "b"}"#).text(1, SERVER, r#"{"id": 1, "token": "a"}"#);
    session.meets(condition.clone());
    session.text(1, CLIENT, r#"{"done": ["b", "a"]}"#);
    session.fails(condition.clone(), "0 of 2 values in `done` are right");
    session.text(1, CLIENT, r#"{"done": ["a", "b", "c"]}"#);
    session.fails(condition.clone(), "2 of 3 values in `done` are right");
    session.text(1, CLIENT, r#"{"done": ["a"]}"#);
    session.fails(condition, "1 of 1 values in `done` are right");
}

#[test]
fn rules_are_named_on_the_next_connection() {
    let mut challenge = challenge(json!({ "named": { "points": 2 } }), Counts::Session);
    challenge.query = "fault=a|b|c".into();
    challenge.conceal = true;
    let mut session = Session::new();
    // Each connection sends something, and gets a reply with this fault.
    let steps = [
        ("hello", "a", false, "You have not named a rule yet."),
        ("a", "a", false, "You have 1 of 2 points: 1 rule named right, 0 wrong names."),
        // A rule counts once.
        ("a", "b", false, "You have 1 of 2 points"),
        ("c", "b", false, "You have 0 of 2 points: 1 rule named right, 1 wrong name."),
        // What is not a name costs nothing.
        ("what?", "b", false, "You have 0 of 2 points"),
        ("b\n", "c", false, "You have 1 of 2 points: 2 different rules named right, 1 wrong name."),
        ("c", "a", true, "You have 2 of 2 points: 3 different rules named right, 1 wrong name."),
    ];
    for (connection, (name, fault, met, says)) in (1..).zip(steps) {
        session.open_by(connection, "GET /lab/s?challenge=c HTTP/1.1\r\n\r\n", None);
        session
            .text(connection, CLIENT, name)
            .text(connection, CLIENT, "b")
            .fault(connection, fault)
            .end(connection, false);
        // An attempt that begins later counts with all before it.
        let report = session.report(&challenge, session.last(), None);
        assert_eq!(report.passed(), met, "{:?}", report.verdicts);
        assert!(report.verdicts[0].found.contains(says), "{:?}", report.verdicts);
    }
}
