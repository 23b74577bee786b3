//! RFC 6455 §10.4 for compressed messages: the limit of the inflated content, and the size of its pieces.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{deflate, inflate};
use crate::support::offers::agreed;
use crate::support::{Endpoint, Received, hex, receive, violations};
use wire::Sender;
use wire::deflate::Inflater;
use wire::encoder::encode;
use wire::header::{FrameHeader, Rsv};
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::opcode::Opcode;
use wire::violation::Violation;

const RSV1: Rsv = Rsv { rsv1: true, rsv2: false, rsv3: false };

/// A frame of a compressed message from a server.
fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let rsv = if opcode == Opcode::Continuation { Rsv::default() } else { RSV1 };
    let header = FrameHeader { rsv, ..FrameHeader::unmasked(fin, opcode, payload.len() as u64) };
    let mut bytes = Vec::new();
    encode(&header, payload, &mut bytes);
    bytes
}

#[test]
fn limits_apply_to_payload_and_content_and_are_inclusive() {
    #[track_caller]
    fn check(limits: Limits, bytes: &str, expect: &[Violation]) {
        let endpoint = Endpoint::new(Sender::Server, limits).with_deflate(&agreed(""));
        let (_, frames) = receive(endpoint, bytes);
        assert_eq!(violations(&frames), expect, "{bytes}");
    }
    let message = |message| Limits { frame: 100, message };
    let too_big = |bytes, limit| Violation::MessageTooBig { bytes, limit };
    // "Hello" is seven bytes on the wire and five bytes of content.
    let hello = "c1 07 f2 48 cd c9 c9 07 00";
    check(message(7), hello, &[]);
    check(message(6), "c1 07", &[too_big(7, 6)]);
    check(message(7), "41 03 f2 48 cd 80 04 c9 c9 07 00", &[]);
    check(message(6), "41 03 f2 48 cd 80 04", &[too_big(7, 6)]);
    check(Limits { frame: 7, message: 100 }, hello, &[]);
    check(Limits { frame: 6, message: 100 }, "c1 07", &[Violation::FrameTooBig { bytes: 7, limit: 6 }]);
    // Ten `a` are six bytes on the wire.
    let ten = "06 4a 4c 84 01 00 00";
    check(message(10), &format!("c1 {ten}"), &[]);
    check(message(9), &format!("c1 {ten}"), &[too_big(10, 9)]);
    check(message(9), &format!("c2 {ten}"), &[too_big(10, 9)]);
    check(message(9), "41 03 4a 4c 84 80 03 01 00 00", &[too_big(10, 9)]);
    // Each message counts from zero, compressed or not. Control frames do not count.
    check(message(10), &format!("c1 {ten} 89 0a 00000000000000000000 82 0a 00000000000000000000 {hello}"), &[]);
    check(message(0), "c1 00 81 00", &[]);
    check(message(0), "c1 01", &[too_big(1, 0)]);
    // The largest limit causes no overflow.
    check(Limits { frame: u64::MAX, message: u64::MAX }, hello, &[]);
}

#[test]
fn content_is_delivered_up_to_the_limit() {
    let content: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    let payload = deflate("", &[&content]).concat();
    let bytes = frame(true, Opcode::Binary, &payload);
    for limit in [1, 1000, 16_383, 16_384, 16_385, 32_768, 49_999, 50_000, 50_001] {
        let limits = Limits { frame: 1 << 20, message: limit.max(payload.len() as u64) };
        let limit = limits.message;
        let mut endpoint = Endpoint::new(Sender::Server, limits).with_deflate(&agreed(""));
        let mut frames: Vec<Received> = Vec::new();
        endpoint.receive(&mut bytes.clone(), &mut frames);
        assert!(frames[0].inflated == content[..content.len().min(limit as usize)], "{limit}");
        assert_eq!(frames[0].is_valid(), limit >= 50_000);
    }
}

/// The last bytes of a payload can inflate to more than one piece of content.
#[test]
fn content_is_complete_when_its_payload_is() {
    for length in [16_383, 16_384, 16_385, 16_384 + 258, 17_000, 32_768, 32_769, 33_000, 65_536 + 1] {
        let content = vec![b'A'; length];
        let payload = deflate("", &[&content]).concat();
        let mut inflater = Inflater::new(&agreed(""), Sender::Server);
        assert!(inflate(&mut inflater, &payload).as_ref() == Ok(&content), "{length}");
    }
}

