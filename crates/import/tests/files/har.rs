//! HAR files of several programs, and what can be wrong with one.

use super::{RELAY, content, events, exported, opening, read};
use export::Format;
use observation::document::{Document, Place};
use observation::{Event, Http, Party};

/// The messages of a connection.
fn messages(document: &Document, connection: u32) -> Vec<(Party, u8, Vec<u8>)> {
    let message = |event: &&Event| match event {
        Event::Frame(frame) => Some((frame.from, frame.opcode, frame.content())),
        _ => None,
    };
    events(document, connection).iter().filter_map(message).collect()
}

fn problems(document: &Document) -> Vec<(Place, String)> {
    let import = document.import.as_ref().expect("an imported document");
    import.problems.iter().map(|problem| (problem.place, problem.text.clone())).collect()
}

#[test]
fn a_har_file_of_each_program_has_its_messages_and_handshakes() {
    let hello = "Hello, Grüße, 世界".as_bytes().to_vec();
    for (file, program) in [
        (&include_bytes!("../../golden/chromium.har")[..], "WebInspector"),
        (include_bytes!("../../golden/playwright.har"), "Playwright"),
    ] {
        let document = read(file);
        let said = |party| [(party, 1, hello.clone()), (party, 2, vec![0, 1, 255])];
        assert_eq!(messages(&document, 1), [said(Party::Client), said(Party::Server)].concat(), "{program}");
        let opening = opening(&document, 1);
        assert!(opening.request.starts_with(b"GET /lab/") && opening.response.starts_with(b"HTTP/1.1 101 "));
        assert_eq!(opening.subprotocol.as_deref(), Some("chat"), "{program}");
        let [Event::Refusal(refusal)] = events(&document, 2)[..] else { panic!("a refusal: {program}") };
        assert_eq!((refusal.status, &*refusal.rule), (None, "left-early"));
        let times: Vec<_> = document.observations.iter().map(|observation| observation.at_us).collect();
        assert!(times.is_sorted() && times.iter().all(|at| *at < 60_000_000), "{times:?}");
        let import = document.import.as_ref().expect("an imported document");
        assert!(import.program.as_ref().is_some_and(|name| name.contains(program)), "{import:?}");
        let refused = "message 1 of connection 2: an error of the browser: Error during WebSocket handshake";
        let expect = if program == "Playwright" { 0 } else { 1 };
        assert_eq!(problems(&document).iter().filter(|(_, text)| text.starts_with(refused)).count(), expect);
        assert_eq!(problems(&document).len(), expect, "{:?}", problems(&document));
    }
}

#[test]
fn mitmproxy_has_what_the_relay_recorded() {
    let (relay, document) = (read(RELAY.as_bytes()), read(include_bytes!("../../golden/mitmproxy.har")));
    let data = |party| {
        let all = messages(&document, 1).into_iter().filter(|(from, ..)| *from == party);
        all.flat_map(|(.., content)| content).collect::<Vec<_>>()
    };
    let both = [data(Party::Client), data(Party::Server)].concat();
    // The conversation was the same; the relay also has the ping and the close frames.
    let expect = content(&relay, 1);
    assert_eq!(both.len() + 2 * "are you there?".len() + 2 * 2 + "that is all".len(), expect.len());
    assert!(problems(&document).is_empty(), "{:?}", problems(&document));
    let [Event::Refusal(refusal)] = events(&document, 2)[..] else { panic!("a refusal") };
    assert_eq!(refusal.status, Some(503));
    assert!(refusal.response.starts_with(b"HTTP/1.1 503 "));
}

#[test]
fn an_exported_har_file_read_back_has_the_same_messages() {
    let relay = read(RELAY.as_bytes());
    let document = read(&exported(Format::Har, &relay.observations));
    for connection in [1, 3, 4] {
        let is_data = |(_, opcode, _): &(Party, u8, Vec<u8>)| *opcode < 8;
        let back: Vec<_> = messages(&document, connection).into_iter().filter(is_data).collect();
        let bytes = |messages: &[(Party, u8, Vec<u8>)], party| {
            let of = messages.iter().filter(|(from, opcode, _)| *from == party && *opcode < 8);
            of.flat_map(|(.., content)| content.clone()).collect::<Vec<_>>()
        };
        let recorded = messages(&relay, connection);
        for party in [Party::Client, Party::Server] {
            assert_eq!(bytes(&back, party), bytes(&recorded, party));
        }
    }
}

