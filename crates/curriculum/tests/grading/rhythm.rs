//! Conditions on times.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session};
use serde_json::json;

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