/// Records the largest piece and the total that it receives.
#[derive(Default)]
struct Scales {
    largest: usize,
    inflated: u64,
    violations: Vec<Violation>,
}

impl<'b> Handler<'b> for Scales {
    fn begin(&mut self, _: &Frame) {}
    fn payload(&mut self, _: &Frame, _: &'b [u8]) {}

    fn inflated(&mut self, frame: &Frame, bytes: &[u8]) {
        assert!(frame.is_valid() && self.violations.is_empty());
        self.largest = self.largest.max(bytes.len());
        self.inflated += bytes.len() as u64;
    }

    fn end(&mut self, frame: &Frame, _: &[u8]) {
        self.violations.extend_from_slice(&frame.violations);
    }
}

#[test]
fn a_bomb_is_inflated_in_pieces_up_to_the_limit() {
    const LIMIT: u64 = 1 << 20;
    // 16 MiB, compressed to 16 KiB.
    let bomb = deflate("", &[&vec![0; 16 << 20]]).concat();
    assert!(bomb.len() < 17 << 10);
    let (front, back) = bomb.split_at(bomb.len() / 4);
    let in_one = frame(true, Opcode::Binary, &bomb);
    let in_fragments = [frame(false, Opcode::Binary, front), frame(true, Opcode::Continuation, back)].concat();
    for mut bytes in [in_one, in_fragments] {
        let mut incoming =
            Incoming::new(Sender::Server, Limits { frame: LIMIT, message: LIMIT }).with_deflate(&agreed(""));
        let mut scales = Scales::default();
        incoming.receive(&mut &mut bytes[..], &mut scales);
        assert_eq!(scales.violations, [Violation::MessageTooBig { bytes: LIMIT + 1, limit: LIMIT }]);
        assert_eq!(scales.inflated, LIMIT);
        assert!(scales.largest <= 16 << 10, "{} at a time", scales.largest);
        assert!(incoming.has_failed());
    }
}

/// Full after each piece of content.
#[derive(Default)]
struct Cautious {
    content: Vec<u8>,
    pieces: usize,
    full: bool,
    ended: usize,
}

impl<'b> Handler<'b> for Cautious {
    fn begin(&mut self, _: &Frame) {}
    fn payload(&mut self, _: &Frame, _: &'b [u8]) {}

    fn inflated(&mut self, _: &Frame, bytes: &[u8]) {
        self.content.extend_from_slice(bytes);
        self.pieces += 1;
        self.full = true;
    }

    fn end(&mut self, frame: &Frame, _: &[u8]) {
        assert!(frame.is_valid() && frame.whole);
        self.ended += 1;
    }

    fn is_full(&self) -> bool {
        self.full
    }
}

#[test]
fn a_full_handler_pauses_a_compressed_frame_without_changing_the_result() {
    let content: Vec<u8> = (0..120_000_u32).flat_map(|n| (n.wrapping_mul(n) >> 9).to_be_bytes()).collect();
    let payload = deflate("", &[&content]).concat();
    let mut bytes = [frame(true, Opcode::Binary, &payload), hex("8a 00")].concat();
    let mut incoming =
        Incoming::new(Sender::Server, Limits { frame: 1 << 20, message: 1 << 20 }).with_deflate(&agreed(""));
    let mut handler = Cautious::default();
    let mut rest = &mut bytes[..];
    let mut stops = 0;
    loop {
        let before = (rest.len(), handler.content.len());
        incoming.receive(&mut rest, &mut handler);
        let taken = before.0 - rest.len();
        if !handler.full {
            break;
        }
        assert!(taken <= 1024 + 14, "{taken} bytes taken, the header counted, and more would be to come");
        assert!(handler.content.len() - before.1 <= 1024 * 1032);
        handler.full = false;
        stops += 1;
    }
    assert!(stops >= payload.len() / 1024, "{stops} stops over {} bytes", payload.len());
    assert!(handler.content == content && handler.ended == 2 && rest.is_empty());
}
