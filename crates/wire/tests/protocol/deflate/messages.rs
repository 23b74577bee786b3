//! RFC 7692 §6 and §7.2.2: compressed messages between other frames.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{deflate, from_deflating_server};
use crate::support::offers::agreed;
use crate::support::{Endpoint, LIMITS, Received, from_server, hex, place, receive, violations};
use wire::Sender;
use wire::deflate::TAIL;
use wire::header::Rsv;
use wire::incoming::Limits;
use wire::message::MessageKind::Text;
use wire::opcode::Opcode;
use wire::violation::Violation;

// §6: RSV1

#[test]
fn rsv1_marks_the_first_frame_of_a_compressed_message() {
    #[track_caller]
    fn check(bytes: &str, expect: &[(bool, &[u8])]) {
        let (_, frames) = from_deflating_server("", bytes);
        assert_eq!(violations(&frames), []);
        assert_eq!(frames.iter().map(|frame| (frame.compressed, &frame.inflated[..])).collect::<Vec<_>>(), expect);
    }
    check("c1 07 f2 48 cd c9 c9 07 00", &[(true, b"Hello")]);
    check("c2 07 f2 48 cd c9 c9 07 00", &[(true, b"Hello")]);
    // RSV1 0 means an uncompressed message, even if the extension was negotiated.
    check("81 05 48 65 6c 6c 6f", &[(false, b"")]);
    check("01 03 48 65 6c 80 02 6c 6f", &[(false, b""), (false, b"")]);
    // The first frame determines this for the whole message, and only for this message.
    check(
        "41 03 f2 48 cd 00 04 c9 c9 07 00 80 00 82 02 c0 80 c1 05 f2 00 11 00 00",
        &[(true, b"He"), (true, b"llo"), (true, b""), (false, b""), (true, b"Hello")],
    );
}

/// An observer need not inflate compressed messages. Everything else is still judged.
#[test]
fn compressed_messages_can_be_skipped() {
    #[track_caller]
    fn check(bytes: &str, compressed: &[bool], expect: &[Violation]) {
        let (_, frames) = receive(Endpoint::new(Sender::Server, LIMITS).with_unread_deflate(), bytes);
        assert_eq!(violations(&frames), expect);
        assert_eq!(frames.iter().map(|frame| frame.compressed).collect::<Vec<_>>(), compressed);
        assert!(frames.iter().all(|frame| frame.inflated.is_empty()));
    }
    check("c1 07 f2 48 cd c9 c9 07 00 81 01 61", &[true, false], &[]);
    // Neither DEFLATE data nor UTF-8.
    check("c1 03 ff ff ff 41 01 ff 80 01 ff", &[true, true, true], &[]);
    check("c9 00", &[false], &[Violation::CompressedBitMisplaced(Opcode::Ping)]);
    check("81 01 ff", &[false], &[Violation::InvalidUtf8 { offset: 0 }]);
}

#[test]
fn rsv1_anywhere_else_breaks_a_rule() {
    #[track_caller]
    fn check((_, frames): (Endpoint, Vec<Received>), expect: &[Violation]) {
        assert_eq!(violations(&frames), expect);
        assert!(frames.iter().all(|frame| frame.inflated.is_empty()));
    }
    let deflating = |bytes| from_deflating_server("", bytes);
    let misplaced = Violation::CompressedBitMisplaced;
    let bits = |rsv1, rsv2, rsv3| Violation::ReservedBits(Rsv { rsv1, rsv2, rsv3 });
    check(deflating("c9 00"), &[misplaced(Opcode::Ping)]);
    check(deflating("41 00 c0 07 f2 48 cd c9 c9 07 00"), &[misplaced(Opcode::Continuation)]);
    check(deflating("c0 00"), &[misplaced(Opcode::Continuation), Violation::NothingToContinue]);
    check(deflating("41 00 c1 00"), &[Violation::MessageStillOpen]);
    // Messages of undefined opcodes have no first frame.
    check(deflating("c3 00"), &[misplaced(Opcode::ReservedData(3)), Violation::ReservedOpcode(3)]);
    check(deflating("cb 00"), &[misplaced(Opcode::ReservedControl(0xb)), Violation::ReservedOpcode(0xb)]);
    // The other two reserved bits have no meaning here either.
    check(deflating("e1 07 f2 48 cd c9 c9 07 00"), &[bits(false, true, false)]);
    check(deflating("d2 01 00"), &[bits(false, false, true)]);
    check(deflating("f9 00"), &[bits(false, true, true), misplaced(Opcode::Ping)]);
    // Without the extension, RSV1 is reserved.
    check(from_server("c1 07 f2 48 cd c9 c9 07 00"), &[bits(true, false, false)]);
    check(from_server("c9 00"), &[bits(true, false, false)]);
}

