//! Conditions on times.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session};
use serde_json::json;
use wire::opcode::Opcode;

#[test]
fn beats_are_regular_and_answered() {
    let condition = json!({ "beats": { "times": 3, "apart-ms": [200, 400], "answered": true } });
    let mut session = Session::new();
    session.open(1);
    session.fails(condition.clone(), "not sent any messages yet");
    for _ in 0..2 {
        session.text(1, CLIENT, "ping").wait(100).text(1, SERVER, "pong").wait(200);
    }
    session.fails(condition.clone(), "You have sent 2 of 3 messages.");
    session.text(1, CLIENT, "ping");
    session.meets(condition.clone());
    session.wait(100).text(1, CLIENT, "ping");
    session.fails(condition.clone(), "Two messages were 100 ms apart. The interval must be 200 to 400 ms.");
    let mut unanswered = Session::new();
    unanswered.open(1).text(1, CLIENT, "ping").wait(300).text(1, CLIENT, "ping");
    unanswered.fails(condition, "before the previous one was answered");
}

fn dropped_after(waits: &[u64]) -> Session {
    let mut session = Session::new();
    session.open(1).wait(100).end(1, false);
    for (number, wait) in (2..).zip(waits) {
        session.wait(*wait).open(number).wait(100).end(number, false);
    }
    session
}

#[test]
fn waits_double_and_have_a_random_part() {
    let condition = json!({ "backoff": { "waits": 3, "base-ms": 200, "jitter": true } });
    dropped_after(&[220, 590, 1300]).meets(condition.clone());
    dropped_after(&[220, 590]).fails(condition.clone(), "You have waited 2 of 3 times.");
    dropped_after(&[3, 590, 1300]).fails(condition.clone(), "Wait 1 was 3 ms. It must be at least 200 ms.");
    dropped_after(&[220, 300, 1300]).fails(condition.clone(), "Wait 2 was 300 ms. It must be at least 400 ms.");
    dropped_after(&[220, 590, 2900]).fails(condition.clone(), "Wait 3 was 2900 ms. It must be at most 1600 ms.");
    // Within the precision of timers.
    dropped_after(&[203, 404, 802]).fails(condition.clone(), "They double exactly; add a random part.");
    dropped_after(&[310, 607, 1210]).fails(condition.clone(), "They double exactly; add a random part.");
    dropped_after(&[310, 690, 1210]).meets(condition);
    // With four waits, the first one is ignored: it is often late.
    let condition = json!({ "backoff": { "waits": 4, "base-ms": 200, "jitter": true } });
    dropped_after(&[574, 607, 1206, 2408]).fails(condition.clone(), "They double exactly; add a random part.");
    dropped_after(&[574, 640, 1206, 2408]).meets(condition);
    dropped_after(&[203, 404, 802]).meets(json!({ "backoff": { "waits": 3, "base-ms": 200 } }));
}

#[test]
fn messages_in_flight_are_counted() {
    let mut session = Session::new();
    session.open(1);
    for _ in 0..3 {
        session.text(1, CLIENT, "?").text(1, SERVER, "!");
    }
    session.fails(json!({ "in-flight": { "at-least": 2 } }), "At most 1 message was in flight at the same time.");
    session.text(1, CLIENT, "?").text(1, CLIENT, "?");
    session.meets(json!({ "in-flight": { "at-least": 2 } }));
}

#[test]
fn a_connection_lasts_while_it_carries_messages() {
    let condition = json!({ "lasted": { "at-least-ms": 1000 } });
    let mut session = Session::new();
    session.fails(condition.clone(), "No connection has opened yet.");
    session.open(1).wait(900).text(1, CLIENT, "a");
    session.fails(condition.clone(), "The last activity was 900 ms after the connection opened.");
    session.wait(50).end(1, false);
    session.fails(condition.clone(), "The connection ended 950 ms after it opened.");
    session.open(2).wait(1001).text(2, CLIENT, "b");
    session.meets(condition);
}

#[test]
fn beats_repeat_what_the_server_answered() {
    let condition = json!({ "beats": {
        "times": 3, "apart-ms": [200, 1500], "answered": true, "json": { "type": "ping" }, "repeats": "token"
    } });
    let beat = |token: &str| format!(r#"{{"type": "ping", "token": "{token}"}}"#);
    let mut session = Session::new();
    session.open(1);
    for token in ["", "1", "2"] {
        let answer = beat(&(token.parse::<u32>().unwrap_or(0) + 1).to_string());
        // Other messages do not disturb the rhythm.
        session.text(1, CLIENT, &beat(token)).text(1, CLIENT, "and this").text(1, SERVER, &answer).wait(300);
    }
    session.meets(condition.clone());
    session.text(1, CLIENT, &beat("2"));
    session.fails(condition, "Message 4 does not repeat the `token` of the answer before it.");
}

#[test]
fn each_round_of_waits_has_its_own_random_part() {
    let condition = json!({ "backoff": { "waits": 2, "base-ms": 200, "jitter": true, "series": 2 } });
    // Between the rounds, any wait is right.
    dropped_after(&[250, 700, 5, 390, 500]).meets(condition.clone());
    dropped_after(&[250, 700, 5, 260, 690]).fails(condition.clone(), "They are the same each time");
    dropped_after(&[250, 500, 5, 390, 780]).fails(condition.clone(), "They double exactly");
    // One round may double by chance.
    dropped_after(&[250, 500, 5, 390, 500]).meets(condition.clone());
    dropped_after(&[250, 700, 5, 390]).fails(condition.clone(), "You have waited 3 of 4 times.");
    dropped_after(&[250, 700, 5, 100, 500]).fails(condition, "Wait 3 was 100 ms. It must be at least 200 ms.");
}

#[test]
fn too_many_messages_in_flight_are_counted() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "?").text(1, SERVER, "!").text(1, CLIENT, "?");
    session.meets(json!({ "in-flight": { "at-most": 1 } }));
    session.text(1, CLIENT, "?");
    session.fails(
        json!({ "in-flight": { "at-most": 1 } }),
        "At most 2 messages were in flight at the same time; the limit is 1.",
    );
}

#[test]
fn pings_and_binary_messages_keep_a_connection_too() {
    let condition = json!({ "lasted": { "at-least-ms": 1000 } });
    for opcode in [Opcode::Ping, Opcode::Binary, Opcode::Text] {
        let mut session = Session::new();
        session.open(1).wait(1001).frame(1, CLIENT, true, opcode, b"").meets(condition.clone());
    }
    let mut closed = Session::new();
    closed.open(1).wait(1001).close_frame(1, CLIENT, 1000, "").fails(condition, "The last activity was 1001 ms");
}
