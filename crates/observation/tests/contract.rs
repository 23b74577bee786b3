//! Reading and writing the types of the contract, beyond the examples in golden/.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use observation::event::Cause;
use observation::page::Fingerprint;
use observation::{
    ConnectionNumber, Event, FeedMessage, Frame, Gap, Inflated, Observation, Opening, Party, Seq, SessionId,
};
use wire::Sender;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

fn observation(event: Event) -> Observation {
    Observation { seq: Seq(1), at_us: 0, connection: ConnectionNumber(1), event }
}

#[track_caller]
fn reads_back(observation: &Observation) {
    let message = FeedMessage::Observations(vec![observation.clone()]);
    assert_eq!(FeedMessage::from_json(&message.to_json()).expect("it reads back"), message);
}

// Sessions

#[test]
fn a_session_id_is_26_characters_of_base32() {
    #[track_caller]
    fn check(name: &str, expect: bool) {
        assert_eq!(SessionId::parse(name).is_some(), expect, "{name}");
        let json = serde_json::to_string(name).expect("a string");
        let read = serde_json::from_str::<SessionId>(&json).ok();
        assert_eq!(read, SessionId::parse(name), "JSON takes what `parse` takes");
    }
    check("abcdefghijklmnopqrstuvwxya", true);
    check("234567234567234567234567aa", true);
    check("", false);
    check("abcdefghijklmnopqrstuvwxy", false);
    check("abcdefghijklmnopqrstuvwxyaa", false);
    check("Abcdefghijklmnopqrstuvwxya", false);
    for wrong in ["0", "1", "8", "9", "=", "/", ".", " ", "-", "\0"] {
        check(&format!("{wrong}bcdefghijklmnopqrstuvwxya"), false);
    }
    check("\u{e9}bcdefghijklmnopqrstuvwxy", false); // 26 bytes, 25 characters
}

#[test]
fn a_watch_only_name_is_recognized() {
    let bits = [0xA5; 16];
    let (full, watch) = (SessionId::from_random(bits), SessionId::watch_only(bits));
    assert_eq!(watch.as_str(), format!("watch-{full}"));
    assert_eq!(SessionId::parse(watch.as_str()), Some(watch.clone()));
    assert!(watch.is_watch_only() && !full.is_watch_only());
    for wrong in [format!("watch-watch-{full}"), format!("watch{full}"), format!("Watch-{full}"), "watch-".to_owned()] {
        assert_eq!(SessionId::parse(&wrong), None, "{wrong}");
    }
}

#[test]
fn session_ids_from_random_bits_parse_back() {
    #[track_caller]
    fn check(bits: [u8; 16], expect: &str) {
        let id = SessionId::from_random(bits);
        assert_eq!((id.as_str(), id.to_string().as_str()), (expect, expect));
        assert_eq!(SessionId::parse(expect), Some(id.clone()));
        assert_eq!(serde_json::to_value(&id).expect("a string"), serde_json::Value::from(expect));
    }
    check([0; 16], "aaaaaaaaaaaaaaaaaaaaaaaaaa");
    check([0xff; 16], "77777777777777777777777774");
    check(*b"sixteen bits * 8", "onuxq5dfmvxcaytjorzsakraha");
}

// Bytes

#[test]
fn handshake_texts_keep_every_byte() {
    let all: Vec<u8> = (0..=255).collect();
    let reversed: Vec<u8> = (0..=255).rev().collect();
    let opening = Opening { request: all, response: reversed, ..Opening::default() };
    reads_back(&observation(Event::Opening(opening)));
    let json = r#"{"request": "GET é\r\n", "response": "\u0000ÿ", "subprotocol": null, "offers": [], "deflate": null,
        "requested_us": 0, "deliberate": []}"#;
    let read: Opening = serde_json::from_str(json).expect("one byte each");
    assert_eq!((&read.request[..], &read.response[..]), (&b"GET \xe9\r\n"[..], &b"\0\xff"[..]));
    let past = serde_json::from_str::<Opening>(&json.replace('é', "€")).expect_err("no byte");
    assert!(past.to_string().contains("U+00FF"), "{past}");
}