#[test]
fn control_frames_may_come_between_compressed_fragments() {
    let (endpoint, frames) =
        from_deflating_server("", "41 03 f2 48 cd 89 02 ff fe 00 02 c9 c9 8a 00 80 02 07 00 88 02 03 e8");
    assert_eq!(violations(&frames), []);
    let seen: Vec<_> =
        frames.iter().map(|frame| (place(frame.position), frame.compressed, &frame.inflated[..])).collect();
    assert_eq!(
        seen,
        [
            (Some((1, 1, Text, false)), true, &b"He"[..]),
            (None, false, b""),
            (Some((1, 2, Text, false)), true, b"ll"),
            (None, false, b""),
            (Some((1, 3, Text, true)), true, b"o"),
            (None, false, b""),
        ]
    );
    assert_eq!(frames[1].payload, hex("ff fe"));
    assert_eq!(endpoint.answer(&frames[1]), wire::outgoing::Answer::Pong);
}

#[test]
fn a_client_compresses_before_masking() {
    let endpoint = Endpoint::new(Sender::Client, LIMITS).with_deflate(&agreed(""));
    // f2 48 cd c9 c9 07 00 under 37 fa 21 3d
    let (_, frames) = receive(endpoint, "c1 87 37 fa 21 3d c5 b2 ec f4 fe fd 21");
    assert_eq!(violations(&frames), []);
    assert_eq!((&frames[0].payload, &frames[0].inflated[..]), (&hex("f2 48 cd c9 c9 07 00"), &b"Hello"[..]));
}

// §7.1.1: context takeover

#[test]
fn without_context_takeover_messages_are_independent() {
    #[track_caller]
    fn check(peer: Sender, parameters: &str, second: Result<&[u8], Violation>) {
        let endpoint = Endpoint::new(peer, LIMITS).with_deflate(&agreed(parameters));
        let bytes = match peer {
            Sender::Client => "c1 87 00000000 f2 48 cd c9 c9 07 00 c1 85 00000000 f2 00 11 00 00",
            Sender::Server => "c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00",
        };
        let (_, frames) = receive(endpoint, bytes);
        assert_eq!(frames[0].inflated, b"Hello");
        let found = match &frames[1].violations[..] {
            [] => Ok(&frames[1].inflated[..]),
            [violation] => Err(violation.clone()),
            many => panic!("{many:?}"),
        };
        assert_eq!(found, second, "{peer:?}{parameters}");
    }
    use Sender::{Client, Server};
    let broken = Err(Violation::BrokenDeflate);
    for peer in [Client, Server] {
        check(peer, "", Ok(b"Hello"));
        check(peer, "; client_no_context_takeover; server_no_context_takeover", broken.clone());
    }
    check(Client, "; client_no_context_takeover", broken.clone());
    check(Client, "; server_no_context_takeover", Ok(b"Hello"));
    check(Server, "; client_no_context_takeover", Ok(b"Hello"));
    check(Server, "; server_no_context_takeover", broken);
}

#[test]
fn fragments_of_one_message_always_share_a_context() {
    let (_, frames) = from_deflating_server(
        "; server_no_context_takeover",
        "41 0b f2 48 cd c9 c9 07 00 00 00 ff ff 80 05 f2 00 11 00 00 c1 07 f2 48 cd c9 c9 07 00",
    );
    assert_eq!(violations(&frames), []);
    assert_eq!(frames.iter().map(|frame| &frame.inflated[..]).collect::<Vec<_>>(), [b"Hello"; 3]);
}

// §6.2 and RFC 6455 §8.1: the inflated text must be UTF-8

/// Content in an uncompressed block, which keeps the tables readable.
fn stored(content: &str) -> String {
    let len = hex(content).len() as u16;
    let [low, high] = len.to_le_bytes();
    format!("00 {low:02x} {high:02x} {:02x} {:02x} {content}", !low, !high)
}

/// A server's frame with `payload`.
fn frame(first: &str, payload: &str) -> String {
    format!("{first} {:02x} {payload} ", hex(payload).len())
}

