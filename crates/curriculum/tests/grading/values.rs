//! Session values: stable in a session, different in another, and the functions of placeholders.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{challenge, session_id};
use curriculum::challenge::{Challenge, Counts};
use curriculum::values::{Values, fill, names, placeholders};
use observation::SessionId;
use serde_json::json;
use wire::header::FrameHeader;

#[test]
fn each_session_has_its_own_values() {
    let challenge = challenge(json!({ "connected": {} }), Counts::Last);
    let mine = challenge.values(&session_id());
    assert_eq!(mine, challenge.values(&session_id()));
    let theirs = challenge.values(&SessionId::from_random([8; 16]));
    for name in ["text", "key", "bytes", "frame"] {
        assert_ne!(mine[name], theirs[name], "{name}");
    }
    assert!(wire::handshake::accept::is_key(&mine["key"]));
    assert_eq!(mine["text"].split(' ').count(), 2);
    assert_eq!(hex::decode(&mine["bytes"]).unwrap().len(), 4);
}

#[test]
fn numbers_and_choices_use_their_whole_range() {
    let challenge = challenge(json!({ "connected": {} }), Counts::Last);
    let sessions = (0..200).map(|n| challenge.values(&SessionId::from_random([n; 16])));
    let (mut numbers, mut ones) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for values in sessions {
        numbers.insert(values["number"].parse::<u32>().unwrap());
        ones.insert(values["one"].clone());
    }
    assert_eq!(numbers, (3..=9).collect());
    assert_eq!(ones.len(), 2);
}

#[test]
fn a_frame_contains_the_words() {
    let values = challenge(json!({ "connected": {} }), Counts::Last).values(&session_id());
    let mut frame = hex::decode(&values["frame"]).unwrap();
    let header = FrameHeader::parse(&frame).unwrap();
    let mut payload = frame.split_off(header.len());
    header.masking_key.unwrap().apply(&mut payload, 0);
    assert_eq!(String::from_utf8(payload).unwrap(), values["text"]);
}

#[test]
fn functions_compute_from_values() {
    let values = [("key", "dGhlIHNhbXBsZSBub25jZQ=="), ("text", "Hello"), ("mask", "37fa213d"), ("bytes", "ff01")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    // RFC 6455 §1.3 and §5.7.
    assert_eq!(fill("{{accept:key}}", &values), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(fill("{{frame:text:mask}}", &values), "818537fa213d7f9f4d5158");
    assert_eq!(fill("{{length:text}}, {{sum:bytes}}", &values), "5, 256");
    assert_eq!(fill("{{ text }}{{unknown}}{{", &values), "Hello{{unknown}}{{");
    assert_eq!(names("{{a}} {{accept:b}} {{frame:c:d}} {{").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    // These cannot be computed.
    for text in ["{{accept:text}}", "{{accept:key:key}}", "{{sum:text}}", "{{frame:text}}", "{{frame:text:bytes}}"] {
        assert_eq!(fill(text, &values), text);
    }
}

#[test]
fn a_placeholder_is_in_one_line_and_has_no_braces_in_it() {
    let values = [("a".to_owned(), "1".to_owned())].into();
    for (text, filled) in [
        ("{{b}}{{a}}", "{{b}}1"),
        ("{{ {{a}} }}", "{{ 1 }}"),
        ("{{{a}}}", "{1}"),
        ("${{{a}}} é{{a}}é", "${1} é1é"),
        ("{{x\n}} {{a}}", "{{x\n}} 1"),
        ("{{a\n}}", "{{a\n}}"),
        ("f({}, {{}}, {{a}})", "f({}, {{}}, 1)"),
        ("{{a", "{{a"),
        ("{{a}", "{{a}"),
    ] {
        assert_eq!(fill(text, &values), filled);
    }
    let found: Vec<_> =
        placeholders("x {{ a }} {{frame:a:b}}").map(|it| (it.at.clone(), it.inside, it.derived())).collect();
    assert_eq!(found, [(2..9, "a", None), (10..23, "frame:a:b", Some("frame"))]);
}

#[test]
fn settings_are_filled_in_separately() {
    let values: Values = [("one".to_owned(), "a+b&c".to_owned())].into();
    let of = |query: &str| {
        let challenge = Challenge { query: query.to_owned(), ..challenge(json!({ "connected": {} }), Counts::Last) };
        challenge.settings(&values)
    };
    assert_eq!(of("x=1&greet={{one}}%26"), "x=1&greet=a%2Bb%26c%26");
    assert_eq!(of("greet=a%20b"), "greet=a%20b");
}

#[test]
fn only_values_that_the_task_names_are_shown() {
    let values = challenge(json!({ "connected": {} }), Counts::Last).shown_values(&session_id());
    assert_eq!(values.keys().collect::<Vec<_>>(), ["bytes", "text"]);
}
