//! A client's checks of the response to its opening handshake. RFC 6455 §4.1.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::deflate::Agreed;
use wire::extension;
use wire::handshake::answer::{AnswerError, OpeningAnswer, judge};
use wire::handshake::head::ResponseHead;
use wire::handshake::request::OpeningRequest;

/// The key in §1.3, and its accept value.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn verdict(text: &str) -> Result<OpeningAnswer, AnswerError> {
    let asked = OpeningRequest {
        key: KEY.to_owned(),
        subprotocols: vec!["chat".to_owned(), "other".to_owned()],
        extensions: "permessage-deflate; client_max_window_bits, x-more".to_owned(),
    };
    let head = ResponseHead::parse(text.as_bytes()).expect("a head").expect("a whole head");
    judge(text.as_bytes(), &head, &asked)
}

fn with(line: &str) -> String {
    RIGHT.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

#[test]
fn a_valid_response_has_the_accepted_offers() {
    assert_eq!(verdict(RIGHT), Ok(OpeningAnswer::default()));
    let taken = verdict(&with("Sec-WebSocket-Protocol: other")).unwrap();
    assert_eq!(taken.subprotocol.as_deref(), Some("other"));
    let taken = verdict(&with("sec-websocket-extensions: permessage-deflate\r\nSec-WebSocket-Extensions: x-more; a=1"));
    assert_eq!(taken.unwrap().extensions, "permessage-deflate, x-more; a=1");
    assert!(verdict(&RIGHT.replace("Upgrade: websocket", "upgrade: h2c, WebSocket")).is_ok());
    assert!(verdict(&RIGHT.replace("Connection: Upgrade", "connection: keep-alive, upgrade")).is_ok());
}

#[test]
fn each_invalid_response_fails_the_connection() {
    #[track_caller]
    fn check(text: &str, expect: AnswerError) {
        assert_eq!(verdict(text), Err(expect));
    }
    check(&RIGHT.replace("101 Switching Protocols", "200 OK"), AnswerError::Status(200));
    check(&RIGHT.replace("101 Switching Protocols", "302 Found"), AnswerError::Status(302));
    check(&RIGHT.replace("Upgrade: websocket\r\n", ""), AnswerError::UpgradeMissing);
    check(&RIGHT.replace("Connection: Upgrade\r\n", ""), AnswerError::ConnectionLacksUpgrade);
    check(&RIGHT.replace("Accept: s3p", "Other: s3p"), AnswerError::AcceptMissing);
    let wrong = RIGHT.replace("s3pPL", "s3pPM");
    check(&wrong, AnswerError::AcceptWrong("s3pPMMBiTxaQ9kYGzzhZRbK+xOo=".into()));
    check(&with("Sec-WebSocket-Protocol: Chat"), AnswerError::SubprotocolNotOffered("Chat".into()));
    check(&with("Sec-WebSocket-Protocol: chat, other"), AnswerError::SubprotocolNotOffered("chat, other".into()));
    check(&with("Sec-WebSocket-Extensions: x-other"), AnswerError::ExtensionNotOffered("x-other".into()));
    check(&with("Sec-WebSocket-Extensions: ;"), AnswerError::ExtensionNotOffered(";".into()));
}

/// An observer learns the negotiated parameters from the response.
#[test]
fn a_response_determines_the_compression() {
    #[track_caller]
    fn check(answer: &str, expect: Option<(bool, bool, u8, u8)>) {
        let list = extension::parse(answer).unwrap();
        let agreed = list.iter().find_map(Agreed::of_answer);
        let seen = agreed.map(|it| {
            let takeover = (it.server_no_context_takeover, it.client_no_context_takeover);
            (takeover.0, takeover.1, it.server_max_window_bits, it.client_max_window_bits)
        });
        assert_eq!(seen, expect, "{answer}");
    }
    check("permessage-deflate", Some((false, false, 15, 15)));
    check("x-more, permessage-deflate; server_no_context_takeover", Some((true, false, 15, 15)));
    let all = "permessage-deflate; client_no_context_takeover; server_max_window_bits=8; client_max_window_bits=9";
    check(all, Some((false, true, 8, 9)));
    check("permessage-deflate; unknown", None);
    check("permessage-deflate; server_max_window_bits=7", None);
    check("x-more", None);
    check("", None);
}
