//! Conditions on what the page recorded, and console messages.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{SERVER, Session, challenge};
use curriculum::challenge::Counts;
use curriculum::console::{Meaning, NAMES, recognise};
use curriculum::grade::Verdict;
use curriculum::page_run::{PageRun, Shown};
use observation::page::{EventNumber, PageAct, PageEvent, PagePayload, SocketNumber};
use observation::{MessageKind, Seq};
use serde_json::json;

fn recorded(acts: Vec<PageAct>) -> PageRun {
    let event = |(number, act)| PageEvent { number: EventNumber(number), socket: SocketNumber(1), at_us: number, act };
    PageRun { events: (1..).zip(acts).map(event).collect(), ..PageRun::default() }
}

fn verdict(condition: serde_json::Value, run: Option<&PageRun>) -> Verdict {
    Session::new().report(&challenge(condition, Counts::Last), Seq(0), run).verdicts.remove(0)
}

#[test]
fn without_a_run_in_the_page_no_condition_is_met() {
    let verdict = verdict(json!({ "returned": { "is": null } }), None);
    assert!(!verdict.met && verdict.reported_by_page);
    assert_eq!(verdict.found, "Only a run in the page can meet this check.");
}

#[test]
fn urls_and_events_are_checked() {
    let closed = PageAct::Closed { code: 1006, reason: String::new(), was_clean: false };
    let url = "ws://nowhere.example/".to_owned();
    let run = recorded(vec![PageAct::Constructed { url, protocols: Vec::new() }, PageAct::Error, closed]);
    let check = |condition| verdict(condition, Some(&run));
    assert!(check(json!({ "tried": { "url": "ws://nowhere.example" } })).met);
    let other = check(json!({ "tried": { "url": "ws://elsewhere.example" } }));
    assert_eq!((other.met, other.found.as_str()), (false, "Your code called new WebSocket(ws://nowhere.example/)."));
    assert!(check(json!({ "event": { "name": "error" } })).met);
    assert!(check(json!({ "event": { "name": "close", "code": 1006, "was-clean": false } })).met);
    let clean = check(json!({ "event": { "name": "close", "was-clean": true } }));
    assert_eq!(
        (clean.met, clean.found.as_str()),
        (false, "The last event of your socket was a close event with code 1006 and wasClean false.")
    );
    assert!(!check(json!({ "event": { "name": "open" } })).met);
}

