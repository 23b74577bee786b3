//! RFC 6455 §5.4, §5.5, §7, §8.1 and §10.4: what an endpoint makes of the bytes it gets.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use support::hex;
use wire::Sender;
use wire::close::{CloseCode, ClosePayload};
use wire::endpoint::{Answer, Endpoint, Limits, Received};
use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::message::{MessageKind, MessagePosition};
use wire::opcode::Opcode;
use wire::violation::Violation;

const LIMITS: Limits = Limits { frame: 1 << 20, message: 1 << 20 };

/// The frames that an endpoint with a server for peer makes of `bytes`. Servers do not mask, so the bytes stay readable.
fn from_server(bytes: &str) -> (Endpoint, Vec<Received>) {
    receive(Endpoint::new(Sender::Server, LIMITS), bytes)
}

fn receive(mut endpoint: Endpoint, bytes: &str) -> (Endpoint, Vec<Received>) {
    let mut frames = Vec::new();
    endpoint.receive(&mut hex(bytes), &mut frames);
    (endpoint, frames)
}

fn violations(frames: &[Received]) -> Vec<Violation> {
    frames.iter().flat_map(|frame| frame.violations.clone()).collect()
}

/// A frame's message, fragment, kind and whether it is the last; as it reads in a table.
fn place(position: Option<MessagePosition>) -> Option<(u64, u32, MessageKind, bool)> {
    position.map(|at| (at.message, at.fragment, at.kind, at.last))
}

// Every rule

