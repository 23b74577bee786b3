//! Conditions on who says what when: order, acknowledgements, reports about an inner stream; and the settings of a script.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session, challenge, secret, session_id};
use curriculum::challenge::Counts;
use serde_json::{Value, json};

#[test]
fn one_message_comes_after_another() {
    let condition = json!({ "after": {
        "first": { "from": "client", "json": { "try": 1 } },
        "then": { "from": "client", "json": { "try": 2 } },
        "at-least-ms": 400, "at-most-ms": 900,
    } });
    let tried = |numbers: &[u32], ms: u64| {
        let mut session = Session::new();
        for (number, connection) in numbers.iter().zip(1..) {
            session.open(connection).text(connection, CLIENT, &json!({ "try": number }).to_string()).wait(ms);
        }
        session
    };
    tried(&[], 0).fails(condition.clone(), "Both messages are missing.");
    tried(&[1], 0).fails(condition.clone(), "The second of the two messages is missing.");
    tried(&[2], 0).fails(condition.clone(), "This message came without the one before it.");
    tried(&[2, 1], 500).fails(condition.clone(), "The two messages came in the wrong order.");
    tried(&[1, 2], 399).fails(condition.clone(), "You waited 399 ms. Wait at least 400 ms.");
    tried(&[1, 2], 901).fails(condition.clone(), "You waited 901 ms. Wait at most 900 ms.");
    tried(&[1, 2], 400).meets(condition.clone());
    // The earliest of each counts, so a late third try does not help.
    tried(&[1, 2, 2], 300).fails(condition, "You waited 300 ms.");
}

#[test]
fn what_was_acknowledged_is_not_sent_again_and_the_rest_is() {
    let condition = json!({ "acknowledged": { "id": "id", "by": "ack", "at-least": 3 } });
    let sent = |session: &mut Session, connection, id: u32| {
        session.text(connection, CLIENT, &json!({ "id": id }).to_string());
    };
    let acked = |session: &mut Session, connection, id: u32| {
        session.text(connection, SERVER, &json!({ "ack": id }).to_string());
    };
    let mut session = Session::new();
    session.open(1);
    session.fails(condition.clone(), "The server has acknowledged 0 of 3 messages.");
    for id in [1, 2, 3] {
        sent(&mut session, 1, id);
    }
    acked(&mut session, 1, 1);
    session.fails(condition.clone(), "The server has not acknowledged 2. Send it again.");
    session.end(1, false).open(2);
    for id in [2, 3] {
        sent(&mut session, 2, id);
        acked(&mut session, 2, id);
    }
    session.meets(condition.clone());
    sent(&mut session, 2, 1);
    session.fails(condition.clone(), "You sent 1 again, although the server had acknowledged it.");
    // The order is that of the wire, also across connections that overlap.
    let mut overlapping = Session::new();
    overlapping.open(1).open(2);
    sent(&mut overlapping, 2, 7);
    acked(&mut overlapping, 2, 7);
    sent(&mut overlapping, 1, 7);
    overlapping.fails(condition.clone(), "You sent 7 again");
    // Sending it again before the acknowledgement is what a client must do.
    let mut early = Session::new();
    early.open(1);
    for id in [1, 1, 2, 3] {
        sent(&mut early, 1, id);
    }
    for id in [1, 2, 3] {
        acked(&mut early, 1, id);
    }
    early.meets(condition);
}

/// `Hi` masked, 300 bytes of 1, a ping inside `né` in two fragments, and two empty frames.
fn stream() -> Vec<u8> {
    let mut stream = vec![0x81, 0x82, 1, 2, 3, 4, b'H' ^ 1, b'i' ^ 2];
    stream.extend([0x82, 126, 1, 44]);
    stream.extend([1; 300]);
    stream.extend([0x01, 2, b'n', 0xC3, 0x89, 1, b'?', 0x80, 1, 0xA9, 0x8A, 0]);
    stream
}

fn chunked(session: &mut Session, stream: &[u8]) {
    for chunk in stream.chunks(7) {
        session.binary(1, SERVER, chunk);
    }
}