#[test]
fn text_is_checked_while_it_is_inflated() {
    /// For the fragments of one message: the offset of the invalid text, if any.
    #[track_caller]
    fn check(fragments: &[&str], expect: Option<u64>) {
        let last = fragments.len() - 1;
        let first = |at| match (at == 0, at == last) {
            (true, true) => "c1",
            (true, false) => "41",
            (false, true) => "80",
            (false, false) => "00",
        };
        let end = |at| if at == last { " 00" } else { "" };
        let frame = |(at, content): (usize, &&str)| frame(first(at), &(stored(content) + end(at)));
        let bytes: String = fragments.iter().enumerate().map(frame).collect();
        let (_, frames) = from_deflating_server("", &bytes);
        let expect: Vec<_> = expect.into_iter().map(|offset| Violation::InvalidUtf8 { offset }).collect();
        assert_eq!(violations(&frames), expect, "{bytes}");
        // Binary messages may have any bytes.
        let (_, frames) = from_deflating_server("", &bytes.replacen("c1", "c2", 1).replacen("41", "42", 1));
        assert_eq!(violations(&frames), []);
    }
    check(&["48 65 6c 6c 6f"], None);
    check(&["e2 82 ac"], None);
    check(&["e2", "82", "ac"], None);
    check(&["48 e2 82", "ac 48"], None);
    check(&["ff"], Some(0));
    check(&["48 ff 48"], Some(1));
    check(&["48 e2 82"], Some(1));
    check(&["48 e2", "82", ""], Some(1));
    check(&["48", "e2 82", "48"], Some(1));
    check(&["ed a0 80"], Some(0));
    // Offsets count from the first byte of each message.
    let hello = frame("c1", &(stored("48 65 6c 6c 6f") + " 00"));
    let (_, frames) = from_deflating_server("", &(hello + &frame("c1", &(stored("48 ff") + " 00"))));
    assert_eq!(violations(&frames), [Violation::InvalidUtf8 { offset: 1 }]);
}

#[test]
fn invalid_text_is_found_as_early_as_possible() {
    // The first bytes of a block of 65535 bytes. No later byte can make f4 90 valid.
    for (content, offset) in [("ff", 0), ("41 f4 90", 1), ("e2 82 ac c0", 3)] {
        let bytes = hex(&format!("c1 7e ffff 00 ff ff 00 00 {content}"));
        let mut endpoint = Endpoint::new(Sender::Server, LIMITS).with_deflate(&agreed(""));
        let mut frames = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            endpoint.receive(&mut [*byte], &mut frames);
            assert_eq!(frames.is_empty(), at + 1 < bytes.len(), "byte {at} of {content}");
        }
        assert_eq!(violations(&frames), [Violation::InvalidUtf8 { offset }]);
        assert_eq!(
            frames[0].inflated,
            hex(content)[..hex(content).len() - 1],
            "all but the byte that was one too many"
        );
    }
}

// §7.2.2: what does not inflate

#[test]
fn a_payload_that_does_not_inflate_breaks_a_rule() {
    #[track_caller]
    fn check(payload: &str, inflated: &[u8]) {
        for first in ["c1", "c2"] {
            let (_, frames) = from_deflating_server("", &frame(first, payload));
            assert_eq!(violations(&frames), [Violation::BrokenDeflate], "{payload}");
            assert_eq!(frames[0].inflated, inflated, "what was right before it is there");
            assert!(frames[0].whole, "all of it had come");
        }
    }
    check("07", b""); // BTYPE 11
    check("06", b"");
    check("00 05 00 05 00 48 65 6c 6c 6f 00", b""); // LEN is not the complement of NLEN
    check("f2 00 11 00 00", b"H"); // a distance that reaches before the first byte
    check("f2 48 cd c9 c9 07 00 00 00 ff ff 07", b"Hello");
    check("fc ff 01", b""); // 288 codes, of which there are 286
    // The data ends inside a block, so the tail would count as content.
    check("00 05 00 fa ff 48", b"H");
    check("f2 48 cd", b"He");
}

#[test]
fn the_first_violation_is_reported_for_any_split() {
    /// For a message of `content` and a block of the reserved type.
    #[track_caller]
    fn check(content: &[u8], expect: Violation) {
        let mut payload = deflate("", &[content]).concat();
        payload.extend(TAIL);
        payload.push(0x07);
        let mut bytes = vec![0xc1, payload.len() as u8];
        bytes.extend(payload);
        for cut in 1..=bytes.len() {
            let limits = Limits { frame: 125, message: 100 };
            let mut endpoint = Endpoint::new(Sender::Server, limits).with_deflate(&agreed(""));
            let mut frames = Vec::new();
            bytes.clone().chunks_mut(cut).for_each(|piece| endpoint.receive(piece, &mut frames));
            assert_eq!(violations(&frames), std::slice::from_ref(&expect), "in pieces of {cut}");
        }
    }
    let utf8 = |offset| Violation::InvalidUtf8 { offset };
    let too_big = Violation::MessageTooBig { bytes: 101, limit: 100 };
    let behind = |front: usize, content: &[u8]| [&vec![b'A'; front], content].concat();
    check(b"", Violation::BrokenDeflate);
    check(&behind(100, b""), Violation::BrokenDeflate);
    check(&behind(99, b"\xff"), utf8(99));
    check(&behind(99, b"\xff and on and on"), utf8(99));
    check(&behind(99, b"\xe2"), Violation::BrokenDeflate);
    // Content beyond the limit is not checked.
    check(&behind(100, b"\xff"), too_big.clone());
    check(&behind(99, b"\xe2\xff"), too_big.clone());
    check(&behind(50_000, b"\xff"), too_big);
}
