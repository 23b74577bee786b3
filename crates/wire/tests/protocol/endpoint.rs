//! RFC 6455 §5.4, §5.5, §7, §8.1 and §10.4: how an endpoint judges the bytes it receives, and how it answers.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::offers::agreed;
use crate::support::{Endpoint, LIMITS, from_server, hex, place, receive, violations};
use wire::Sender;
use wire::close::CloseCode;
use wire::encoder::encode;
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::Answer;
use wire::violation::Violation;

#[test]
fn everything_after_a_violation_is_ignored() {
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
    // Before that last byte, the text can still become valid.
    assert_eq!(from_server("81 7e ffff 41 f4").1, []);
}

#[test]
fn binary_messages_may_contain_any_bytes() {
    let (_, frames) = from_server("82 03 c0 ff ed 02 01 c0 80 01 ff");
    assert_eq!(violations(&frames), []);
}

/// §7.4.1, code 1003: the first frame determines the kind of a message.
#[test]
fn an_endpoint_may_accept_only_one_kind_of_message() {
    for (only, bytes) in [
        (MessageKind::Text, "01 01 41 89 01 ff 80 01 42 81 00 8a 00 88 00"),
        (MessageKind::Binary, "02 01 ff 89 01 ff 80 01 c0 82 00 8a 00 88 00"),
    ] {
        let endpoint = Endpoint::new(Sender::Server, LIMITS);
        let (_, frames) = receive(endpoint.accepting(only), bytes);
        assert_eq!((frames.len(), violations(&frames)), (6, vec![]));
    }
}

// §5.4

#[test]
fn messages_may_be_fragmented_around_control_frames() {
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
    // Fragments may split a character, with a control frame of other bytes in between.
    check(
        "01 01 e2 89 02 ffff 00 01 82 80 01 ac",
        &[Some((1, 1, Text, false)), None, Some((1, 2, Text, false)), Some((1, 3, Text, true))],
    );
    // A close frame may come between fragments.
    check("01 01 41 88 00", &[Some((1, 1, Text, false)), None]);
}

#[test]
fn a_frame_out_of_order_has_no_message_number() {
    let (_, frames) = from_server("01 00 82 01 42");
    assert_eq!(frames[1].violations, [Violation::MessageStillOpen]);
    assert_eq!((frames[1].position, frames[1].whole, &frames[1].payload[..]), (None, true, &b"B"[..]));
}

// §5.5 and §7: answers

#[test]
fn required_answers() {
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
    // §5.5.1: the answer has the same code, or none if there was none.
    check("88 00", Answer::Close(vec![]));
    check("88 02 03e8", Answer::Close(hex("03e8")));
    check("88 05 03e9 627965", Answer::Close(hex("03e9")));
    check("88 02 1387", Answer::Close(hex("1387")));
    // §5.5.2: no pong after a close frame.
    check("88 00 89 00", Answer::None);
}

