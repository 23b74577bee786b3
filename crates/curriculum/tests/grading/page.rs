//! Checks of what the page told, and what a browser's console says.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{Session, challenge};
use curriculum::challenge::Counts;
use curriculum::console::{Meaning, NAMES, recognise};
use curriculum::grade::Verdict;
use curriculum::told::{Shown, Told};
use observation::page::{EventNumber, PageAct, PageEvent, PagePayload, SocketNumber};
use observation::{MessageKind, Seq};
use serde_json::json;

fn told(acts: Vec<PageAct>) -> Told {
    let event = |(number, act)| PageEvent { number: EventNumber(number), socket: SocketNumber(1), at_us: number, act };
    Told { events: (1..).zip(acts).map(event).collect(), ..Told::default() }
}

fn verdict(look: serde_json::Value, told: Option<&Told>) -> Verdict {
    Session::new().report(&challenge(look, Counts::Last), Seq(0), told).verdicts.remove(0)
}

#[test]
fn without_a_run_in_the_page_nothing_is_met() {
    let verdict = verdict(json!({ "returned": { "is": null } }), None);
    assert!(!verdict.met && verdict.on_word);
    assert_eq!(verdict.found, "Only a run in the page can show this.");
}

#[test]
fn what_was_tried_and_told() {
    let closed = PageAct::Closed { code: 1006, reason: String::new(), was_clean: false };
    let url = "ws://nowhere.example/".to_owned();
    let told = told(vec![PageAct::Constructed { url, protocols: Vec::new() }, PageAct::Error, closed]);
    let check = |look| verdict(look, Some(&told));
    assert!(check(json!({ "tried": { "url": "ws://nowhere.example" } })).met);
    let other = check(json!({ "tried": { "url": "ws://elsewhere.example" } }));
    assert_eq!((other.met, other.found.as_str()), (false, "new WebSocket(ws://nowhere.example/) was called."));
    assert!(check(json!({ "event": { "name": "error" } })).met);
    assert!(check(json!({ "event": { "name": "close", "code": 1006, "was-clean": false } })).met);
    let clean = check(json!({ "event": { "name": "close", "was-clean": true } }));
    assert_eq!((clean.met, clean.found.as_str()), (false, "The socket was last told close with 1006, wasClean false."));
    assert!(!check(json!({ "event": { "name": "open" } })).met);
}

#[test]
fn what_was_returned_shown_and_buffered() {
    let look = json!({ "returned": { "is": { "code": 1006 } } });
    let mut run = told(vec![]);
    assert_eq!(verdict(look.clone(), Some(&run)).found, "The code has returned nothing yet.");
    run.returned = Some(json!({ "code": 1006, "reason": "" }));
    assert!(verdict(look.clone(), Some(&run)).met);
    run.returned = Some(json!({ "code": 1000 }));
    let other = verdict(look, Some(&run));
    assert_eq!((other.met, other.found.as_str()), (false, r#"The code returned {"code":1000}."#));

    assert!(!verdict(json!({ "shown": { "at-least": 1 } }), Some(&run)).met);
    run.shown.push(Shown { media_type: "image/png".into(), bytes: 9, width: 64, height: 32 });
    assert_eq!(
        verdict(json!({ "shown": { "at-least": 1 } }), Some(&run)).found,
        "An image was shown: image/png, 64 × 32."
    );

    let bound = json!({ "buffered": { "at-most": 100 } });
    assert_eq!(verdict(bound.clone(), Some(&run)).found, "Nothing has been sent yet.");
    let payload = PagePayload { kind: MessageKind::Binary, bytes: 60, utf16_length: 0, preview: String::new() };
    run.events = told(vec![PageAct::Sent(payload)]).events;
    run.most_buffered = 100;
    assert!(verdict(bound.clone(), Some(&run)).met);
    run.most_buffered = 101;
    assert!(!verdict(bound, Some(&run)).met);
}

#[test]
fn a_line_of_the_console_is_recognised() {
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
        let known = recognise(line).unwrap();
        assert_eq!((known.browser, known.meaning), (browser, meaning), "{line}");
        assert!(known.words.ends_with('.'));
    }
    assert_eq!(recognise("Uncaught ReferenceError: sokcet is not defined"), None);
    let pasted = |says: &str, line: &str| {
        let told = Told { pasted: Some(line.into()), ..Told::default() };
        verdict(json!({ "pasted": { "says": [says] } }), Some(&told))
    };
    assert!(pasted("name-not-resolved", lines[0].0).met);
    assert!(!pasted("name-not-resolved", lines[1].0).met);
    assert!(!pasted("name-not-resolved", " ").met);
    assert!(!pasted("name-not-resolved", "it failed").met);
}

#[test]
fn every_meaning_has_a_name() {
    for (name, meaning) in NAMES {
        assert_eq!(meaning.name(), name);
    }
}
