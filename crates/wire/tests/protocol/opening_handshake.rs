//! RFC 6455 §1.2, §1.3 and §4: the opening handshake.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::hex;
use wire::handshake::accept::{Derivation, is_key};
use wire::handshake::head::{HeadError, RequestHead, ResponseHead, values};
use wire::handshake::request::{OpeningRequest, RequestError, judge};
use wire::handshake::response::{refusal, refusal_for, switching_protocols};

/// §1.2, with the line ends of the wire.
const CLIENT: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

/// §1.2
const SERVER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: chat\r\n\
    \r\n";

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

// §1.2 and §4.1: reading

#[test]
fn the_rfcs_request_has_spans_that_slice_to_its_text() {
    let head = RequestHead::parse(CLIENT.as_bytes()).unwrap().unwrap();
    assert_eq!(&CLIENT[head.method.clone()], "GET");
    assert_eq!(&CLIENT[head.target.clone()], "/chat");
    assert_eq!(head.minor_version, 1);
    assert_eq!(head.len, CLIENT.len());
    let lines: Vec<_> =
        head.headers.iter().map(|line| (&CLIENT[line.name.clone()], &CLIENT[line.value.clone()])).collect();
    assert_eq!(
        lines,
        [
            ("Host", "server.example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", KEY),
            ("Origin", "http://example.com"),
            ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Sec-WebSocket-Version", "13"),
        ]
    );
}