#[test]
fn frames_keep_every_bit() {
    for nibble in 0..16 {
        for key in [None, Some(MaskingKey([0, 1, 0xfe, 0xff]))] {
            for bytes in [0, 125, 126, 0xffff, 0x1_0000, u64::MAX] {
                let mut header = FrameHeader::unmasked(nibble % 2 == 0, Opcode::from_nibble(nibble), bytes);
                header.masking_key = key;
                header.rsv.rsv1 = nibble & 2 != 0;
                header.rsv.rsv2 = nibble & 4 != 0;
                header.rsv.rsv3 = nibble & 8 != 0;
                let frame = Frame::new(Sender::Client, &header, (0..=255).collect(), 256);
                assert_eq!(frame.parsed_header(), Some(header));
                assert_eq!((frame.opcode(), frame.length, frame.masked), (header.opcode, bytes, key.is_some()));
                assert_eq!((frame.rsv1, frame.rsv2, frame.rsv3), (header.rsv.rsv1, header.rsv.rsv2, header.rsv.rsv3));
                assert_eq!(frame.wire_bytes(), header.len() as u64 + 256);
                reads_back(&observation(Event::Frame(frame)));
            }
        }
    }
}

#[test]
fn malformed_bytes_are_refused() {
    #[track_caller]
    fn check(field: &str, wrong: serde_json::Value) {
        let header =
            FrameHeader { masking_key: Some(MaskingKey([1; 4])), ..FrameHeader::unmasked(true, Opcode::Text, 1) };
        let mut json = serde_json::to_value(Frame::new(Sender::Client, &header, vec![0], 1)).expect("JSON");
        json[field] = wrong;
        assert!(serde_json::from_value::<Frame>(json).is_err(), "{field}");
    }
    check("header", "8".into());
    check("header", "8x".into());
    check("masking_key", "010101".into());
    check("masking_key", "0101010101".into());
    check("payload", "AA".into());
    check("payload", "A_==".into());
    check("payload_bytes", (-1).into());
}

#[test]
fn a_payload_is_kept_masked_and_shown_unmasked() {
    // RFC 6455 §5.7
    let key = MaskingKey([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, 5) };
    let frame = Frame::new(Sender::Client, &header, vec![0x7f, 0x9f, 0x4d, 0x51, 0x58], 5);
    assert_eq!((frame.unmasked_payload(), frame.truncated()), (b"Hello".to_vec(), false));
    assert_eq!((frame.from, frame.masking_key), (Party::Client, Some(key.0)));
    let front = Frame::new(Sender::Client, &header, vec![0x7f, 0x9f], 5);
    assert_eq!((front.unmasked_payload(), front.truncated()), (b"He".to_vec(), true));
    assert_eq!(front.wire_bytes(), 11, "what crossed the wire, not what was kept");
    let unmasked = FrameHeader::unmasked(true, Opcode::Text, 2);
    assert_eq!(Frame::new(Sender::Server, &unmasked, b"hi".to_vec(), 2).unmasked_payload(), b"hi");
}

/// RFC 7692 §7.2.3.1
#[test]
fn the_content_of_a_compressed_payload_is_what_it_inflates_to() {
    let key = MaskingKey([0x37, 0xfa, 0x21, 0x3d]);
    let mut header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, 7) };
    header.rsv.rsv1 = true;
    let deflated = vec![0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut masked = deflated.clone();
    key.apply(&mut masked, 0);
    let plain = Frame::new(Sender::Client, &header, masked, 7);
    assert_eq!((plain.content(), plain.content_bytes()), (deflated.clone(), 7), "as it is, unless it is inflated");
    let inflated = Some(Inflated { payload: b"Hel".to_vec(), bytes: 5 });
    let frame = Frame { inflated, ..plain };
    assert_eq!((frame.content(), frame.content_bytes()), (b"Hel".to_vec(), 5), "its front, and how much there was");
    assert_eq!((frame.unmasked_payload(), frame.wire_bytes()), (deflated, 13));
    assert!(frame.content_truncated() && !frame.truncated());
    // A fragment may contain nothing that can be inflated yet.
    let inside = Frame { inflated: Some(Inflated::default()), ..frame };
    assert_eq!((inside.content(), inside.content_bytes()), (Vec::new(), 0));
    reads_back(&observation(Event::Frame(inside)));
}

// The feed

