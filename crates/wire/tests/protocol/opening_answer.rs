//! A client's checks of the response to its opening handshake. RFC 6455 §4.1.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::deflate::Agreed;
use wire::extension;
use wire::handshake::answer::{AnswerError, AnswerFault, OpeningAnswer, judge};
use wire::handshake::head::ResponseHead;
use wire::handshake::request::OpeningRequest;

/// The key in §1.3, and its accept value.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const OFFERED: &str = "permessage-deflate; client_max_window_bits, x-more";

fn verdict(text: &str) -> Result<OpeningAnswer, AnswerError> {
    verdict_on(text, OFFERED)
}

fn verdict_on(text: &str, extensions: &str) -> Result<OpeningAnswer, AnswerError> {
    let asked = OpeningRequest {
        key: KEY.to_owned(),
        subprotocols: vec!["chat".to_owned(), "other".to_owned()],
        extensions: extensions.to_owned(),
    };
    let head = ResponseHead::parse(text.as_bytes()).expect("a head").expect("a whole head");
    judge(text.as_bytes(), &head, &asked)
}

fn with(line: &str) -> String {
    RIGHT.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

/// The broken rules, each as its name and its section.
fn broken(verdict: Result<OpeningAnswer, AnswerError>) -> Vec<(&'static str, u16, &'static str)> {
    match verdict {
        Err(AnswerError::Invalid(faults)) => {
            let named = |fault: &AnswerFault| (fault.rule(), fault.citation().0, fault.citation().1);
            faults.iter().map(named).collect()
        }
        other => panic!("a 101 with faults, not {other:?}"),
    }
}

#[test]
fn a_valid_response_has_the_accepted_offers() {
    assert_eq!(verdict(RIGHT), Ok(OpeningAnswer::default()));
    let taken = verdict(&with("Sec-WebSocket-Protocol: other")).unwrap();
    assert_eq!(taken.subprotocol.as_deref(), Some("other"));
    let taken = verdict(&with("sec-websocket-extensions: permessage-deflate\r\nSec-WebSocket-Extensions: x-more; a=1"));
    let taken = taken.unwrap();
    assert_eq!(taken.extensions, "permessage-deflate, x-more; a=1");
    assert!(taken.deflate.is_some());
    for (valid, other) in [
        ("Upgrade: websocket", "upgrade:\t WebSocket \t"),
        ("Connection: Upgrade", "connection: keep-alive,\tupgrade"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"),
        ("Sec-WebSocket-Accept: ", "sec-websocket-accept: \t "),
        ("101 Switching Protocols", "101 "),
    ] {
        assert!(verdict(&RIGHT.replace(valid, other)).is_ok(), "{other:?}");
    }
}

#[test]
fn another_status_is_no_upgrade() {
    for (status, words) in [(200, "200 OK"), (302, "302 Found"), (404, "404 Not Found")] {
        // The other headers do not matter then.
        assert_eq!(verdict(&RIGHT.replace("101 Switching Protocols", words)), Err(AnswerError::Status(status)));
    }
}

#[test]
fn each_invalid_response_fails_the_connection() {
    #[track_caller]
    fn check(text: &str, fault: AnswerFault, rule: &str, section: &str) {
        assert_eq!(verdict(text), Err(AnswerError::Invalid(vec![fault])));
        assert_eq!(broken(verdict(text)), [(rule, 6455, section)]);
    }
    use AnswerFault as F;
    let without = |line: &str| RIGHT.replace(line, "");
    let http_1_0 = RIGHT.replace("HTTP/1.1", "HTTP/1.0");
    check(&http_1_0, F::HttpTooOld(0), "answer-http-too-old", "4.2.2");
    check(&without("Upgrade: websocket\r\n"), F::UpgradeMissing, "answer-upgrade-missing", "4.1");
    let twice = RIGHT.replace("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket");
    check(&twice, F::UpgradeRepeated(2), "answer-upgrade-repeated", "4.1");
    for wrong in ["h2c", "websocket, websocket", "h2c, websocket", "websockets", "\u{17f}ocket", ""] {
        let text = RIGHT.replace("Upgrade: websocket", &format!("Upgrade: {wrong}"));
        check(&text, F::UpgradeWrong(wrong.into()), "answer-upgrade-wrong", "4.1");
    }
    check(&without("Connection: Upgrade\r\n"), F::ConnectionLacksUpgrade, "answer-connection", "4.1");
    for wrong in ["close", "Upgrades", "Up grade", ""] {
        let text = RIGHT.replace("Connection: Upgrade", &format!("Connection: {wrong}"));
        check(&text, F::ConnectionLacksUpgrade, "answer-connection", "4.1");
    }
    check(&RIGHT.replace("Accept: s3p", "Other: s3p"), F::AcceptMissing, "answer-accept-missing", "4.1");
    let line = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    check(&with(line), F::AcceptRepeated(2), "answer-accept-repeated", "11.3.3");
    let required = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned();
    for wrong in ["s3pPMMBiTxaQ9kYGzzhZRbK+xOo=", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", ""] {
        let text = RIGHT.replace(&required, wrong);
        let fault = F::AcceptWrong { found: wrong.into(), required: required.clone() };
        check(&text, fault, "answer-accept-wrong", "4.1");
    }
    for wrong in ["Chat", "chat, other", "unknown", "", "chat,"] {
        let text = with(&format!("Sec-WebSocket-Protocol: {wrong}"));
        check(&text, F::SubprotocolNotOffered(wrong.into()), "answer-subprotocol-not-offered", "4.1");
    }
    let twice = with("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat");
    check(&twice, F::SubprotocolRepeated(2), "answer-subprotocol-repeated", "11.3.4");
    let extensions = |list: &str| with(&format!("Sec-WebSocket-Extensions: {list}"));
    check(&extensions("x-other"), F::ExtensionNotOffered("x-other".into()), "answer-extension-not-offered", "4.1");
    check(&extensions("X-More"), F::ExtensionNotOffered("X-More".into()), "answer-extension-not-offered", "4.1");
    for wrong in [";", "x-more; ", "x-more; a=", "x-more; a=\"b c\"", "x more"] {
        let found = wrong.trim().to_owned();
        check(&extensions(wrong), F::ExtensionsMalformed(found), "answer-extensions-malformed", "9.1");
    }
}

/// RFC 7692 §7.1: a client fails the connection if the parameters in the answer are not valid for its offer.
#[test]
fn each_invalid_answer_to_an_offer_of_compression() {
    #[track_caller]
    fn check(offered: &str, accepted: &str, expect: &[(&str, &str)]) {
        let text = with(&format!("Sec-WebSocket-Extensions: {}", accepted.replace("deflate", "permessage-deflate")));
        let verdict = verdict_on(&text, &offered.replace("deflate", "permessage-deflate"));
        if expect.is_empty() {
            assert!(verdict.as_ref().is_ok_and(|answer| answer.deflate.is_some()), "{verdict:?}");
        } else {
            let expect: Vec<_> = expect.iter().map(|(rule, section)| (*rule, 7692, *section)).collect();
            assert_eq!(broken(verdict), expect);
        }
    }
    const PARAMETER: (&str, &str) = ("answer-deflate-parameter", "7.1");
    const TAKEOVER: (&str, &str) = ("answer-server-takeover", "7.1.1.1");
    const SERVER: (&str, &str) = ("answer-server-window", "7.1.2.1");
    const CLIENT: (&str, &str) = ("answer-client-window", "7.1.2.2");
    for valid in [
        "deflate",
        "deflate; server_no_context_takeover; client_no_context_takeover",
        "deflate; server_max_window_bits=8",
        "deflate; server_max_window_bits=\"15\"",
    ] {
        check("deflate", valid, &[]);
    }
    for wrong in [
        "deflate; unknown",
        "deflate; server_no_context_takeover; server_no_context_takeover",
        "deflate; server_no_context_takeover=1",
        "deflate; client_no_context_takeover=true",
        "deflate; server_max_window_bits",
        "deflate; server_max_window_bits=7",
        "deflate; server_max_window_bits=16",
        "deflate; server_max_window_bits=010",
        "deflate; client_max_window_bits",
        "deflate; client_max_window_bits=16",
    ] {
        check("deflate", wrong, &[PARAMETER]);
        check("deflate; client_max_window_bits", wrong, &[PARAMETER]);
    }
    check("deflate", "deflate; client_max_window_bits=10", &[CLIENT]);
    check("deflate; client_max_window_bits", "deflate; client_max_window_bits=10", &[]);
    // The client can use a smaller window than the server allows, so the answer may be larger than the offer.
    check("deflate; client_max_window_bits=10", "deflate; client_max_window_bits=15", &[]);
    check("deflate; server_max_window_bits=10", "deflate", &[SERVER]);
    check("deflate; server_max_window_bits=10", "deflate; server_max_window_bits=11", &[SERVER]);
    check("deflate; server_max_window_bits=10", "deflate; server_max_window_bits=9", &[]);
    check("deflate; server_no_context_takeover", "deflate", &[TAKEOVER]);
    let all = "deflate; server_no_context_takeover; server_max_window_bits=10";
    check(all, "deflate; a; client_max_window_bits=9", &[PARAMETER, TAKEOVER, SERVER, CLIENT]);
    // It answers any of several offers. An invalid offer cannot be accepted.
    check("deflate; server_max_window_bits=10, deflate", "deflate", &[]);
    check("deflate; server_max_window_bits=99, deflate", "deflate", &[]);
    check(
        "deflate; server_max_window_bits=9; client_max_window_bits, deflate",
        "deflate; client_max_window_bits=9",
        &[SERVER],
    );
    check("deflate", "deflate, deflate", &[("answer-deflate-repeated", "5")]);
    let unanswerable =
        broken(verdict_on(&with("Sec-WebSocket-Extensions: permessage-deflate"), "permessage-deflate; unknown"));
    assert_eq!(unanswerable, [("answer-extension-not-offered", 6455, "4.1")]);
}

#[test]
fn every_broken_rule_is_reported() {
    let text = "HTTP/1.0 101 Yes\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: a\r\n\
                Sec-WebSocket-Extensions: x-a, permessage-deflate; b\r\nSec-WebSocket-Extensions: x-c\r\n\r\n";
    let rules: Vec<_> = broken(verdict(text)).into_iter().map(|(rule, ..)| rule).collect();
    let expect = [
        "answer-http-too-old",
        "answer-upgrade-wrong",
        "answer-connection",
        "answer-accept-wrong",
        "answer-subprotocol-not-offered",
        "answer-extension-not-offered",
        "answer-deflate-parameter",
        "answer-extension-not-offered",
    ];
    assert_eq!(rules, expect);
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
    check("permessage-deflate; client_max_window_bits", None);
    check("permessage-deflate; server_max_window_bits=7", None);
    check("x-more", None);
    check("", None);
}