/// A HAR file with a damaged entry, and one with this in its response and after it.
fn entry(response: &str, more: &str) -> Document {
    let entry = format!(
        r#"{{"startedDateTime": "2026-11-25T12:00:00+01:00", "_resourceType": "websocket",
            "request": {{"method": "GET", "url": "ws://h/p", "httpVersion": "HTTP/1.1", "headers": []}},
            "response": {{"status": 101, "statusText": ""{response}}}{more}}}"#
    );
    read(format!(r#"{{"log": {{"entries": [{{"request": 7}}, {entry}]}}}}"#).as_bytes())
}

#[test]
fn what_is_wrong_with_an_entry_is_said_and_the_rest_is_read() {
    let document = entry(
        "",
        r#", "_webSocketMessages": [
            {"type": "send", "time": 1795608000.5, "opcode": 2, "data": "not base64!"},
            {"type": "sent", "time": 1, "opcode": 1, "data": ""},
            {"type": "receive", "time": 1795608000600, "opcode": 1, "data": "in milliseconds"},
            {"type": "receive", "time": -1, "opcode": 9, "data": "aGk="},
            {"type": "receive", "opcode": 3, "data": ""}]"#,
    );
    let says = problems(&document);
    assert_eq!(says[0].0, Place::Entry(1));
    assert!(says[0].1.contains("the entry is damaged"), "{says:?}");
    let expect = [
        "the handshake of connection 1 is incomplete or wrong: this URL is a WebSocket endpoint",
        "message 1 of connection 1: its data is not base64, so it is shown as text",
        "message 2 of connection 1: the type `sent` is not `send` or `receive`",
        "message 5 of connection 1: the opcode 3 is not the start of a message",
    ];
    for ((place, text), expect) in says[1..].iter().zip(expect) {
        assert_eq!(*place, Place::Entry(2));
        assert!(text.starts_with(expect), "{text}");
    }
    assert_eq!(says.len(), 5);
    let expect = [
        (Party::Client, 2, b"not base64!".to_vec()),
        (Party::Server, 1, b"in milliseconds".to_vec()),
        (Party::Server, 9, b"hi".to_vec()),
    ];
    assert_eq!(messages(&document, 1), expect);
    let at: Vec<_> = document.observations.iter().map(|observation| observation.at_us).collect();
    assert_eq!(at, [0, 3_600_500_000, 3_600_600_000, 3_600_600_000]);
}

#[test]
fn messages_in_another_file_are_missed() {
    let attached = entry(r#", "content": {"_file": "a.jsonl"}"#, "");
    assert!(
        problems(&attached).iter().any(|(_, text)| text.contains("`content: 'embed'`")),
        "{:?}",
        problems(&attached)
    );
    let without = entry("", "");
    assert!(problems(&without).iter().any(|(_, text)| text.contains("it has no `_webSocketMessages`")));
}

#[test]
fn a_handshake_over_http_2_has_its_fields() {
    let document = read(
        br#"{"log": {"entries": [{"startedDateTime": "2026-11-25T12:00:00Z",
            "request": {"url": "wss://h/p?q", "httpVersion": "HTTP/2.0", "headers": [{"name": "sec-websocket-version", "value": "13"}]},
            "response": {"status": 200, "headers": []},
            "_webSocketMessages": [{"type": "receive", "time": 1795608000, "opcode": 1, "data": "x"}]}]}}"#,
    );
    let opening = opening(&document, 1);
    assert_eq!(opening.route.http, Http::Two);
    let text = String::from_utf8_lossy(&opening.request);
    assert!(
        text.starts_with(
            ":method: CONNECT\r\n:protocol: websocket\r\n:scheme: https\r\n:path: /p?q\r\n:authority: h\r\n"
        )
    );
    assert!(problems(&document).is_empty(), "{:?}", problems(&document));
}