#[test]
fn messages_of_other_versions_are_refused() {
    #[track_caller]
    fn check(text: &str) {
        assert!(FeedMessage::from_json(text).is_err(), "{text}");
    }
    check("");
    check("{}");
    check(r#"{"later": {}}"#);
    check(r#"{"gap": {"from": 1}}"#);
    check(r#"{"observations": [{"seq": 1, "at_us": 0, "connection": 1, "event": {"later": {}}}]}"#);
    let gap = FeedMessage::Gap(Gap { from: Seq(1), to: Seq(2) });
    // Additional fields are ignored.
    assert_eq!(FeedMessage::from_json(r#"{"gap": {"from": 1, "to": 2, "more": 3}}"#).expect("a gap"), gap);
}

#[test]
fn shared_and_owned_observations_serialize_the_same() {
    let one = observation(Event::Opening(Opening::default()));
    let shared = FeedMessage::Observations(vec![&one]);
    assert_eq!(shared.to_json(), FeedMessage::Observations(vec![one.clone()]).to_json());
}

#[test]
fn a_leap_is_no_count_of_missing_observations() {
    #[track_caller]
    fn check(from: u64, to: u64, is_leap: bool, missing: Option<u64>) {
        let gap = Gap { from: Seq(from), to: Seq(to) };
        assert_eq!((gap.is_leap(), gap.missing()), (is_leap, missing), "{from} to {to}");
    }
    let leap = Gap::LEAP;
    check(1, 1, false, Some(1));
    check(17, 240, false, Some(224));
    check(241, leap - 1, true, None);
    check(leap - 1, leap - 1, true, None);
    check(leap + 7, 3 * leap - 1, true, None);
    // A log that was trimmed after a leap.
    check(241, leap + 99, false, None);
    check(leap, leap + 99, false, Some(100));
    // Anything may arrive as JSON.
    check(0, u64::MAX, true, None);
    check(9, 8, false, Some(1));
}

#[test]
fn causes_are_named_in_kebab_case() {
    let causes = [Cause::ClosingHandshake, Cause::TooBig, Cause::NoCloseAnswer, Cause::Reset, Cause::RelayLost];
    let names = causes.map(|cause| serde_json::json!(cause));
    assert_eq!(names, ["closing-handshake", "too-big", "no-close-answer", "reset", "relay-lost"]);
    for name in names {
        let cause: Cause = serde_json::from_value(name.clone()).expect("a cause");
        assert_eq!(serde_json::json!(cause), name);
    }
    let unknown = serde_json::from_str::<Cause>("\"bored\"").expect_err("no cause").to_string();
    assert!(unknown.contains("`bored`") && unknown.contains("`other-leg`"), "{unknown}");
    assert!(serde_json::from_str::<Cause>("7").is_err());
}

// Fingerprints

#[test]
fn a_request_is_identified_by_target_origin_and_user_agent() {
    let print =
        Fingerprint { target: "/lab/x?y".to_owned(), origin: "http://a".to_owned(), user_agent: "B/1".to_owned() };
    let check = |request: &str, expect| assert_eq!(print.matches(request.as_bytes()), expect, "{request}");
    check("GET /lab/x?y HTTP/1.1\r\norigin: http://a\r\nUSER-AGENT: B/1\r\n\r\n", true);
    check("GET /lab/x HTTP/1.1\r\nOrigin: http://a\r\nUser-Agent: B/1\r\n\r\n", false);
    check("GET /lab/x?y HTTP/1.1\r\nOrigin: http://b\r\nUser-Agent: B/1\r\n\r\n", false);
    check("GET /lab/x?y HTTP/1.1\r\nOrigin: http://a\r\nUser-Agent: B/2\r\n\r\n", false);
    check("GET /lab/x?y HTTP/1.1\r\nUser-Agent: B/1\r\n\r\n", false);
    check("GET /lab/x?y HTTP/1.1\r\nOrigin: http://a\r\n", false);
    // HTTP/2 has the same fields.
    let fields = ":method: CONNECT\r\n:path: /lab/x?y\r\norigin: http://a\r\nuser-agent: B/1\r\n\r\n";
    check(fields, true);
    check(&fields.replace("x?y", "x"), false);
    check(&fields.replace("B/1", "B/2"), false);
    check(&fields.replace(":path", "path"), false);
    check("", false);
}