#[test]
fn every_broken_rule_is_named_with_its_section_and_code() {
    #[track_caller]
    fn check(peer: Sender, bytes: &str, expect: Violation, rule: &str, section: &str, code: CloseCode) {
        let limits = Limits { frame: 256, message: 300 };
        let (endpoint, frames) = receive(Endpoint::new(peer, limits), bytes);
        let last = frames.last().unwrap();
        assert_eq!(last.violations, std::slice::from_ref(&expect));
        assert!(frames[..frames.len() - 1].iter().all(|frame| frame.violations.is_empty()));
        assert_eq!(receive(endpoint.clone(), "8a 00").1, [], "{rule}: nothing counts any more");
        assert_eq!((expect.rule(), expect.section(), expect.close_code()), (rule, section, code));
        let Answer::Fail(Some(payload)) = endpoint.answer(last) else { panic!("{rule}: no failure") };
        let says = ClosePayload { code: Some(code), reason: expect.to_string() };
        assert_eq!(ClosePayload::parse(&payload), (says, None), "{rule}");
        assert!(payload.len() <= 125, "{rule}");
        // A check of the table itself: exhaustive, so that a new rule gets its line here.
        match expect {
            Violation::ReservedBits(_) | Violation::ReservedOpcode(_) | Violation::ControlFragmented => {}
            Violation::ControlTooLong(_) | Violation::LengthNotMinimal(_) | Violation::LengthTopBit => {}
            Violation::ClientFrameUnmasked | Violation::ServerFrameMasked | Violation::NothingToContinue => {}
            Violation::MessageStillOpen | Violation::InvalidUtf8 { .. } | Violation::ClosePayloadOneByte => {}
            Violation::CloseCodeNotAllowed(_) | Violation::CloseReasonNotUtf8 | Violation::AfterClose => {}
            Violation::FrameTooBig { .. } | Violation::MessageTooBig { .. } => {}
        }
    }
    use CloseCode as Code;
    use Sender::{Client, Server};
    let rsv = |rsv1, rsv2, rsv3| Violation::ReservedBits(Rsv { rsv1, rsv2, rsv3 });
    // §5.1
    check(Client, "81 00", Violation::ClientFrameUnmasked, "client-frame-unmasked", "5.1", Code::PROTOCOL_ERROR);
    check(Server, "81 80 00000000", Violation::ServerFrameMasked, "server-frame-masked", "5.1", Code::PROTOCOL_ERROR);
    // §5.2
    check(Server, "c1 00", rsv(true, false, false), "reserved-bits", "5.2", Code::PROTOCOL_ERROR);
    check(Server, "a1 00", rsv(false, true, false), "reserved-bits", "5.2", Code::PROTOCOL_ERROR);
    check(Server, "91 00", rsv(false, false, true), "reserved-bits", "5.2", Code::PROTOCOL_ERROR);
    check(Server, "f9 00", rsv(true, true, true), "reserved-bits", "5.2", Code::PROTOCOL_ERROR);
    for nibble in (0x3..=0x7).chain(0xb..=0xf) {
        let bytes = format!("8{nibble:x} 00");
        check(Server, &bytes, Violation::ReservedOpcode(nibble), "reserved-opcode", "5.2", Code::PROTOCOL_ERROR);
    }
    let wide = |bytes, form| Violation::LengthNotMinimal(PayloadLength { bytes, form });
    for (bytes, length, form) in [
        ("82 7e 0000", 0, LengthForm::Bits16),
        ("82 7e 007d", 125, LengthForm::Bits16),
        ("82 7f 0000000000000000", 0, LengthForm::Bits64),
        ("82 7f 000000000000007e", 126, LengthForm::Bits64),
    ] {
        check(Server, bytes, wide(length, form), "length-not-minimal", "5.2", Code::PROTOCOL_ERROR);
    }
    // §5.4
    check(Server, "80 00", Violation::NothingToContinue, "nothing-to-continue", "5.4", Code::PROTOCOL_ERROR);
    check(Server, "00 00", Violation::NothingToContinue, "nothing-to-continue", "5.4", Code::PROTOCOL_ERROR);
    check(Server, "81 00 80 00", Violation::NothingToContinue, "nothing-to-continue", "5.4", Code::PROTOCOL_ERROR);
    check(Server, "01 00 81 00", Violation::MessageStillOpen, "message-still-open", "5.4", Code::PROTOCOL_ERROR);
    check(Server, "02 00 89 00 02 00", Violation::MessageStillOpen, "message-still-open", "5.4", Code::PROTOCOL_ERROR);
    // §5.5
    check(Server, "09 00", Violation::ControlFragmented, "control-fragmented", "5.5", Code::PROTOCOL_ERROR);
    check(Server, "08 00", Violation::ControlFragmented, "control-fragmented", "5.5", Code::PROTOCOL_ERROR);
    check(Server, "8a 7e 007e", Violation::ControlTooLong(126), "control-too-long", "5.5", Code::PROTOCOL_ERROR);
    // §5.5.1
    check(Server, "88 01 03", Violation::ClosePayloadOneByte, "close-payload-one-byte", "5.5.1", Code::PROTOCOL_ERROR);
    check(Server, "88 03 03e8 ff", Violation::CloseReasonNotUtf8, "close-reason-not-utf8", "5.5.1", Code::INVALID_DATA);
    check(Server, "88 00 81 00", Violation::AfterClose, "after-close", "5.5.1", Code::PROTOCOL_ERROR);
    check(Server, "88 00 8a 00 82 00", Violation::AfterClose, "after-close", "5.5.1", Code::PROTOCOL_ERROR);
    check(Server, "01 00 88 00 80 00", Violation::AfterClose, "after-close", "5.5.1", Code::PROTOCOL_ERROR);
    // §7.4
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let not_allowed = Violation::CloseCodeNotAllowed(CloseCode(code));
        check(Server, &format!("88 02 {code:04x}"), not_allowed, "close-code-not-allowed", "7.4", Code::PROTOCOL_ERROR);
    }
    // §8.1
    let utf8 = |offset| Violation::InvalidUtf8 { offset };
    check(Server, "81 03 41 ff 41", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "81 02 e2 82", utf8(0), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "01 02 41 e2 89 00 80 02 82 41", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "01 02 41 e2 80 00", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    // §10.4
    let frame = |bytes| Violation::FrameTooBig { bytes, limit: 256 };
    let message = |bytes| Violation::MessageTooBig { bytes, limit: 300 };
    check(Server, "82 7e 0101", frame(257), "frame-too-big", "10.4", Code::TOO_BIG);
    let fragments = format!("02 7e 0100 {} 80 2d", "00".repeat(256));
    check(Server, &fragments, message(301), "message-too-big", "10.4", Code::TOO_BIG);
}

