//! The opening handshake over HTTP/2. RFC 8441.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::handshake::connect::{ConnectRequest, Connected, fields, from_response, judge};
use wire::handshake::request::RequestError;
use wire::handshake::response::{refusal, refusal_for};

/// §5.1, its example.
const RIGHT: &str = ":method: CONNECT\r\n:protocol: websocket\r\n:scheme: https\r\n:path: /chat\r\n\
                     :authority: server.example.com\r\nsec-websocket-protocol: chat, superchat\r\n\
                     sec-websocket-extensions: permessage-deflate\r\nsec-websocket-version: 13\r\n\
                     origin: http://www.example.com\r\n\r\n";

#[test]
fn a_valid_connect_request_is_parsed() {
    #[track_caller]
    fn check(text: &str, subprotocols: &[&str], extensions: &str) {
        let subprotocols = subprotocols.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(judge(text.as_bytes()), Ok(ConnectRequest { subprotocols, extensions: extensions.to_owned() }));
    }
    check(RIGHT, &["chat", "superchat"], "permessage-deflate");
    check(":method: CONNECT\r\n:protocol: WebSocket\r\nsec-websocket-version: 13\r\n\r\n", &[], "");
    let lines = "sec-websocket-protocol: a\r\nsec-websocket-protocol: b\r\n";
    check(&RIGHT.replace("sec-websocket-protocol: chat, superchat\r\n", lines), &["a", "b"], "permessage-deflate");
}

#[test]
fn each_invalid_connect_request_breaks_one_rule() {
    #[track_caller]
    fn check(from: &str, to: &str, expect: RequestError, status: u16, rule: &str) {
        let error = judge(RIGHT.replace(from, to).as_bytes()).unwrap_err();
        assert_eq!((error.status(), error.rule()), (status, rule));
        assert_eq!(error, expect);
    }
    let text = str::to_owned;
    check(":method: CONNECT", ":method: GET", RequestError::MethodNotConnect(text("GET")), 405, "method-not-connect");
    let other = RequestError::ProtocolNotWebSocket(text("connect-udp"));
    check(": websocket", ": connect-udp", other, 501, "protocol-not-websocket");
    let none = RequestError::ProtocolNotWebSocket(String::new());
    check(":protocol: websocket\r\n", "", none, 501, "protocol-not-websocket");
    check("sec-websocket-version: 13\r\n", "", RequestError::VersionMissing, 426, "version-missing");
    check("version: 13", "version: 8", RequestError::VersionUnsupported(text("8")), 426, "version-unsupported");
    let twice = RequestError::SubprotocolMalformed(text("a, a"));
    check("chat, superchat", "a, a", twice, 400, "subprotocol-malformed");
    let grammar = RequestError::ExtensionsMalformed(text("a;"));
    check("permessage-deflate", "a;", grammar, 400, "extensions-malformed");
    // No key and no accept value: §5.
    assert!(judge(format!("sec-websocket-key: x\r\n{RIGHT}").as_bytes()).is_ok());
}

#[test]
fn any_bytes_get_a_verdict() {
    for text in ["", ":", "::", "\r\n", ":method", ": :", "a\nb: c\n:: d"] {
        assert!(judge(text.as_bytes()).is_err(), "{text:?}");
    }
    let seen: Vec<_> = fields(b":a: b\r\nc:d\ne:  f \r\n\r\nnone\r\n").collect();
    assert_eq!(seen, [(&b":a"[..], &b"b"[..]), (b"c", b"d"), (b"e", b" f ")]);
}

#[test]
fn the_response_is_a_200_with_the_accepted_offers() {
    let all = Connected { subprotocol: Some("chat"), extensions: Some("permessage-deflate") }.to_string();
    let lines = ":status: 200\r\nsec-websocket-protocol: chat\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n";
    assert_eq!(all, lines);
    assert_eq!(Connected { subprotocol: None, extensions: None }.to_string(), ":status: 200\r\n\r\n");
}

/// RFC 9113 §8.2.2: HTTP/2 has no connection-specific headers.
#[test]
fn a_refusal_has_no_connection_headers() {
    let text = refusal(503, &[("Retry-After", "5")], "no");
    let head = &text[..text.len() - 2];
    let expect = ":status: 503\r\nretry-after: 5\r\ncontent-type: text/plain; charset=utf-8\r\n\
                  x-content-type-options: nosniff\r\ncontent-length: 2\r\n\r\n";
    assert_eq!(from_response(503, head), expect);
    let text = refusal_for(&RequestError::VersionMissing);
    let fields = from_response(426, &text[..text.find("\r\n\r\n").unwrap() + 4]);
    assert!(fields.contains("\r\nsec-websocket-version: 13\r\n") && !fields.contains("upgrade:"), "{fields}");
}