#[test]
fn returned_values_images_and_buffered_bytes_are_checked() {
    let condition = json!({ "returned": { "is": { "code": 1006 } } });
    let mut run = recorded(vec![]);
    assert_eq!(verdict(condition.clone(), Some(&run)).found, "Your code has not returned a value yet.");
    run.returned = Some(json!({ "code": 1006, "reason": "" }));
    assert!(verdict(condition.clone(), Some(&run)).met);
    run.returned = Some(json!({ "code": 1000 }));
    let other = verdict(condition, Some(&run));
    assert_eq!((other.met, other.found.as_str()), (false, r#"Your code returned {"code":1000}."#));

    assert!(!verdict(json!({ "shown": { "at-least": 1 } }), Some(&run)).met);
    run.shown.push(Shown { media_type: "image/png".into(), bytes: 9, width: 64, height: 32 });
    assert_eq!(
        verdict(json!({ "shown": { "at-least": 1 } }), Some(&run)).found,
        "Your code showed an image: image/png, 64 × 32 pixels."
    );

    let bound = json!({ "buffered": { "at-most": 100 } });
    assert_eq!(verdict(bound.clone(), Some(&run)).found, "Your code has not sent anything yet.");
    let payload = PagePayload { kind: MessageKind::Binary, bytes: 60, utf16_length: 0, preview: String::new() };
    run.events = recorded(vec![PageAct::Sent(payload)]).events;
    run.most_buffered = 100;
    assert!(verdict(bound.clone(), Some(&run)).met);
    run.most_buffered = 101;
    assert!(!verdict(bound, Some(&run)).met);
}

#[test]
fn a_console_message_is_recognised() {
    let lines = [
        (
            "WebSocket connection to 'ws://a.example/' failed: Error in connection establishment: net::ERR_NAME_NOT_RESOLVED",
            "Chromium",
            Meaning::NameNotResolved,
        ),
        (
            "index.html:12 WebSocket connection to 'ws://127.0.0.1:1/' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED",
            "Chromium",
            Meaning::ConnectionRefused,
        ),
        (
            "WebSocket connection to 'ws://h/' failed: Error during WebSocket handshake: Unexpected response code: 503",
            "Chromium",
            Meaning::UnexpectedStatus,
        ),
        (
            "WebSocket connection to 'ws://h/' failed: Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
            "Chromium",
            Meaning::BadHandshake,
        ),
        ("WebSocket connection to 'ws://h/' failed: ", "Chromium", Meaning::Unsaid),
        ("Firefox can’t establish a connection to the server at ws://a.example/.", "Firefox", Meaning::Unsaid),
        ("The connection to ws://h/ was interrupted while the page was loading.", "Firefox", Meaning::LaterFailure),
        (
            "WebSocket connection to 'ws://a.example/' failed: A server with the specified hostname could not be found.",
            "Safari",
            Meaning::NameNotResolved,
        ),
        (
            "WebSocket connection to 'ws://h/' failed: Could not connect to the server.",
            "Safari",
            Meaning::ConnectionRefused,
        ),
        (
            "WebSocket connection to 'ws://h/' failed: There was a bad response from the server.",
            "Safari",
            Meaning::UnexpectedStatus,
        ),
    ];
    for (line, browser, meaning) in lines {
        let known = recognise(line, None).unwrap();
        assert_eq!((known.browser, known.meaning), (browser, meaning), "{line}");
        assert!(known.explanation.ends_with('.'));
    }
    assert_eq!(recognise("Uncaught ReferenceError: sokcet is not defined", None), None);
    let pasted = |says: &str, line: &str| {
        let run = PageRun { pasted: Some(line.into()), ..PageRun::default() };
        verdict(json!({ "pasted": { "says": [says] } }), Some(&run))
    };
    assert!(pasted("name-not-resolved", lines[0].0).met);
    assert!(!pasted("name-not-resolved", lines[1].0).met);
    assert!(!pasted("name-not-resolved", " ").met);
    assert!(!pasted("name-not-resolved", "it failed").met);
}

/// Firefox prints this message in the language of its user.
#[test]
fn a_translated_message_is_recognised_by_its_url() {
    let host = Some("ws://a.example:8080");
    for message in [
        "Firefox can’t establish a connection to the server at ws://a.example:8080/.",
        "Firefox kann keine Verbindung zu dem Server unter ws://a.example:8080/ aufbauen.",
        "Firefox ne peut établir de connexion avec le serveur à l’adresse ws://a.example:8080/.",
        "Firefox は ws://a.example:8080/ のサーバーへの接続を確立できませんでした。",
        "Firefox не может установить соединение с сервером ws://a.example:8080/.",
        "Firefox kann keine Verbindung zu dem Server unter ws://A.example:8080/chat?x=1 aufbauen. page.html:7:18",
        "Firefox 无法建立到 ws://a.example:8080/ 服务器的连接。",
    ] {
        let known = recognise(message, host).unwrap();
        assert_eq!((known.browser, known.meaning), ("Firefox", Meaning::Unsaid), "{message}");
    }
    for message in [
        "Firefox kann keine Verbindung zu dem Server unter ws://b.example:8080/ aufbauen.",
        "Firefox kann keine Verbindung zu dem Server unter ws://a.example/ aufbauen.",
        "Firefox kann keine Verbindung zu dem Server unter http://a.example:8080/ aufbauen.",
        "Firefox kann keine Verbindung zu dem Server unter ws:///a.example:8080 aufbauen.",
        "Firefox kann keine Verbindung zu dem Server aufbauen.",
        "GET ws://a.example:8080/",
        "ws://a.example:8080/",
        "const socket = new WebSocket(\"ws://a.example:8080\");",
        "const socket = new WebSocket(\"ws://a.example:8080/\");",
        "const socket = new WebSocket(`ws://a.example:8080/`);",
    ] {
        assert_eq!(recognise(message, host), None, "{message}");
    }
    // Without a URL to compare with, any host counts.
    assert!(recognise("Firefox kann keine Verbindung zu dem Server unter wss://b.example/ aufbauen.", None).is_some());
    // Other known messages keep their meaning.
    let refused = "WebSocket connection to 'ws://a.example:8080/' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED";
    assert_eq!(recognise(refused, host).unwrap().meaning, Meaning::ConnectionRefused);
}

#[test]
fn a_translated_message_counts_only_for_the_host_of_the_challenge() {
    let mut challenge = challenge(json!({ "pasted": { "says": ["unsaid"] } }), Counts::Last);
    let tried = json!({ "id": "tried", "wants": "It.", "tried": { "url": "ws://a.example" } });
    challenge.checks.push(serde_json::from_value(tried).unwrap());
    let met = |message: &str| {
        let run = PageRun { pasted: Some(message.into()), ..PageRun::default() };
        Session::new().report(&challenge, Seq(0), Some(&run)).verdicts[0].met
    };
    assert!(met("Firefox ne peut établir de connexion avec le serveur à l’adresse ws://a.example/."));
    assert!(!met("Firefox ne peut établir de connexion avec le serveur à l’adresse ws://b.example/."));
}

#[test]
fn every_meaning_has_a_name() {
    for (name, meaning) in NAMES {
        assert_eq!(meaning.name(), name);
    }
}

#[test]
fn what_the_code_reads_is_checked() {
    let run =
        |read: &[&str]| PageRun { read: read.iter().map(|name| (*name).to_owned()).collect(), ..PageRun::default() };
    let any = json!({ "read": { "all": ["close.code", "close.reason"] } });
    let met = |condition: &serde_json::Value, read: &[&str]| verdict(condition.clone(), Some(&run(read)));
    assert!(met(&any, &["close.reason", "message.data", "close.code"]).met);
    let missing = met(&any, &["close.code"]);
    assert_eq!((missing.met, missing.found.as_str()), (false, "Your code has not read `close.reason`."));
    let ordered = json!({ "read": { "all": ["readyState 0", "readyState 1"], "in-order": true } });
    assert!(met(&ordered, &["readyState 0", "readyState 1"]).met);
    let reversed = met(&ordered, &["readyState 1", "readyState 0"]);
    assert_eq!((reversed.met, reversed.found.as_str()), (false, "Your code read `readyState 1`, `readyState 0`."));
}

#[test]
fn code_that_never_looks_at_the_buffer_is_found() {
    let condition = json!({ "buffered": { "at-most": 100, "looks": 2 } });
    let payload = PagePayload { kind: MessageKind::Binary, bytes: 60, utf16_length: 0, preview: String::new() };
    let mut run = recorded(vec![PageAct::Sent(payload)]);
    run.looked = 1;
    let blind = verdict(condition.clone(), Some(&run));
    assert_eq!(
        (blind.met, blind.found.as_str()),
        (false, "Your code read bufferedAmount before 1 messages. It must do so before 2.")
    );
    run.looked = 2;
    assert!(verdict(condition, Some(&run)).met);
}

#[test]
fn a_shown_image_has_the_size_of_a_received_one() {
    let mut run = recorded(vec![]);
    run.shown.push(Shown { media_type: "image/png".into(), bytes: 10, width: 1, height: 1 });
    let mut session = Session::new();
    session.open(1).binary(1, SERVER, b"\x89PNG\r\n\x1a\n");
    let challenge = challenge(json!({ "shown": { "at-least": 1, "received": true } }), Counts::Last);
    let check = |session: &Session| session.report(&challenge, Seq(0), Some(&run)).verdicts.remove(0);
    let other = check(&session);
    assert_eq!(
        (other.met, other.found.as_str()),
        (false, "Your code showed an image of 10 bytes. The server sent none of that size.")
    );
    session.binary(1, SERVER, b"\x89PNG\r\n\x1a\n..");
    assert!(check(&session).met);
}

/// In every language, and whether the name resolves somewhere or not.
#[test]
fn a_message_counts_only_if_it_is_about_the_host() {
    let mut challenge =
        challenge(json!({ "pasted": { "says": ["name-not-resolved", "connection-refused", "unsaid"] } }), Counts::Last);
    let tried = json!({ "id": "tried", "wants": "It.", "tried": { "url": "ws://no.invalid" } });
    challenge.checks.push(serde_json::from_value(tried).unwrap());
    let check = |message: &str| {
        let run = PageRun { pasted: Some(message.into()), ..PageRun::default() };
        Session::new().report(&challenge, Seq(0), Some(&run)).verdicts.remove(0)
    };
    for message in [
        "WebSocket connection to 'ws://no.invalid/' failed: Error in connection establishment: net::ERR_NAME_NOT_RESOLVED",
        "WebSocket connection to 'ws://no.invalid/' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED",
        "Firefox kann keine Verbindung zu dem Server unter ws://no.invalid/ aufbauen.",
        "Firefox kann keine Verbindung zu dem Server unter ws://no.invalid aufbauen.",
        "Impossible d’établir une connexion avec le serveur à l’adresse ws://no.invalid.",
    ] {
        assert!(check(message).met, "{message}");
    }
    for host in ["example.com", "xno.example"] {
        let other = check(&format!("WebSocket connection to 'ws://{host}/' failed: net::ERR_NAME_NOT_RESOLVED"));
        assert!(!other.met && other.found.contains("about another address"), "{}", other.found);
    }
}
