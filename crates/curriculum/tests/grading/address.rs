//! Which connections count: the address of a challenge, and the commands of observers.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{CLIENT, SERVER, Session, challenge, get, secret, session_id};
use curriculum::challenge::{Challenge, Counts};
use curriculum::values::fill;
use observation::{ConnectionNumber, Hop, Intermediary, Leg, Seq};
use serde_json::json;

const OTHER_ADDRESS: &str = "You connected to a different address. Connect to `lab.url` without changes.";

fn wanted(query: &str, via: Option<&str>) -> Challenge {
    Challenge {
        query: query.to_owned(),
        via: via.map(str::to_owned),
        ..challenge(json!({ "connected": {} }), Counts::All)
    }
}

#[track_caller]
fn check(challenge: &Challenge, session: &Session, counts: bool) {
    let report = session.report(challenge, Seq(0), None);
    assert_eq!(report.passed(), counts, "{}", report.verdicts[0].found);
    assert_eq!(report.golf.connections, u32::from(counts));
    if !counts {
        assert_eq!(report.verdicts[0].found, OTHER_ADDRESS);
        assert!(report.verdicts[0].at.is_some());
    }
}

#[test]
fn the_settings_must_match() {
    let wanted = wanted("deflate=off&push=a%20b", None);
    for (request, counts) in [
        (get("/lab/s?deflate=off&push=a%20b"), true),
        // Other escapes have the same meaning.
        (get("/lab/s?deflate=o%66f&push=a+b"), true),
        (get("http://lab/lab/s?deflate=off&push=a+b"), true),
        (":method: CONNECT\n:path: /lab/s?deflate=off&push=a%20b\n:protocol: websocket\n".to_owned(), true),
        (":method: CONNECT\n:path: /lab/s\n".to_owned(), false),
        (get("/lab/s"), false),
        (get("/lab/s?deflate=off"), false),
        (get("/lab/s?deflate=off&push=a%20b&delay=1s"), false),
        (get("/lab/s?deflate=off&push=a%2520b"), false),
        (String::new(), false),
    ] {
        let mut session = Session::new();
        session.open_by(1, &request, None);
        check(&wanted, &session, counts);
    }
}

#[test]
fn a_challenge_id_replaces_the_query_if_values_are_hidden() {
    let wanted = wanted("greet={{text}}", None);
    let text = fill("{{text}}", &wanted.values(&session_id(), &secret())).replace(' ', "+");
    for (query, counts) in [("challenge=c".to_owned(), true), (format!("greet={text}"), false)] {
        let mut session = Session::new();
        session.open_by(1, &get(&format!("/lab/s?{query}")), None);
        check(&wanted, &session, counts);
    }
}

#[test]
fn the_middlebox_must_match() {
    let slow = || Intermediary::Box("slow".to_owned());
    let asked = |segment: &str| get(&format!("/via/{segment}/lab/s?deflate=off"));
    let at_the_lab = get("/lab/s?deflate=off");
    let over = |middle, asked: &str| {
        let mut session = Session::new();
        session.open_over(1, middle, asked, &at_the_lab);
        session
    };
    let with_settings = wanted("deflate=off", Some("slow,rate=1MiB,latency={{number}}ms"));
    let number = with_settings.values(&session_id(), &secret())["number"].clone();
    let segment = format!("slow,rate=1MiB,latency={number}ms");
    check(&with_settings, &over(slow(), &asked(&segment)), true);
    check(&with_settings, &over(slow(), &asked(&format!("slow%2Clatency={number}ms,rate=1MiB"))), true);
    check(&with_settings, &over(slow(), &format!(":path: /via/{segment}/lab/s?deflate=off\n")), true);
    check(&with_settings, &over(slow(), &asked("slow")), false);
    check(&with_settings, &over(slow(), &asked("idle-cut")), false);
    check(&with_settings, &over(Intermediary::Tunnel("slow".into()), &asked(&segment)), false);
    check(&with_settings, &over(Intermediary::Relay, &asked(&segment)), false);
    let mut straight = Session::new();
    straight.open_by(1, &at_the_lab, None);
    check(&with_settings, &straight, false);

    let plain = wanted("deflate=off", Some("slow"));
    check(&plain, &over(Intermediary::Tunnel("slow".into()), ""), true);
    check(&plain, &over(Intermediary::Tunnel("buffer".into()), ""), false);
    let none = wanted("deflate=off", None);
    check(&none, &straight, true);
    for middle in [slow(), Intermediary::Tunnel("slow".into()), Intermediary::Relay] {
        check(&none, &over(middle, &asked("slow")), false);
    }
    // A hop whose client side is not known.
    let hop = Hop { leg: Leg::Far, middle: slow(), other: Some(ConnectionNumber(9)), server: None, address: None };
    let mut alone = Session::new();
    alone.open_by(1, &at_the_lab, Some(hop));
    check(&plain, &alone, false);
}

#[test]
fn a_different_address_is_reported_only_if_no_connection_counts() {
    let wanted = wanted("deflate=off", None);
    let found = |session: &Session| session.report(&wanted, Seq(0), None).verdicts.remove(0).found;
    let mut session = Session::new();
    session.refuse(1, &get("/lab/s?deflate=of"));
    assert_eq!(found(&session), OTHER_ADDRESS);
    session.open_by(2, &get("/lab/s?deflate=off"), None).open_by(3, &get("/lab/s"), None);
    assert_eq!(found(&session), "You opened 1 connection.");
    // “Last” is the newest connection that counts.
    let last = Challenge { counts: Counts::Last, ..wanted.clone() };
    assert!(session.report(&last, Seq(0), None).passed());
    // Conditions on the page are independent of the address.
    let mut page = Session::new();
    page.open_by(1, &get("/lab/s?a"), None);
    assert_eq!(page.check(json!({ "shown": { "at-least": 1 } })).found, "Only a run in the page can meet this check.");
}

#[test]
fn frames_of_commands_do_not_count_for_the_server() {
    let mut session = Session::new();
    session.open(1).text(1, CLIENT, "hello").by_command(|session| {
        session.text(1, SERVER, "hello").close_frame(1, SERVER, 4001, "");
    });
    session
        .fails(json!({ "message": { "from": "server", "is": "hello" } }), "The server has not sent any messages yet.");
    session.fails(json!({ "close-frame": { "from": "server", "code": 4001 } }), "has not sent a close frame yet");
    session.meets(json!({ "message": { "from": "client", "is": "hello" } }));
    session.close_frame(1, CLIENT, 4001, "").end(1, true);
    session.fails(json!({ "closed-cleanly": true }), "An observer’s command ended the connection.");
    session.open(2).drop_by_command(2);
    session.fails(json!({ "closed-cleanly": false }), "An observer’s command ended the connection.");
    session.open(3).text(3, SERVER, "hello").close_frame(3, SERVER, 4001, "").end(3, true);
    session.meets(json!({ "message": { "from": "server", "is": "hello" } }));
    session.meets(json!({ "closed-cleanly": true }));
}