#[test]
fn the_rfcs_response_has_spans_that_slice_to_its_text() {
    let head = ResponseHead::parse(SERVER.as_bytes()).unwrap().unwrap();
    assert_eq!(head.status, 101);
    assert_eq!(&SERVER[head.reason.clone()], "Switching Protocols");
    assert_eq!(head.minor_version, 1);
    assert_eq!(head.len, SERVER.len());
    let accept: Vec<_> = values(SERVER.as_bytes(), &head.headers, "sec-websocket-accept").collect();
    assert_eq!(accept, [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
}

#[test]
fn an_incomplete_head_is_not_an_error() {
    for end in 0..CLIENT.len() {
        assert_eq!(RequestHead::parse(&CLIENT.as_bytes()[..end]), Ok(None), "{end} bytes of the request");
    }
    for end in 0..SERVER.len() {
        assert_eq!(ResponseHead::parse(&SERVER.as_bytes()[..end]), Ok(None), "{end} bytes of the response");
    }
}

#[test]
fn what_follows_the_head_is_not_part_of_it() {
    let bytes = [CLIENT.as_bytes(), &hex("81 85 37fa213d 7f9f4d5158")].concat();
    let head = RequestHead::parse(&bytes).unwrap().unwrap();
    assert_eq!(&bytes[head.len..], hex("81 85 37fa213d 7f9f4d5158"));
}

#[test]
fn spaces_and_leading_empty_lines_do_not_shift_spans() {
    let text = "\r\n\r\nGET / HTTP/1.1\r\nHost: \t a \t\r\nX-Empty:\r\n\r\n";
    let head = RequestHead::parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(&text[head.method.clone()], "GET");
    assert_eq!(&text[head.headers[0].value.clone()], "a");
    assert_eq!(&text[head.headers[1].name.clone()], "X-Empty");
    assert_eq!(&text[head.headers[1].value.clone()], "");
    assert_eq!(head.len, text.len());
}

#[test]
fn invalid_bytes_in_a_head_are_refused_at_once() {
    #[track_caller]
    fn check(bytes: &[u8], expect: HeadError) {
        assert_eq!(RequestHead::parse(bytes), Err(expect));
    }
    check(&hex("81 85 37fa213d 7f9f4d5158"), HeadError::NotHttp("invalid token"));
    check(&hex("16 03 01 02 00 01 00"), HeadError::NotHttp("invalid token")); // a TLS client hello
    check(b"GET / HTTP/2.0\r\n", HeadError::NotHttp("invalid HTTP version"));
    check(b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", HeadError::NotHttp("invalid header name"));
    check(b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", HeadError::NotHttp("invalid header value"));
    check(b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", HeadError::NotHttp("invalid header name"));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101));
    check(many.as_bytes(), HeadError::TooManyHeaders);
    let as_many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100));
    assert_eq!(RequestHead::parse(as_many.as_bytes()).unwrap().unwrap().headers.len(), 100);
}

#[test]
fn header_values_keep_their_order_and_names_ignore_case() {
    let text = "GET / HTTP/1.1\r\nX-List: a\r\nx-other: -\r\nx-LIST: b, c\r\n\r\n";
    let head = RequestHead::parse(text.as_bytes()).unwrap().unwrap();
    let found: Vec<_> = values(text.as_bytes(), &head.headers, "x-list").collect();
    assert_eq!(found, [&b"a"[..], b"b, c"]);
}

// §1.3 and §4.2.2: the accept value

#[test]
fn the_rfcs_key_gives_the_rfcs_accept_value() {
    let steps = Derivation::from_key(KEY);
    assert_eq!(steps.concatenated, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    assert_eq!(steps.sha1[..], hex("b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea"));
    assert_eq!(steps.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/// The bits of the last character that belong to no byte may have any value: RFC 6455 §4.1 prints such a key itself. The accept
/// value is derived from the text, so it differs.
#[test]
fn unused_bits_of_a_key_are_not_checked() {
    for key in ["AQIDBAUGBwgJCgsMDQ4PEC==", "dGhlIHNhbXBsZSBub25jZR==", "/////////////////////z=="] {
        assert!(is_key(key), "{key}");
    }
    let accept = |key| Derivation::from_key(key).accept;
    assert_eq!(accept("AQIDBAUGBwgJCgsMDQ4PEC=="), "OfS0wDaT5NoxF2gqm7Zj2YtetzM=");
    assert_ne!(accept("AQIDBAUGBwgJCgsMDQ4PEC=="), accept("AQIDBAUGBwgJCgsMDQ4PEA=="));
}

#[test]
fn a_key_is_base64_of_sixteen_bytes() {
    #[track_caller]
    fn check(key: &str, expect: bool) {
        assert_eq!(is_key(key), expect, "{key}");
    }
    check(KEY, true);
    check("AQIDBAUGBwgJCgsMDQ4PEA==", true); // §4.1: 0x01 to 0x10
    check("AAAAAAAAAAAAAAAAAAAAAA==", true);
    check("////////////////////_w==", false); // the URL alphabet
    check("/////////////////////w==", true);
    check("", false);
    check("dGhlIHNhbXBsZSBub25j", false); // 15 bytes
    check("dGhlIHNhbXBsZSBub25jZWU=", false); // 17 bytes
    check("dGhlIHNhbXBsZSBub25jZQ", false); // no padding
    check("dGhlIHNhbXBsZSBub25jZQ=", false); // half of the padding
    check(" dGhlIHNhbXBsZSBub25jZQ==", false);
    check("dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", false);
}

// §4.2.1: judging

/// The request of the RFC's example with `changes`: `-Name` removes a header, `Name: value` replaces or adds it, and
/// `+Name: value` adds another one.
fn request(changes: &[&str]) -> String {
    let mut lines: Vec<String> = CLIENT.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    for change in changes {
        if let Some(gone) = change.strip_prefix('-') {
            lines.retain(|line| name(line) != gone.to_ascii_lowercase());
        } else if let Some(more) = change.strip_prefix('+') {
            lines.push(more.to_owned());
        } else if change.contains(" HTTP/") {
            lines[0] = (*change).to_owned();
        } else {
            match lines.iter_mut().find(|line| name(line) == name(change)) {
                Some(line) => *line = (*change).to_owned(),
                None => lines.push((*change).to_owned()),
            }
        }
    }
    lines.join("\r\n") + "\r\n\r\n"
}

fn verdict(text: &str) -> Result<OpeningRequest, RequestError> {
    let head = RequestHead::parse(text.as_bytes()).expect("a head").expect("a whole head");
    judge(text.as_bytes(), &head)
}

#[test]
fn a_valid_request_has_its_key_and_subprotocols() {
    #[track_caller]
    fn check(changes: &[&str], expect: &[&str]) {
        let right = verdict(&request(changes)).unwrap();
        let subprotocols = expect.iter().map(|&s| s.into()).collect();
        let extensions = right.extensions.clone();
        assert_eq!(right, OpeningRequest { key: KEY.to_owned(), subprotocols, extensions });
    }
    check(&[], &["chat", "superchat"]);
    check(&["-Sec-WebSocket-Protocol"], &[]);
    check(&["-Origin"], &["chat", "superchat"]);
    // Names and tokens are case-insensitive.
    check(
        &["-Upgrade", "UPGRADE: WebSocket", "-Connection", "connection: keep-alive, UPGRADE"],
        &["chat", "superchat"],
    );
    check(&["-sec-websocket-key", "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ=="], &["chat", "superchat"]);
    // Lists may have several lines and empty items.
    check(&["Connection: keep-alive", "+Connection: Upgrade"], &["chat", "superchat"]);
    check(&["Upgrade: h2c", "+Upgrade: websocket"], &["chat", "superchat"]);
    check(&["Connection: ,Upgrade ,"], &["chat", "superchat"]);
    check(&["Sec-WebSocket-Protocol: a,b", "+Sec-WebSocket-Protocol: c"], &["a", "b", "c"]);
    check(&["Sec-WebSocket-Protocol: a,,\tb ,"], &["a", "b"]);
    // Subprotocols are case-sensitive.
    check(&["Sec-WebSocket-Protocol: chat, Chat"], &["chat", "Chat"]);
    // A browser's offer is not an error, even if the server accepts none of it.
    check(&["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"], &["chat", "superchat"]);
    check(&["GET /a?b=c HTTP/1.1"], &["chat", "superchat"]);
}

/// §9.1: several lines are one list in the same order.
#[test]
fn a_valid_request_has_its_offered_extensions() {
    #[track_caller]
    fn check(changes: &[&str], expect: &str) {
        assert_eq!(verdict(&request(changes)).unwrap().extensions, expect);
    }
    check(&[], "");
    check(&["Sec-WebSocket-Extensions:"], "");
    check(&["Sec-WebSocket-Extensions: a; b=\"1\" ,, c"], "a; b=\"1\" ,, c");
    check(&["Sec-WebSocket-Extensions: a; b", "+sec-websocket-extensions: c, d; e=1"], "a; b, c, d; e=1");
    check(&["Sec-WebSocket-Extensions: ,", "+Sec-WebSocket-Extensions: a"], ",, a");
}

#[test]
fn each_invalid_request_breaks_one_rule() {
    #[track_caller]
    fn check(changes: &[&str], expect: RequestError, status: u16, rule: &str, section: &str) {
        let error = verdict(&request(changes)).unwrap_err();
        assert_eq!(error, expect);
        assert_eq!((error.status(), error.rule(), error.section()), (status, rule, Some(section)));
        assert!(!error.to_string().is_empty());
    }
    check(&["POST /chat HTTP/1.1"], RequestError::MethodNotGet("POST".into()), 405, "method-not-get", "4.2.1");
    check(&["get /chat HTTP/1.1"], RequestError::MethodNotGet("get".into()), 405, "method-not-get", "4.2.1");
    check(&["GET /chat HTTP/1.0"], RequestError::HttpTooOld, 426, "http-too-old", "4.2.1");
    check(&["-Upgrade"], RequestError::UpgradeMissing, 426, "upgrade-missing", "4.2.1");
    check(&["Upgrade: websockets"], RequestError::UpgradeMissing, 426, "upgrade-missing", "4.2.1");
    check(&["Upgrade: web socket"], RequestError::UpgradeMissing, 426, "upgrade-missing", "4.2.1");
    let lacks = RequestError::ConnectionLacksUpgrade;
    check(&["-Connection"], lacks.clone(), 400, "connection-lacks-upgrade", "4.2.1");
    check(&["Connection: keep-alive"], lacks.clone(), 400, "connection-lacks-upgrade", "4.2.1");
    // Only spaces and tabs are whitespace in HTTP. This is a no-break space.
    check(&["Connection: \u{a0}Upgrade"], lacks, 400, "connection-lacks-upgrade", "4.2.1");
    check(&["-Host"], RequestError::HostMissing, 400, "host-missing", "4.2.1");
    check(&["+Host: other.example.com"], RequestError::HostMissing, 400, "host-missing", "4.2.1");
    check(&["-Sec-WebSocket-Version"], RequestError::VersionMissing, 426, "version-missing", "4.4");
    for version in ["8", "14", "013", "13.0", "+13", "13, 8", ""] {
        let unsupported = RequestError::VersionUnsupported(version.into());
        check(&[&format!("Sec-WebSocket-Version: {version}")], unsupported, 426, "version-unsupported", "4.4");
    }
    let twice = RequestError::VersionUnsupported("13, 8".into());
    check(&["+Sec-WebSocket-Version: 8"], twice, 426, "version-unsupported", "4.4");
    check(&["-Sec-WebSocket-Key"], RequestError::KeyMissing, 400, "key-missing", "4.2.1");
    check(&[&format!("+Sec-WebSocket-Key: {KEY}")], RequestError::KeyRepeated(2), 400, "key-repeated", "4.2.1");
    check(&["Sec-WebSocket-Key: x"], RequestError::KeyMalformed("x".into()), 400, "key-malformed", "4.2.1");
    check(&["Sec-WebSocket-Key:"], RequestError::KeyMalformed(String::new()), 400, "key-malformed", "4.2.1");
    for list in ["a b", "a, a", "chat/1", "\"a\"", "\u{e9}"] {
        let malformed = RequestError::SubprotocolMalformed(list.into());
        check(&[&format!("Sec-WebSocket-Protocol: {list}")], malformed, 400, "subprotocol-malformed", "4.2.1");
    }
    let over_lines = RequestError::SubprotocolMalformed("a, a".into());
    let changes = ["Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: a"];
    check(&changes, over_lines, 400, "subprotocol-malformed", "4.2.1");
    let extensions = RequestError::ExtensionsMalformed("x; =1".into());
    check(&["Sec-WebSocket-Extensions: x; =1"], extensions, 400, "extensions-malformed", "9.1");
    let in_one_line = RequestError::ExtensionsMalformed("x, y;".into());
    let changes = ["Sec-WebSocket-Extensions: x", "+Sec-WebSocket-Extensions: y;"];
    check(&changes, in_one_line, 400, "extensions-malformed", "9.1");
}

#[test]
fn a_request_with_several_faults_reports_the_first() {
    let bare = "GET / HTTP/1.0\r\n\r\n";
    assert_eq!(verdict(bare), Err(RequestError::UpgradeMissing));
    assert_eq!(verdict(&request(&["-Host", "-Sec-WebSocket-Key"])), Err(RequestError::HostMissing));
    let both = ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: x"];
    assert_eq!(verdict(&request(&both)), Err(RequestError::VersionUnsupported("8".into())));
}

// §4.2.2: answering

#[test]
fn the_answer_to_the_rfcs_request_is_the_rfcs_response() {
    assert_eq!(switching_protocols(KEY, Some("chat"), None), SERVER);
    let without = SERVER.replace("Sec-WebSocket-Protocol: chat\r\n", "");
    assert_eq!(switching_protocols(KEY, None, None), without);
    // §9.1
    let taken = "permessage-deflate; server_max_window_bits=10";
    let with = without.replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Extensions: {taken}\r\n\r\n"));
    assert_eq!(switching_protocols(KEY, None, Some(taken)), with);
}

#[test]
fn refusals_are_valid_http_and_say_what_to_send() {
    #[track_caller]
    fn check(error: RequestError, line: &str, headers: &[(&str, &str)]) {
        let text = refusal_for(&error);
        assert!(text.starts_with(line), "{text}");
        let head = ResponseHead::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head.status, error.status());
        let (bytes, body) = (text.as_bytes(), &text[head.len..]);
        let value = |name| values(bytes, &head.headers, name).collect::<Vec<_>>();
        for (name, expect) in headers {
            assert_eq!(value(name), [expect.as_bytes()], "{name}");
        }
        assert_eq!(value("Content-Length"), [body.len().to_string().as_bytes()]);
        assert!(body.contains(&error.to_string()) && body.contains(error.section().unwrap_or_default()), "{body}");
    }
    check(
        RequestError::MethodNotGet("POST".into()),
        "HTTP/1.1 405 Method Not Allowed\r\n",
        &[("Allow", "GET"), ("Connection", "close")],
    );
    // RFC 9110 §7.8: `Upgrade` requires the connection option of the same name.
    let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade, close")];
    check(RequestError::UpgradeMissing, "HTTP/1.1 426 Upgrade Required\r\n", &upgrade);
    check(RequestError::HttpTooOld, "HTTP/1.1 426 Upgrade Required\r\n", &upgrade);
    // §4.4
    let version = [("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket"), ("Connection", "Upgrade, close")];
    check(RequestError::VersionUnsupported("8".into()), "HTTP/1.1 426 Upgrade Required\r\n", &version);
    check(RequestError::VersionMissing, "HTTP/1.1 426 Upgrade Required\r\n", &version);
    check(RequestError::KeyMissing, "HTTP/1.1 400 Bad Request\r\n", &[("Connection", "close")]);
    check(RequestError::KeyMalformed("\u{fffd}".into()), "HTTP/1.1 400 Bad Request\r\n", &[("Connection", "close")]);
}

#[test]
fn every_status_gives_a_valid_status_line() {
    for status in [400, 403, 404, 405, 426, 429, 500, 503, 418, 200] {
        let text = refusal(status, &[("Retry-After", "1")], "no\n");
        let head = ResponseHead::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head.status, status);
        assert!(!text[head.reason.clone()].is_empty());
        assert_eq!(&text[head.len..], "no\n");
    }
}