#[test]
fn a_ping_before_a_close_in_the_same_read_is_answered() {
    let (endpoint, frames) = from_server("89 01 41 88 02 03e8");
    let answers: Vec<_> = frames.iter().map(|frame| endpoint.answer(frame)).collect();
    assert_eq!(answers, [Answer::Pong, Answer::Close(hex("03e8"))]);
    assert_eq!(frames.iter().map(|frame| frame.after_close).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn control_frames_after_a_close_are_valid_and_ignored() {
    // A pong may follow its sender's close frame: §5.5.1 forbids only data.
    let (_, frames) = from_server("88 02 03e8 8a 01 41 89 00");
    assert_eq!(violations(&frames), []);
    assert_eq!(frames.iter().map(|frame| frame.after_close).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn a_close_frame_is_answered_once_and_its_answer_is_not() {
    let mut endpoint = Endpoint::new(Sender::Server, LIMITS);
    let mut out = Vec::new();
    assert!(!endpoint.outgoing.sent_close());
    endpoint.send(&FrameHeader::unmasked(true, Opcode::Close, 2), &hex("03e8"), &mut out);
    assert_eq!(out, hex("88 02 03e8"));
    assert!(endpoint.outgoing.sent_close());
    let (endpoint, frames) = receive(endpoint, "81 01 41 88 02 03e8");
    // Data may arrive until the peer's close frame.
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
fn a_close_frame_with_an_invalid_header_does_not_close() {
    let (_, frames) = receive(Endpoint::new(Sender::Client, LIMITS), "88 02 03ed");
    // The frame is dissected, but judged only by its header. The result is the same if only the header has arrived.
    assert_eq!(frames[0].violations, [Violation::ClientFrameUnmasked]);
    assert_eq!(frames[0].close.as_ref().unwrap().code, Some(CloseCode::NO_STATUS));
    // A frame that is too long is also read, whether it arrived at once or in pieces.
    let too_long = [hex("88 7e 007e 03e8"), vec![b'a'; 124]].concat();
    for cut in [0, 3] {
        let mut endpoint = Endpoint::new(Sender::Server, LIMITS);
        let mut frames = Vec::new();
        let mut bytes = too_long.clone();
        let (front, rest) = bytes.split_at_mut(cut);
        endpoint.receive(front, &mut frames);
        endpoint.receive(rest, &mut frames);
        assert_eq!(frames[0].violations, [Violation::ControlTooLong(126)]);
        let close = frames[0].close.as_ref().unwrap();
        assert_eq!((close.code, close.reason.len()), (Some(CloseCode::NORMAL), 124));
    }
}

#[test]
fn a_truncated_last_frame_is_delivered_as_far_as_it_arrived() {
    #[track_caller]
    fn check(peer: Sender, bytes: &str, expect: Option<(Opcode, u64, &[u8])>) {
        let (mut endpoint, frames) = receive(Endpoint::new(peer, LIMITS), bytes);
        assert_eq!(violations(&frames), []);
        let cut = endpoint.cut_off();
        let seen = cut.as_ref().map(|frame| (frame.header.opcode, frame.header.length.bytes, &frame.payload[..]));
        assert_eq!(seen, expect, "{bytes}");
        assert!(cut.is_none_or(|frame| !frame.whole && frame.is_valid() && frame.close.is_none()));
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
    // Half a character is not a violation, because its rest could have arrived.
    check(Server, "81 03 e282", Some((Opcode::Text, 3, b"\xe2\x82")));
    // Inside a header, there is no frame yet.
    check(Server, "81", None);
    check(Client, "81 85 37fa21", None);
    // After the closing handshake, nothing is missing.
    check(Server, "88 00 8a 02 41", None);
}

#[test]
fn sent_frames_have_message_numbers_too() {
    let mut endpoint = Endpoint::new(Sender::Client, LIMITS);
    let mut out = Vec::new();
    let mut send = |fin, opcode, payload: &[u8]| {
        place(endpoint.send(&FrameHeader::unmasked(fin, opcode, payload.len() as u64), payload, &mut out))
    };
    assert_eq!(send(false, Opcode::Text, b"Hel"), Some((1, 1, MessageKind::Text, false)));
    assert_eq!(send(true, Opcode::Ping, b""), None);
    assert_eq!(send(true, Opcode::Continuation, b"lo"), Some((1, 2, MessageKind::Text, true)));
    // The lab may send frames out of order.
    assert_eq!(send(true, Opcode::Continuation, b""), None);
    assert_eq!(send(true, Opcode::Binary, b"!"), Some((2, 1, MessageKind::Binary, true)));
    assert_eq!(out, hex("01 03 48656c 89 00 80 02 6c6f 80 00 82 01 21"));
    // Frames that other code writes are only recorded.
    assert_eq!(
        place(endpoint.outgoing.frame(&FrameHeader::unmasked(false, Opcode::Text, 9))),
        Some((3, 1, MessageKind::Text, false))
    );
    assert_eq!(endpoint.outgoing.frame(&FrameHeader::unmasked(true, Opcode::Close, 0)), None);
    assert!(endpoint.outgoing.sent_close());
}

// Streaming

/// For any length in the header, the received payload is delivered in the same call, and only once.
#[test]
fn payload_is_delivered_in_the_call_that_received_it() {
    const NO_LIMITS: Limits = Limits { frame: u64::MAX, message: u64::MAX };
    for claimed in [1, 125, 126, 0xffff, 0x1_0000, 1 << 32, u64::MAX >> 1] {
        for cut in [1, 7, 64, 1000] {
            let header = FrameHeader::unmasked(true, Opcode::Binary, claimed);
            let content: Vec<u8> = (0..claimed.min(3000)).map(|n| n as u8).collect();
            let mut bytes = Vec::new();
            encode(&header, &content, &mut bytes);
            let mut endpoint = Endpoint::new(Sender::Server, NO_LIMITS);
            let mut frames = Vec::new();
            let mut fed = 0;
            for piece in bytes.chunks_mut(cut) {
                fed += piece.len();
                endpoint.receive(piece, &mut frames);
                let handed = frames.first().or(endpoint.under_way()).map(|frame| &frame.payload[..]);
                let expect = fed.checked_sub(header.len()).map(|fed| &content[..fed]);
                assert_eq!(handed, expect, "{fed} of {claimed}");
            }
            assert_eq!(frames.len(), usize::from(claimed <= 3000));
        }
    }
}

#[test]
fn a_full_handler_is_called_again_and_loses_nothing() {
    // A violation at the end: an invalid frame is abandoned in the same call, even while the handler is full.
    for bytes in ["01 02 4865 89 01 21 80 03 6c6c6f 88 02 03e8 8a 00", "01 02 4865 80 03 6c ff 6f 81 00"] {
        let (_, expect) = from_server(bytes);
        for patience in 1..12 {
            let endpoint = Endpoint::new(Sender::Server, LIMITS).with_patience(patience);
            assert_eq!(receive(endpoint, bytes).1, expect, "full after {patience}");
        }
    }
}

#[test]
fn a_complete_uncompressed_frame_is_delivered_at_once() {
    /// The calls in their order.
    #[derive(Default)]
    struct Calls(String);
    impl<'b> Handler<'b> for Calls {
        fn begin(&mut self, frame: &Frame) {
            assert!(!frame.whole);
            self.0 += "begin ";
        }
        fn payload(&mut self, _: &Frame, bytes: &'b [u8]) {
            self.0 += &format!("{} ", hex::encode(bytes));
        }
        fn inflated(&mut self, _: &Frame, _: &[u8]) {}
        fn end(&mut self, frame: &Frame, control: &[u8]) {
            assert!(frame.whole);
            self.0 += &format!("end({}) ", hex::encode(control));
        }
        fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
            let payload = &bytes[frame.header.len()..];
            assert_eq!((frame.whole, frame.arrived, frame.is_valid()), (true, payload.len() as u64, true));
            self.0 += &format!("whole({}) ", hex::encode(payload));
        }
    }
    #[track_caller]
    fn check(mut incoming: Incoming, expect: &str) {
        let mut calls = Calls::default();
        for bytes in ["81 01 41 89 01 42 82 00 02 02 43", "44 80 00"] {
            incoming.receive(&mut &mut hex(bytes)[..], &mut calls);
        }
        assert_eq!(calls.0.trim(), expect);
    }
    let incoming = || Incoming::new(Sender::Server, LIMITS);
    check(incoming(), "whole(41) whole(42) whole() begin 43 44 end() whole()");
    check(
        incoming().with_deflate(&agreed("")),
        "begin 41 end() begin 42 end(42) begin end() begin 43 44 end() begin end()",
    );
}

/// Even a full handler gets the end of an invalid frame, but nothing else of it.
#[test]
fn a_full_handler_receives_a_violation_at_once() {
    /// Accepts only the start of a frame, and keeps the violations of ended frames.
    #[derive(Default)]
    struct Full {
        full: bool,
        violations: Vec<Violation>,
    }
    impl<'b> Handler<'b> for Full {
        fn begin(&mut self, _: &Frame) {
            self.full = true;
        }
        fn payload(&mut self, _: &Frame, _: &'b [u8]) {}
        fn inflated(&mut self, _: &Frame, _: &[u8]) {}
        fn end(&mut self, frame: &Frame, _: &[u8]) {
            self.violations.extend_from_slice(&frame.violations);
        }
        fn is_full(&self) -> bool {
            self.full
        }
    }
    /// The number of remaining bytes and of reported violations.
    #[track_caller]
    fn check(bytes: &str, expect: (usize, usize)) {
        for incoming in
            [Incoming::new(Sender::Server, LIMITS), Incoming::new(Sender::Server, LIMITS).with_deflate(&agreed(""))]
        {
            let (mut incoming, mut handler, mut bytes) = (incoming, Full::default(), hex(bytes));
            let mut rest = &mut bytes[..];
            incoming.receive(&mut rest, &mut handler);
            assert_eq!((rest.len(), handler.violations.len()), expect);
            assert_eq!(incoming.has_failed(), !handler.violations.is_empty());
            assert_eq!(incoming.cut_off().filter(|frame| !frame.is_valid()), None);
        }
    }
    check("a1 05 41", (0, 1));
    check("83 00 81 00", (0, 1));
    check("82 7f 8000000000000000 00", (0, 3));
    // A valid frame waits, and so do the frames after it.
    check("81 7e 0080 41 42", (2, 0));
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
    // Control frames do not count, and each message counts from zero.
    check(message, "02 03 000000 89 06 000000000000 80 02 0000 82 05 0000000000", &[]);
    // The sum of lengths does not overflow.
    let none = Limits { frame: u64::MAX, message: u64::MAX };
    check(none, "02 01 00 80 7f 7fffffffffffffff", &[]);
    check(
        Limits { frame: u64::MAX, message: 5 },
        "02 05 0000000000 80 7f 7fffffffffffffff",
        &[Violation::MessageTooBig { bytes: (u64::MAX >> 1) + 5, limit: 5 }],
    );
}