#[test]
fn a_length_with_its_highest_bit_set_breaks_two_rules() {
    let (endpoint, frames) = from_server("82 7f 8000000000000000");
    let [frame] = &frames[..] else { panic!("{frames:?}") };
    let too_big = |bytes, limit| [Violation::FrameTooBig { bytes, limit }, Violation::MessageTooBig { bytes, limit }];
    assert_eq!(frame.violations, [&[Violation::LengthTopBit][..], &too_big(1 << 63, 1 << 20)].concat());
    assert_eq!(Violation::LengthTopBit.section(), "5.2");
    assert_eq!(Violation::LengthTopBit.rule(), "length-top-bit");
    let Answer::Fail(Some(payload)) = endpoint.answer(frame) else { panic!() };
    assert_eq!(ClosePayload::parse(&payload).0.code, Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn one_frame_can_break_many_rules_and_the_first_is_answered() {
    // FIN 0, all reserved bits, opcode 0xF, unmasked, 126 bytes said in 64 bits.
    let (endpoint, frames) = receive(Endpoint::new(Sender::Client, LIMITS), "7f 7f 000000000000007e 4142");
    let [frame] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(
        frame.violations,
        [
            Violation::ReservedBits(Rsv { rsv1: true, rsv2: true, rsv3: true }),
            Violation::ReservedOpcode(0xf),
            Violation::ClientFrameUnmasked,
            Violation::LengthNotMinimal(PayloadLength { bytes: 126, form: LengthForm::Bits64 }),
            Violation::ControlFragmented,
            Violation::ControlTooLong(126),
        ]
    );
    // Dissected all the same, as far as it has come.
    assert_eq!((&frame.payload[..], frame.whole, frame.position), (&b"AB"[..], false, None));
    let Answer::Fail(Some(payload)) = endpoint.answer(frame) else { panic!() };
    let reason = "RSV1 and RSV2 and RSV3 set, but no extension that gives them a meaning was agreed on";
    assert_eq!(ClosePayload::parse(&payload).0.reason, reason);
}

#[test]
fn the_longest_explanation_fits_a_close_frame() {
    let limit = u64::MAX - 1;
    let length = PayloadLength { bytes: u64::MAX, form: LengthForm::Bits16 };
    for violation in [
        Violation::FrameTooBig { bytes: u64::MAX, limit },
        Violation::MessageTooBig { bytes: u64::MAX, limit },
        Violation::ControlTooLong(u64::MAX),
        Violation::LengthNotMinimal(length),
        Violation::InvalidUtf8 { offset: u64::MAX },
        Violation::CloseCodeNotAllowed(CloseCode(1015)),
    ] {
        assert!(violation.to_string().len() <= 123, "{violation}");
    }
}

#[test]
fn whatever_follows_a_violation_is_ignored() {
    let (endpoint, frames) = from_server("81 01 41 83 00 81 01 42");
    assert_eq!(frames.len(), 2);
    let (mut endpoint, more) = receive(endpoint, "81 01 43 81 02 44");
    assert_eq!((more, endpoint.cut_off()), (vec![], None));
}

#[test]
fn invalid_text_is_found_before_its_frame_has_ended() {
    let (mut endpoint, frames) = from_server("81 7e ffff 41 f4 90");
    let [frame] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(frame.violations, [Violation::InvalidUtf8 { offset: 1 }]);
    assert_eq!((&frame.payload[..], frame.whole), (&hex("41 f4 90")[..], false));
    assert_eq!(endpoint.cut_off(), None, "it was given up, and has been handed over");
    // Until that last byte it may still become right.
    assert_eq!(from_server("81 7e ffff 41 f4").1, []);
}

#[test]
fn binary_messages_may_carry_any_bytes() {
    let (_, frames) = from_server("82 03 c0 ff ed 02 01 c0 80 01 ff");
    assert_eq!(violations(&frames), []);
}

// §5.4

#[test]
fn fragments_make_messages_with_control_frames_between() {
    #[track_caller]
    fn check(bytes: &str, expect: &[Option<(u64, u32, MessageKind, bool)>]) {
        let (_, frames) = from_server(bytes);
        assert_eq!(frames.iter().map(|frame| place(frame.position)).collect::<Vec<_>>(), expect);
        assert!(frames.iter().all(|frame| frame.whole));
        assert_eq!(violations(&frames), []);
    }
    use MessageKind::{Binary, Text};
    check("81 00 82 00", &[Some((1, 1, Text, true)), Some((2, 1, Binary, true))]);
    check("01 01 41 80 01 42", &[Some((1, 1, Text, false)), Some((1, 2, Text, true))]);
    check(
        "02 00 89 00 00 00 8a 00 00 00 80 00 81 00",
        &[
            Some((1, 1, Binary, false)),
            None,
            Some((1, 2, Binary, false)),
            None,
            Some((1, 3, Binary, false)),
            Some((1, 4, Binary, true)),
            Some((2, 1, Text, true)),
        ],
    );
    // A character may be cut by fragments, with a control frame of other bytes in between.
    check(
        "01 01 e2 89 02 ffff 00 01 82 80 01 ac",
        &[Some((1, 1, Text, false)), None, Some((1, 2, Text, false)), Some((1, 3, Text, true))],
    );
    // A close frame may come inside a message.
    check("01 01 41 88 00", &[Some((1, 1, Text, false)), None]);
}

#[test]
fn a_frame_out_of_order_has_no_place() {
    let (_, frames) = from_server("01 00 82 01 42");
    assert_eq!(frames[1].violations, [Violation::MessageStillOpen]);
    assert_eq!((frames[1].position, frames[1].whole, &frames[1].payload[..]), (None, true, &b"B"[..]));
}

// §5.5 and §7: answers

#[test]
fn the_protocol_demands_these_answers() {
    #[track_caller]
    fn check(bytes: &str, expect: Answer) {
        let (endpoint, frames) = from_server(bytes);
        assert_eq!(endpoint.answer(frames.last().unwrap()), expect);
    }
    check("81 01 41", Answer::None);
    check("01 01 41", Answer::None);
    check("89 00", Answer::Pong);
    check("89 01 41", Answer::Pong);
    check("8a 01 41", Answer::None);
    // §5.5.1: the same code back; nothing for nothing.
    check("88 00", Answer::Close(vec![]));
    check("88 02 03e8", Answer::Close(hex("03e8")));
    check("88 05 03e9 627965", Answer::Close(hex("03e9")));
    check("88 02 1387", Answer::Close(hex("1387")));
    // §5.5.2: no pong once a close frame has come.
    check("88 00 89 00", Answer::None);
}

#[test]
fn a_ping_ahead_of_a_close_in_one_read_is_answered() {
    let (endpoint, frames) = from_server("89 01 41 88 02 03e8");
    let answers: Vec<_> = frames.iter().map(|frame| endpoint.answer(frame)).collect();
    assert_eq!(answers, [Answer::Pong, Answer::Close(hex("03e8"))]);
    assert_eq!(frames.iter().map(|frame| frame.after_close).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn a_control_frame_after_a_close_is_right_and_means_nothing() {
    // A pong may cross with its sender's own close frame, §5.5.1 forbids data only.
    let (_, frames) = from_server("88 02 03e8 8a 01 41 89 00");
    assert_eq!(violations(&frames), []);
    assert_eq!(frames.iter().map(|frame| frame.after_close).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn a_close_frame_is_answered_once_and_its_answer_is_not() {
    let mut endpoint = Endpoint::new(Sender::Server, LIMITS);
    let mut out = Vec::new();
    assert!(!endpoint.sent_close());
    endpoint.send(&FrameHeader::unmasked(true, Opcode::Close, 2), &hex("03e8"), &mut out);
    assert_eq!(out, hex("88 02 03e8"));
    assert!(endpoint.sent_close());
    let (endpoint, frames) = receive(endpoint, "81 01 41 88 02 03e8");
    // Data may come until the peer's close frame does.
    assert_eq!(violations(&frames), []);
    assert_eq!(frames.iter().map(|frame| endpoint.answer(frame)).collect::<Vec<_>>(), [Answer::None, Answer::None]);
}

#[test]
fn an_endpoint_that_has_sent_a_close_frame_fails_without_another() {
    let mut endpoint = Endpoint::new(Sender::Server, LIMITS);
    endpoint.send(&FrameHeader::unmasked(true, Opcode::Close, 0), &[], &mut Vec::new());
    let (endpoint, frames) = receive(endpoint, "83 00");
    assert_eq!(endpoint.answer(&frames[0]), Answer::Fail(None));
}

#[test]
fn a_close_frame_that_its_header_condemns_is_no_goodbye() {
    let (_, frames) = receive(Endpoint::new(Sender::Client, LIMITS), "88 02 03ed");
    // Dissected, but judged by its header alone: cut after it, nothing else would be here.
    assert_eq!(frames[0].violations, [Violation::ClientFrameUnmasked]);
    assert_eq!(frames[0].close.as_ref().unwrap().code, Some(CloseCode::NO_STATUS));
}

#[test]
fn a_frame_that_the_line_ended_in_is_handed_over_as_far_as_it_came() {
    #[track_caller]
    fn check(peer: Sender, bytes: &str, expect: Option<(Opcode, u64, &[u8])>) {
        let (mut endpoint, frames) = receive(Endpoint::new(peer, LIMITS), bytes);
        assert_eq!(violations(&frames), []);
        let cut = endpoint.cut_off();
        let seen = cut.as_ref().map(|frame| (frame.header.opcode, frame.header.length.bytes, &frame.payload[..]));
        assert_eq!(seen, expect, "{bytes}");
        assert!(cut.is_none_or(|frame| !frame.whole && frame.violations.is_empty() && frame.close.is_none()));
        assert_eq!(endpoint.cut_off(), None, "it is taken once");
    }
    use Sender::{Client, Server};
    check(Server, "", None);
    check(Server, "81 05 48656c6c6f", None);
    check(Server, "81 05 48656c", Some((Opcode::Text, 5, b"Hel")));
    check(Client, "81 85 37fa213d 7f9f", Some((Opcode::Text, 5, b"He")));
    check(Server, "01 01 41 80 02 42", Some((Opcode::Continuation, 2, b"B")));
    check(Server, "82 7f 0000000000100000", Some((Opcode::Binary, 1 << 20, b"")));
    check(Server, "88 02 03", Some((Opcode::Close, 2, b"\x03")));
    // Half a character is no violation: what makes it whole might have come.
    check(Server, "81 03 e282", Some((Opcode::Text, 3, b"\xe2\x82")));
    // Inside a header there is no frame yet.
    check(Server, "81", None);
    check(Client, "81 85 37fa21", None);
    // After the goodbye nothing is missed.
    check(Server, "88 00 8a 02 41", None);
}

#[test]
fn what_is_sent_has_its_place_too() {
    let mut endpoint = Endpoint::new(Sender::Client, LIMITS);
    let mut out = Vec::new();
    let mut send = |fin, opcode, payload: &[u8]| {
        place(endpoint.send(&FrameHeader::unmasked(fin, opcode, payload.len() as u64), payload, &mut out))
    };
    assert_eq!(send(false, Opcode::Text, b"Hel"), Some((1, 1, MessageKind::Text, false)));
    assert_eq!(send(true, Opcode::Ping, b""), None);
    assert_eq!(send(true, Opcode::Continuation, b"lo"), Some((1, 2, MessageKind::Text, true)));
    // The lab may break the order.
    assert_eq!(send(true, Opcode::Continuation, b""), None);
    assert_eq!(send(true, Opcode::Binary, b"!"), Some((2, 1, MessageKind::Binary, true)));
    assert_eq!(out, hex("01 03 48656c 89 00 80 02 6c6f 80 00 82 01 21"));
}

// §10.4

#[test]
fn limits_are_inclusive() {
    #[track_caller]
    fn check(limits: Limits, bytes: &str, expect: &[Violation]) {
        let (_, frames) = receive(Endpoint::new(Sender::Server, limits), bytes);
        assert_eq!(violations(&frames), expect);
    }
    let frame = Limits { frame: 5, message: 100 };
    check(frame, "82 05 0000000000", &[]);
    check(frame, "82 06", &[Violation::FrameTooBig { bytes: 6, limit: 5 }]);
    check(frame, "89 06", &[Violation::FrameTooBig { bytes: 6, limit: 5 }]);
    check(frame, "02 05 0000000000 00 05 0000000000 80 05 0000000000", &[]);
    let message = Limits { frame: 100, message: 5 };
    check(message, "82 05 0000000000", &[]);
    check(message, "82 06", &[Violation::MessageTooBig { bytes: 6, limit: 5 }]);
    check(message, "02 03 000000 80 02 0000", &[]);
    check(message, "02 03 000000 80 03", &[Violation::MessageTooBig { bytes: 6, limit: 5 }]);
    // Control frames do not count, and each message counts from nothing.
    check(message, "02 03 000000 89 06 000000000000 80 02 0000 82 05 0000000000", &[]);
    // Lengths add up past any limit without overflow.
    let none = Limits { frame: u64::MAX, message: u64::MAX };
    check(none, "02 01 00 80 7f 7fffffffffffffff", &[]);
    check(
        Limits { frame: u64::MAX, message: 5 },
        "02 05 0000000000 80 7f 7fffffffffffffff",
        &[Violation::MessageTooBig { bytes: (u64::MAX >> 1) + 5, limit: 5 }],
    );
}
