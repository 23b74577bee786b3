//! An endpoint's deliberate violations, judged as by a strict receiver. Limits that change during a connection.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::{LIMITS, hex};
use wire::Sender;
use wire::decoder::{Decoder, Piece};
use wire::handshake::response::{SwitchingProtocols, switching_protocols};
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::message::MessageKind;
use wire::outgoing::Outgoing;

/// Splits `bytes` into unmasked frames. The last one may be truncated.
fn frames(bytes: &str) -> Vec<(FrameHeader, Vec<u8>)> {
    let mut bytes = hex(bytes);
    let mut rest = &mut bytes[..];
    let (mut decoder, mut frames) = (Decoder::default(), Vec::<(FrameHeader, Vec<u8>)>::new());
    while let Some(piece) = decoder.next_within(&mut rest, usize::MAX) {
        match piece {
            Piece::Header(header) => frames.push((header, Vec::new())),
            Piece::Payload(payload) => frames.last_mut().expect("a header comes first").1.extend_from_slice(payload),
            Piece::End => {}
        }
    }
    frames
}

/// The rules that a server's frames break, frame by frame.
fn judged(deflate: bool, bytes: &str) -> Vec<Vec<&'static str>> {
    let mut outgoing = Outgoing::default();
    let rules = |(header, payload): &(FrameHeader, Vec<u8>)| {
        let (_, violations) = outgoing.judged(header, payload, Sender::Server, deflate);
        violations.iter().map(|violation| violation.rule()).collect()
    };
    frames(bytes).iter().map(rules).collect()
}

#[test]
fn valid_frames() {
    let none: Vec<Vec<&str>> = vec![vec![]; 5];
    assert_eq!(judged(false, "01 02 c3a9 89 01 ff 00 01 e2 80 02 82ac 82 02 ffff"), none);
    assert_eq!(judged(true, "c1 02 ff00 8a 00 42 01 ff 80 01 ff 88 02 03e8"), none);
}

#[test]
fn invalid_frames() {
    assert_eq!(judged(false, "c1 01 41"), [["reserved-bits"]]);
    assert_eq!(judged(false, "b1 00"), [["reserved-bits"]]);
    assert_eq!(judged(true, "c9 00"), [["compressed-bit-misplaced"]]);
    assert_eq!(judged(false, "83 00 8b 00"), [["reserved-opcode"], ["reserved-opcode"]]);
    assert_eq!(judged(false, "81 81 00000000 41"), [["server-frame-masked"]]);
    assert_eq!(judged(false, "81 7e 0001 41"), [["length-not-minimal"]]);
    assert_eq!(judged(false, "81 7f 8000000000000001 41"), [["length-top-bit"]]);
    assert_eq!(judged(false, "09 00"), [["control-fragmented"]]);
    assert_eq!(judged(false, "80 00"), [["nothing-to-continue"]]);
    assert_eq!(judged(false, "88 01 03"), [["close-payload-one-byte"]]);
    assert_eq!(judged(false, "88 02 03ed"), [["close-code-not-allowed"]]);
    assert_eq!(judged(false, "88 03 03e8ff"), [["close-reason-not-utf8"]]);
}

#[test]
fn violations_that_depend_on_earlier_frames() {
    let none = vec![];
    assert_eq!(judged(false, "01 00 82 00 80 00"), [none.clone(), vec!["message-still-open"], none.clone()]);
    assert_eq!(judged(false, "88 00 8a 00 81 00"), [none.clone(), none.clone(), vec!["after-close"]]);
    // Text is checked across fragments with a ping of any bytes between them, and separately for each message.
    assert_eq!(judged(false, "01 01 c3 89 01 ff 80 01 41"), [none.clone(), none.clone(), vec!["invalid-utf8"]]);
    assert_eq!(judged(false, "81 01 c3 81 01 a9"), [["invalid-utf8"], ["invalid-utf8"]]);
    assert_eq!(judged(false, "02 01 ff 80 01 ff 81 01 41"), [none.clone(), none.clone(), none.clone()]);
}

/// A receiver waits for the rest, which never arrives.
#[test]
fn truncated_frames_are_not_judged_as_complete() {
    assert_eq!(judged(false, "81 02 c3"), [Vec::<&str>::new()]);
    assert_eq!(judged(false, "88 02 03"), [Vec::<&str>::new()]);
    assert_eq!(judged(false, "81 03 c3ff"), [["invalid-utf8"]], "what has come of it can be wrong");
}

#[test]
fn deliberate_and_other_frames_share_message_numbers() {
    let mut outgoing = Outgoing::default();
    let all = frames("81 00 01 00 80 00 82 00");
    let first = outgoing.frame(&all[0].0).expect("a place");
    let (second, _) = outgoing.judged(&all[1].0, &[], Sender::Server, false);
    assert!(outgoing.is_inside_message());
    let third = outgoing.frame(&all[2].0).expect("a place");
    let (fourth, _) = outgoing.judged(&all[3].0, &[], Sender::Server, false);
    let messages = [first, second.expect("a place"), third, fourth.expect("a place")];
    assert_eq!(messages.map(|place| (place.message, place.fragment)), [(1, 1), (2, 1), (2, 2), (3, 1)]);
    assert_eq!((messages[2].kind, messages[3].kind), (MessageKind::Text, MessageKind::Binary));
    assert!(!outgoing.is_inside_message() && !outgoing.sent_close());
    let close = frames("88 00");
    outgoing.judged(&close[0].0, &[], Sender::Server, false);
    assert!(outgoing.sent_close());
}

