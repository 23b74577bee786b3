//! Broken input: where decoding stops, and what it says. And properties of all possible bytes.

use crate::fuzzing::message;
use decode::{Context, Format, decode};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

fn stopped(bytes: &[u8], format: Format) -> (usize, String) {
    let binary = std::str::from_utf8(bytes).is_err();
    let decoded = decode(bytes, &Context { binary, chosen: Some(format), ..Context::default() });
    let stopped = decoded.stopped.expect("where it stopped");
    (stopped.offset, stopped.reason)
}

#[track_caller]
fn check(bytes: &[u8], format: Format, offset: usize, reason: &str) {
    assert_eq!(stopped(bytes, format), (offset, reason.to_owned()));
}

#[test]
fn json() {
    check(br#"{"a":1,}"#, Format::Json, 7, "A key in double quotes is expected, but `}` was found.");
    check(br#"{"a" 1}"#, Format::Json, 5, "`:` is expected after the key, but `1` was found.");
    check(br#"{"a":1 "b":2}"#, Format::Json, 7, "`,` or `}` is expected, but `\"` was found.");
    check(br#"[1,2"#, Format::Json, 4, "The message ends inside a JSON array.");
    check(br#"{"a":"b"#, Format::Json, 7, "The message ends inside a JSON string.");
    check(br#"{"a":tru"#, Format::Json, 8, "The message ends inside `true`.");
    check(br#"[01]"#, Format::Json, 1, "`01` is not a number in JSON.");
    check(br#"{} x"#, Format::Json, 3, "The JSON value is complete, but `x` follows.");
    check(br#"["\x"]"#, Format::Json, 2, "A string contains an escape that JSON does not have.");
    check(b"", Format::Json, 0, "The message ends inside the JSON text: a value is missing.");
}

#[test]
fn what_was_decoded_before_stays() {
    let text = br#"{"type":"chat","id":7,"list":[1,{"deep":true},"#;
    let decoded = decode(text, &Context::default());
    assert_eq!(decoded.format, Format::Json);
    assert_eq!(decoded.summary, "type `chat`, id 7");
    let deep = decoded.root.get("list").and_then(|list| list.get("1")).and_then(|item| item.get("deep"));
    assert_eq!(deep.map(|deep| deep.span.clone()), Some(Some(40..44)));
}

#[test]
fn binary_values() {
    check(
        &[0x81, 0xA1, b'a'],
        Format::MessagePack,
        3,
        "The message ends inside the MessagePack data: a value is missing.",
    );
    check(&[0x93, 1, 0xC1], Format::MessagePack, 2, "MessagePack never uses the byte 0xc1.");
    check(
        &[0xDD, 0xFF, 0xFF, 0xFF, 0xFF],
        Format::MessagePack,
        5,
        "The message ends inside the MessagePack data: a value is missing.",
    );
    check(
        &[0xC6, 0xFF, 0, 0, 0, 1],
        Format::MessagePack,
        6,
        "The message ends inside binary data: 4278190080 bytes announced, 4278190079 missing.",
    );
    check(
        &[0xA1, 0x61, b'a'],
        Format::Cbor,
        3,
        "The message ends inside the CBOR data: a data item is missing or incomplete.",
    );
    check(&[0x82, 0x01, 0xFF], Format::Cbor, 2, "A break (0xff) without a data item of indefinite length before it.");
    check(&[0x80, 0x00], Format::Cbor, 1, "The CBOR data item is complete, but 1 more bytes follow.");
    check(&[0x0A, 0x05, b'a'], Format::Protobuf, 3, "The message ends inside field 1: 5 bytes announced, 4 missing.");
    check(&[0x08, 0x01, 0x07], Format::Protobuf, 2, "Wire type 7 does not exist.");
    check(&[0x00, 0x01], Format::Protobuf, 0, "0 is not a number that a field can have: they are 1 to 536870911.");
}

#[test]
fn protocols() {
    check(b"42[\"chat\"", Format::SocketIo, 9, "The message ends inside a JSON array.");
    check(
        b"9",
        Format::SocketIo,
        0,
        "The type of an Engine.IO packet is a digit from 0 to 6, but the byte 0x39 was found.",
    );
    check(
        b"SEND\ndestination:/a\n\nhi",
        Format::Stomp,
        23,
        "The message ends inside a frame: its end, the byte 0, is missing.",
    );
    check(b"SEND\nnothing\n\n\0", Format::Stomp, 5, "A header has no colon.");
    check(
        &[0x30, 0x0A, 0x00, 0x04, b't'],
        Format::Mqtt,
        5,
        "The message ends inside topic: 4 bytes announced, 3 missing.",
    );
    check(&[0x62, 0x01, 0x00], Format::Mqtt, 3, "The message ends inside packet id: 2 bytes announced, 1 missing.");
    check(
        &[0x30, 0x03, 0x00, 0x04, b't', b'x'],
        Format::Mqtt,
        5,
        "The announced length ends inside topic: 4 bytes announced, 3 missing.",
    );
    check(b"{}", Format::Wamp, 0, "A WAMP message is a list that begins with the number of its type.");
    check(
        b"{\"type\":6}",
        Format::SignalR,
        10,
        "The message ends inside a message: its end, the byte 0x1e, is missing.",
    );
    check(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Format::Compressed, 10, "The message ends inside the compressed data.");
}

#[test]
fn a_part_of_a_longer_message_is_said_to_be_one() {
    let decoded = decode(br#"{"a":[1,2"#, &Context { cut: true, ..Context::default() });
    assert_eq!(
        decoded.stopped.map(|stopped| stopped.reason),
        Some("Only the first part of this message was recorded.".into())
    );
}

#[test]
fn plain_text_and_bytes_have_no_summary() {
    let text = decode(b"hello", &Context::default());
    assert_eq!((text.format, text.summary.as_str()), (Format::Text, ""));
    let bytes = decode(&[0, 1, 2, 255, 254], &Context { binary: true, ..Context::default() });
    assert_eq!((bytes.format, bytes.summary.as_str()), (Format::Bytes, ""));
}

/// The seeds of `fuzz/`: the first inputs of its target, and inputs that failed once.
#[test]
fn seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/message");
    let files: Vec<_> =
        fs::read_dir(&folder).expect("a folder of seeds").map(|file| file.expect("a file").path()).collect();
    assert!(!files.is_empty());
    for path in files {
        // The output of a failed test shows this.
        eprintln!("{}", path.display());
        message(&fs::read(&path).expect("a file that can be read"));
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        every_format(&bytes);
    }

    #[test]
    fn any_text_of_the_characters_that_matter(text in r#"[\[\]{}",:0-9a-z\\\n\x00\x1e-]{0,80}"#) {
        every_format(text.as_bytes());
    }

    #[test]
    fn any_bytes_after_a_first_one(first: u8, second in 0_u8..12, rest in proptest::collection::vec(0_u8..16, 0..60)) {
        every_format(&[&[first, second][..], &rest].concat());
    }
}

fn every_format(bytes: &[u8]) {
    for choice in 0..=Format::ALL.len() as u8 {
        message(&[&[choice][..], bytes].concat());
    }
}
