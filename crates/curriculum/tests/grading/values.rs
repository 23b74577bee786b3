//! Session values: stable in a session, different in another, and the functions of placeholders.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::session::{Session, challenge, secret, session_id};
use curriculum::challenge::{Challenge, Counts};
use curriculum::values::{ValueSecret, ValueSpec, Values, fill, names, placeholders};
use observation::SessionId;
use serde_json::json;
use wire::header::FrameHeader;

#[test]
fn each_session_has_its_own_values() {
    let challenge = challenge(json!({ "connected": {} }), Counts::Last);
    let mine = challenge.values(&session_id(), &secret());
    assert_eq!(mine, challenge.values(&session_id(), &secret()));
    let theirs = challenge.values(&SessionId::from_random([8; 16]), &secret());
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
    let sessions = (0..200).map(|n| challenge.values(&SessionId::from_random([n; 16]), &secret()));
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
    let values = challenge(json!({ "connected": {} }), Counts::Last).values(&session_id(), &secret());
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

#[test]
fn hidden_values_cannot_be_computed_without_the_secret() {
    let mut challenge = challenge(json!({ "connected": {} }), Counts::Last);
    let of = |challenge: &Challenge, secret| challenge.values(&session_id(), &ValueSecret::new([secret; 32]));
    let (one, other) = (of(&challenge, 1), of(&challenge, 2));
    assert_eq!(challenge.open_values(&session_id()).keys().collect::<Vec<_>>(), ["bytes", "text"]);
    assert_eq!((&one["bytes"], &one["text"]), (&other["bytes"], &other["text"]));
    assert_ne!(one["key"], other["key"]);
    assert_eq!(one, of(&challenge, 1));
    // The page needs each value that one of its texts names, and the text that a shown frame contains.
    for (place, name) in [(0, "key"), (1, "number"), (2, "one")] {
        let text = format!("{{{{{name}}}}}");
        match place {
            0 => challenge.hints.push(text),
            1 => challenge.checks[0].wants = text,
            _ => challenge.via = Some(text),
        }
    }
    "{{frame}}".clone_into(&mut challenge.task);
    assert_eq!(
        challenge.open_values(&session_id()).into_keys().collect::<Vec<_>>(),
        ["frame", "key", "number", "one", "text"]
    );
}

#[test]
fn only_the_relay_decides_what_names_a_hidden_value() {
    let grade = |text: &str, values: fn(&Challenge) -> Values| {
        let wanted = json!({ "message": { "from": "client", "is": text, "at-most": 0 } });
        let challenge = challenge(wanted, Counts::Last);
        let mut session = Session::new();
        session.open(1);
        let report = session.report_with(&challenge, &values(&challenge));
        (challenge.needs_relay(&challenge.checks[0]), report.passed())
    };
    let (open, all) =
        (|it: &Challenge| it.open_values(&session_id()), |it: &Challenge| it.values(&session_id(), &secret()));
    assert_eq!(grade("{{accept:key}}", open), (true, false));
    assert_eq!(grade("{{accept:key}}", all), (true, true));
    assert_eq!(grade("{{text}}", open), (false, true));
    // What the server sent is no value.
    assert_eq!(grade("{{got:text}}", open), (false, true));
}

/// No field of the frames can be guessed for all of them.
#[test]
fn frames_have_different_shapes() {
    let mut challenge = challenge(json!({ "connected": {} }), Counts::Last);
    challenge.value_specs.insert("frames".into(), ValueSpec::Frames { count: 4 });
    for seed in 0..50 {
        let values = challenge.values(&SessionId::from_random([seed; 16]), &secret());
        let frames: Vec<_> = values["frames"].split(' ').map(|frame| hex::decode(frame).unwrap()).collect();
        let headers: Vec<_> = frames.iter().map(|frame| FrameHeader::parse(frame).unwrap()).collect();
        assert_eq!(headers.iter().filter(|header| !header.fin).count(), 1);
        assert_eq!(headers.iter().filter(|header| header.masking_key.is_none()).count(), 1);
        assert_eq!(headers.iter().filter(|header| header.length.form.bits() == 16).count(), 1);
        assert!(headers.iter().any(|header| header.opcode != headers[0].opcode));
        let decoded: serde_json::Value = serde_json::from_str(&fill("{{decoded:frames}}", &values)).unwrap();
        for ((frame, header), decoded) in frames.iter().zip(&headers).zip(decoded.as_array().unwrap()) {
            let mut payload = frame[header.len()..].to_vec();
            assert_eq!(payload.len() as u64, header.length.bytes);
            if let Some(key) = header.masking_key {
                key.apply(&mut payload, 0);
            }
            let text = String::from_utf8(payload).unwrap();
            assert!(text.chars().count() < text.len());
            assert_eq!(
                *decoded,
                json!({
                    "fin": header.fin,
                    "opcode": header.opcode.nibble(),
                    "masked": header.masking_key.is_some(),
                    "length": text.len(),
                    "text": text,
                })
            );
        }
    }
}