#[test]
fn a_101_response_with_and_without_each_header_line() {
    let whole = SwitchingProtocols {
        upgrade: true,
        connection: true,
        accept: Some("A"),
        subprotocol: Some("chat"),
        extensions: Some("x, y"),
    };
    let lines = [
        "HTTP/1.1 101 Switching Protocols\r\n",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\n",
        "Sec-WebSocket-Accept: A\r\n",
        "Sec-WebSocket-Protocol: chat\r\n",
        "Sec-WebSocket-Extensions: x, y\r\n",
        "\r\n",
    ];
    assert_eq!(whole.to_string(), lines.concat());
    for (left_out, text) in [
        (1, SwitchingProtocols { upgrade: false, ..whole }),
        (2, SwitchingProtocols { connection: false, ..whole }),
        (3, SwitchingProtocols { accept: None, ..whole }),
        (4, SwitchingProtocols { subprotocol: None, ..whole }),
        (5, SwitchingProtocols { extensions: None, ..whole }),
    ] {
        let mut rest = lines.to_vec();
        rest.remove(left_out);
        assert_eq!(text.to_string(), rest.concat());
    }
    // RFC 6455 §1.3.
    let right = SwitchingProtocols { accept: Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ..whole };
    assert_eq!(switching_protocols("dGhlIHNhbXBsZSBub25jZQ==", Some("chat"), Some("x, y")), right.to_string());
}

/// Records the rules that frames break.
#[derive(Default)]
struct Rules(Vec<Vec<&'static str>>);

impl<'b> Handler<'b> for Rules {
    fn begin(&mut self, _: &Frame) {}
    fn payload(&mut self, _: &Frame, _: &'b [u8]) {}
    fn inflated(&mut self, _: &Frame, _: &[u8]) {}
    fn end(&mut self, frame: &Frame, _: &[u8]) {
        self.0.push(frame.violations.iter().map(|violation| violation.rule()).collect());
    }
}

fn receive(incoming: &mut Incoming, bytes: &str) -> Vec<Vec<&'static str>> {
    let mut rules = Rules::default();
    incoming.receive(&mut &mut hex(bytes)[..], &mut rules);
    rules.0
}

#[test]
fn changed_limits_apply_from_the_next_frame() {
    let none: Vec<&str> = vec![];
    let mut incoming = Incoming::new(Sender::Server, LIMITS);
    assert_eq!(receive(&mut incoming, "82 03 01 02"), Vec::<Vec<&str>>::new());
    assert!(incoming.is_inside_message() && incoming.is_inside_frame());
    incoming.restrict(Limits { frame: 2, message: 2 }, Some(MessageKind::Text));
    // The unfinished frame was accepted already.
    assert_eq!(receive(&mut incoming, "03 81 02 41 42"), [none.clone(), none.clone()]);
    assert!(!incoming.is_inside_message());
    let mut other = Incoming::new(Sender::Server, LIMITS);
    other.restrict(Limits { frame: 2, message: 2 }, Some(MessageKind::Text));
    assert_eq!(receive(&mut other, "82 00"), [["kind-not-accepted"]]);
    assert_eq!(receive(&mut incoming, "01 02 41 42"), [none]);
    assert!(incoming.is_inside_message() && !incoming.is_inside_frame());
    incoming.restrict(LIMITS, None);
    assert_eq!(receive(&mut incoming, "80 01 43 82 03 01 02 03"), [Vec::<&str>::new(), vec![]]);
    incoming.restrict(Limits { frame: 2, message: 2 }, None);
    assert_eq!(receive(&mut incoming, "82 03 01"), [["frame-too-big", "message-too-big"]]);
}

/// The content inflated so far is already larger than the new limit.
#[test]
fn a_limit_can_be_lowered_during_a_compressed_message() {
    let mut incoming = Incoming::new(Sender::Server, LIMITS).with_deflate(&crate::support::offers::agreed(""));
    // Two uncompressed blocks of five bytes. RFC 7692 §7.2.3.3.
    assert_eq!(receive(&mut incoming, "42 0a 00 05 00 fa ff 48 65 6c 6c 6f"), [Vec::<&str>::new()]);
    incoming.restrict(Limits { frame: 100, message: 3 }, None);
    let broken = receive(&mut incoming, "80 0a 00 05 00 fa ff 48 65 6c 6c 6f");
    assert_eq!(broken.len(), 1);
    assert!(broken[0].iter().all(|rule| *rule == "message-too-big"), "{broken:?}");
    assert!(incoming.has_failed());
}