fn reported(reports: &[Value]) -> Session {
    let mut session = Session::new();
    session.open(1);
    chunked(&mut session, &stream());
    for report in reports {
        session.text(1, CLIENT, &report.to_string());
    }
    session
}

#[test]
fn the_frames_of_an_inner_stream() {
    let condition = json!({ "inner": "frames" });
    let frame = |frame, opcode, masked, length, sum| json!({ "frame": frame, "opcode": opcode, "masked": masked, "length": length, "sum": sum });
    let right = [
        frame(1, 1, true, 2, 177),
        frame(2, 2, false, 300, 300),
        frame(3, 1, false, 2, 305),
        frame(4, 9, false, 1, 63),
        frame(5, 0, false, 1, 169),
        frame(6, 10, false, 0, 0),
    ];
    reported(&right).meets(condition.clone());
    reported(&right[..4]).fails(condition.clone(), "You have reported 4 of 6 frames.");
    let with = |index: usize, wrong: Value| {
        let mut reports = right.to_vec();
        reports[index] = wrong;
        reported(&reports)
    };
    with(1, frame(2, 2, false, 126, 300)).fails(condition.clone(), "`length` of frame 2 is 300. You reported 126.");
    with(0, frame(1, 1, false, 2, 177)).fails(condition.clone(), "`masked` of frame 1 is true. You reported false.");
    with(0, frame(1, 1, true, 2, 169)).fails(condition.clone(), "`sum` of frame 1 is 177. You reported 169.");
    with(4, json!({ "frame": 5, "masked": false, "length": 1, "sum": 169 }))
        .fails(condition.clone(), "`opcode` of frame 5 is 0. You reported nothing.");
    reported(&[&right[..], &[frame(7, 0, false, 0, 0)]].concat())
        .fails(condition.clone(), "You reported 7 frames. The stream has 6.");
    Session::new().fails(condition.clone(), "No connection has opened yet.");
    let mut early = Session::new();
    early.open(1).binary(1, SERVER, &[0x81]);
    early.fails(condition, "The server has not sent an inner stream yet.");
}

#[test]
fn the_messages_of_an_inner_stream() {
    let condition = json!({ "inner": "messages" });
    let right = [
        json!({ "message": 1, "text": "Hi" }),
        json!({ "message": 2, "length": 300, "sum": 300 }),
        json!({ "message": 3, "text": "né" }),
    ];
    reported(&right).meets(condition.clone());
    reported(&right[..1]).fails(condition.clone(), "You have reported 1 of 3 messages.");
    let mut wrong = right.to_vec();
    wrong[2] = json!({ "message": 3, "text": "n\u{FFFD}\u{FFFD}" });
    reported(&wrong).fails(condition.clone(), "`text` of message 3 is \"né\".");
    let mut early = Session::new();
    early.open(1).binary(1, SERVER, &[0x01, 1, b'a', 0x89, 0]);
    early.fails(condition, "No message of the stream is complete yet.");
}

#[test]
fn a_script_becomes_a_setting_with_the_values_of_the_session() {
    let mut challenge = challenge(json!({ "connected": {} }), Counts::Last);
    "deflate=off".clone_into(&mut challenge.query);
    assert_eq!(challenge.lab_query(), "deflate=off");
    challenge.script = Some(
        json!({ "start": { "enter": [{ "send": "{{word:text:2}} & {{number}}" }, { "send": { "n": "{{number}}" } }] } }),
    );
    // The URL does not show what the learner has to find out.
    assert_eq!(challenge.lab_query(), "challenge=c");
    let values = challenge.values(&session_id(), &secret());
    let settings = challenge.settings(&values);
    let pairs: Vec<_> = form_urlencoded::parse(settings.as_bytes()).into_owned().collect();
    assert_eq!(pairs[0], ("deflate".to_owned(), "off".to_owned()));
    let script: Value = serde_json::from_str(&pairs[1].1).expect("a script is JSON");
    let number: u32 = values["number"].parse().expect("a number");
    let second = values["text"].split(' ').nth(1).expect("two words");
    let expected =
        json!({ "start": { "enter": [{ "send": format!("{second} & {number}") }, { "send": { "n": number } }] } });
    assert_eq!((pairs[1].0.as_str(), script), ("script", expected));
}
