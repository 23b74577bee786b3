//! Checks of when things happened.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session};
use serde_json::json;

#[test]
fn beats_are_regular_and_answered() {
    let look = json!({ "beats": { "times": 3, "apart-ms": [200, 400], "answered": true } });
    let mut session = Session::new();
    session.open(1);
    session.fails(look.clone(), "has sent no message yet");
    for _ in 0..2 {
        session.text(1, CLIENT, "ping").wait(100).text(1, SERVER, "pong").wait(200);
    }
    session.fails(look.clone(), "2 of 3 beats came");
    session.text(1, CLIENT, "ping");
    session.meets(look.clone());
    session.wait(100).text(1, CLIENT, "ping");
    session.fails(look.clone(), "Two messages came 100 ms apart; it should be 200 to 400.");
    let mut unanswered = Session::new();
    unanswered.open(1).text(1, CLIENT, "ping").wait(300).text(1, CLIENT, "ping");
    unanswered.fails(look, "before the one before it was answered");
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
fn waits_double_with_some_chance() {
    let look = json!({ "backoff": { "waits": 3, "base-ms": 200, "jitter": true } });
    dropped_after(&[220, 590, 1300]).meets(look.clone());
    dropped_after(&[220, 590]).fails(look.clone(), "2 of 3 waits were seen.");
    dropped_after(&[3, 590, 1300]).fails(look.clone(), "Wait 1 took 3 ms, and it should be 200 at least.");
    dropped_after(&[220, 300, 1300]).fails(look.clone(), "Wait 2 took 300 ms, and it should be 400 at least.");
    dropped_after(&[220, 590, 2900]).fails(look.clone(), "Wait 3 took 2900 ms, and it should be 1600 at the most.");
    // Off by what timers are off by.
    dropped_after(&[203, 404, 802]).fails(look.clone(), "with no chance in them");
    dropped_after(&[310, 607, 1210]).fails(look.clone(), "with no chance in them");
    dropped_after(&[310, 690, 1210]).meets(look);
    // The first of several is often late.
    let look = json!({ "backoff": { "waits": 4, "base-ms": 200, "jitter": true } });
    dropped_after(&[574, 607, 1206, 2408]).fails(look.clone(), "with no chance in them");
    dropped_after(&[574, 640, 1206, 2408]).meets(look);
    dropped_after(&[203, 404, 802]).meets(json!({ "backoff": { "waits": 3, "base-ms": 200 } }));
}

#[test]
fn what_is_under_way_is_counted() {
    let mut session = Session::new();
    session.open(1);
    for _ in 0..3 {
        session.text(1, CLIENT, "?").text(1, SERVER, "!");
    }
    session.fails(json!({ "in-flight": { "at-least": 2 } }), "1 message was under way at once, at the most.");
    session.text(1, CLIENT, "?").text(1, CLIENT, "?");
    session.meets(json!({ "in-flight": { "at-least": 2 } }));
}

#[test]
fn a_connection_lasts_while_it_carries_messages() {
    let look = json!({ "lasted": { "at-least-ms": 1000 } });
    let mut session = Session::new();
    session.fails(look.clone(), "No connection has been opened yet.");
    session.open(1).wait(900).text(1, CLIENT, "a");
    session.fails(look.clone(), "last heard of 900 ms after it opened");
    session.wait(50).end(1, false);
    session.fails(look.clone(), "The connection ended 950 ms after it opened.");
    session.open(2).wait(1001).text(2, CLIENT, "b");
    session.meets(look);
}
