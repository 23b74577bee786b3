//! Every rule that a frame can break, with its RFC, its section and the code to fail with.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::offers::agreed;
use crate::support::{Endpoint, LIMITS, from_server, receive};
use wire::Sender;
use wire::close::{CloseCode, ClosePayload};
use wire::header::{LengthForm, PayloadLength, Rsv};
use wire::incoming::Limits;
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::Answer;
use wire::violation::Violation;

#[test]
fn every_violation_has_its_section_and_code() {
    #[track_caller]
    fn check(peer: Sender, bytes: &str, expect: Violation, rule: &str, section: &str, code: CloseCode) {
        let limits = Limits { frame: 256, message: 300 };
        check_in(Endpoint::new(peer, limits), bytes, expect, rule, (6455, section), code);
    }
    /// On a connection with permessage-deflate.
    #[track_caller]
    fn check_deflate(bytes: &str, expect: Violation, rule: &str, section: &str, code: CloseCode) {
        let endpoint = Endpoint::new(Sender::Server, LIMITS).with_deflate(&agreed(""));
        check_in(endpoint, bytes, expect, rule, (7692, section), code);
    }
    #[track_caller]
    fn check_in(
        endpoint: Endpoint,
        bytes: &str,
        expect: Violation,
        rule: &str,
        (rfc, section): (u16, &str),
        code: CloseCode,
    ) {
        let (endpoint, frames) = receive(endpoint, bytes);
        let last = frames.last().unwrap();
        assert_eq!(last.violations, std::slice::from_ref(&expect));
        assert!(!last.is_valid() && frames[..frames.len() - 1].iter().all(|frame| frame.is_valid()));
        assert_eq!((expect.rule(), expect.rfc(), expect.section(), expect.close_code()), (rule, rfc, section, code));
        let Answer::Fail(Some(payload)) = endpoint.answer(last) else { panic!("{rule}: no failure") };
        let says = ClosePayload { code: Some(code), reason: expect.to_string() };
        assert_eq!(ClosePayload::parse(&payload), (says, None), "{rule}");
        assert!(payload.len() <= 125, "{rule}");
        assert_eq!(receive(endpoint, "8a 00").1, [], "{rule}: nothing counts any more");
        // This match is exhaustive, so a new rule needs a line in this table.
        match expect {
            Violation::ReservedBits(_) | Violation::ReservedOpcode(_) | Violation::ControlFragmented => {}
            Violation::ControlTooLong(_) | Violation::LengthNotMinimal(_) | Violation::LengthTopBit => {}
            Violation::ClientFrameUnmasked | Violation::ServerFrameMasked | Violation::NothingToContinue => {}
            Violation::MessageStillOpen | Violation::InvalidUtf8 { .. } | Violation::ClosePayloadOneByte => {}
            Violation::CloseCodeNotAllowed(_) | Violation::CloseReasonNotUtf8 | Violation::AfterClose => {}
            Violation::FrameTooBig { .. } | Violation::MessageTooBig { .. } => {}
            Violation::CompressedBitMisplaced(_) | Violation::BrokenDeflate | Violation::KindNotAccepted(_) => {}
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
    // §7.4.1, code 1003
    for (only, bytes, kind) in [
        (MessageKind::Text, "82 00", MessageKind::Binary),
        (MessageKind::Text, "81 01 41 89 00 02 01 ff", MessageKind::Binary),
        (MessageKind::Binary, "82 01 ff 01 01 41", MessageKind::Text),
    ] {
        let endpoint = Endpoint::new(Server, LIMITS).accepting(only);
        let not_accepted = Violation::KindNotAccepted(kind);
        check_in(endpoint, bytes, not_accepted, "kind-not-accepted", (6455, "7.4.1"), Code::UNSUPPORTED_DATA);
    }
    // §8.1
    let utf8 = |offset| Violation::InvalidUtf8 { offset };
    check(Server, "81 03 41 ff 41", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "81 02 e2 82", utf8(0), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "01 02 41 e2 89 00 80 02 82 41", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    check(Server, "01 02 41 e2 80 00", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    // Offsets count from the first byte of each message.
    check(Server, "81 03 41 41 41 81 02 41 ff", utf8(1), "invalid-utf8", "8.1", Code::INVALID_DATA);
    // §10.4
    let frame = |bytes| Violation::FrameTooBig { bytes, limit: 256 };
    let message = |bytes| Violation::MessageTooBig { bytes, limit: 300 };
    check(Server, "82 7e 0101", frame(257), "frame-too-big", "10.4", Code::TOO_BIG);
    let fragments = format!("02 7e 0100 {} 80 2d", "00".repeat(256));
    check(Server, &fragments, message(301), "message-too-big", "10.4", Code::TOO_BIG);
    // RFC 7692 §6.1
    let misplaced = Violation::CompressedBitMisplaced;
    for (bytes, opcode) in [
        ("c8 00", Opcode::Close),
        ("c9 00", Opcode::Ping),
        ("ca 00", Opcode::Pong),
        ("41 00 c0 00", Opcode::Continuation),
        ("01 00 40 00", Opcode::Continuation),
    ] {
        check_deflate(bytes, misplaced(opcode), "compressed-bit-misplaced", "6.1", Code::PROTOCOL_ERROR);
    }
    // RFC 7692 §7.2.2: a block of the reserved type.
    check_deflate("c1 01 07", Violation::BrokenDeflate, "broken-deflate", "7.2.2", Code::INVALID_DATA);
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
    // FIN 0, all reserved bits, opcode 0xF, unmasked, a length of 126 bytes in 64 bits.
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
    // The frame is still dissected, as far as it has arrived.
    assert_eq!((&frame.payload[..], frame.whole, frame.position), (&b"AB"[..], false, None));
    let Answer::Fail(Some(payload)) = endpoint.answer(frame) else { panic!() };
    let reason = "RSV1, RSV2 and RSV3 are set, but no negotiated extension defines them";
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
        Violation::CompressedBitMisplaced(Opcode::ReservedControl(0xf)),
        Violation::BrokenDeflate,
        Violation::KindNotAccepted(MessageKind::Binary),
    ] {
        assert!(violation.to_string().len() <= 123, "{violation}");
    }
}
