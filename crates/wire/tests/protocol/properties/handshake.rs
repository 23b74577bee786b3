//! Properties of the texts of the opening handshake.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::cuts;
use crate::fuzzing;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::extension;
use wire::handshake::head::ResponseHead;
use wire::handshake::request::subprotocols;

/// A header line of a handshake, usually valid.
fn header_line() -> impl Strategy<Value = String> {
    let name = select(vec![
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    ]);
    let value = prop_oneof![
        Just("websocket".to_owned()),
        Just("Upgrade".to_owned()),
        Just("13".to_owned()),
        Just("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        "[ -~\u{e9}]{0,12}",
    ];
    (name, value).prop_map(|(name, value)| format!("{name}: {value}\r\n"))
}

/// A request that is valid except for its offers.
fn right_request() -> impl Strategy<Value = String> {
    ("[a-z, ]{0,12}", offers()).prop_map(|(subprotocols, offers)| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {subprotocols}\r\nSec-WebSocket-Extensions: {offers}\r\n\r\n"
        )
    })
}

fn offers() -> impl Strategy<Value = String> {
    let name = select(vec![
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
        "client_max_window_bits",
        "x",
    ]);
    let value = prop_oneof![
        3 => Just(String::new()),
        3 => (7..17).prop_map(|bits| format!("={bits}")),
        1 => (7..17).prop_map(|bits| format!("=\"{bits}\"")),
        1 => "=[0-9a]{1,3}",
    ];
    let parameter = (name, value).prop_map(|(name, value)| format!("; {name}{value}"));
    let extension = select(vec!["permessage-deflate", "permessage-deflate", "permessage-deflate", "x"]);
    let offer = (extension, vec(parameter, 0..4)).prop_map(|(name, parameters)| name.to_owned() + &parameters.concat());
    vec(offer, 0..5).prop_map(|offers| offers.join(", "))
}

proptest! {
    #[test]
    fn every_request_gets_an_answer_for_any_split(
        cuts in cuts(),
        bytes in prop_oneof![
            1 => vec(any::<u8>(), 0..200),
            2 => ("(GET|POST|x) [!-~]{0,8} HTTP/1\\.[01]\r\n", vec(header_line(), 0..10))
                .prop_map(|(first, lines)| format!("{first}{}\r\n", lines.concat()).into_bytes()),
            2 => right_request().prop_map(String::into_bytes),
        ],
    ) {
        fuzzing::handshake(&[&cuts, &bytes[..]].concat());
        let _ = ResponseHead::parse(&[b"HTTP/1.1 101 ", &bytes[..]].concat());
    }

    #[test]
    fn no_text_makes_lists_panic(text in prop_oneof![any::<String>(), "[ab,;=\"\\\\ \t]{0,16}"]) {
        let _ = subprotocols(&text);
        for extension in extension::parse(&text).unwrap_or_default() {
            prop_assert!(extension::is_token(extension.name));
            for (name, value) in extension.parameters {
                prop_assert!(extension::is_token(name) && value.is_none_or(|value| extension::is_token(&value)));
            }
        }
    }

    #[test]
    fn every_answer_to_an_offer_obeys_the_rfc(policy: [u8; 2], offers in prop_oneof![9 => offers(), 1 => any::<String>()]) {
        fuzzing::deflate_negotiation(&[&policy, offers.as_bytes()].concat());
    }
}
