//! The examples of RFC 7692 §7.2.3, byte for byte: all are inflated. Those that leave our deflater no choice are also deflated.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{deflate, deflate_as, from_deflating_server, inflate};
use crate::support::hex;
use crate::support::offers::agreed;
use wire::Sender;
use wire::deflate::{Deflater, Inflater};

/// Each frame in `bytes` with its payload, its inflated content, and whether its message is compressed.
#[track_caller]
fn check(bytes: &str, expect: &[(&str, &[u8], bool)]) {
    let (_, frames) = from_deflating_server("", bytes);
    assert!(frames.iter().all(|frame| frame.is_valid() && frame.whole), "{frames:?}");
    let frames: Vec<_> =
        frames.iter().map(|frame| (frame.payload.clone(), &frame.inflated[..], frame.compressed)).collect();
    let expect: Vec<_> =
        expect.iter().map(|&(payload, content, compressed)| (hex(payload), content, compressed)).collect();
    assert_eq!(frames, expect);
}

// §7.2.3.1: A Message Compressed Using One Compressed DEFLATE Block

#[test]
fn one_block() {
    check("c1 07 f2 48 cd c9 c9 07 00", &[("f2 48 cd c9 c9 07 00", b"Hello", true)]);
    assert_eq!(deflate("", &[b"Hello"]), [hex("f2 48 cd c9 c9 07 00")]);
}

#[test]
fn one_block_in_two_fragments() {
    check(
        "41 03 f2 48 cd 80 04 c9 c9 07 00",
        // The content of the first three bytes is available at once.
        &[("f2 48 cd", b"He", true), ("c9 c9 07 00", b"llo", true)],
    );
}

// §7.2.3.2: Sharing LZ77 Sliding Window

#[test]
fn a_second_message_refers_to_the_first() {
    check(
        "c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00",
        &[("f2 48 cd c9 c9 07 00", b"Hello", true), ("f2 00 11 00 00", b"Hello", true)],
    );
    assert_eq!(deflate("", &[b"Hello", b"Hello"]), [hex("f2 48 cd c9 c9 07 00"), hex("f2 00 11 00 00")]);
}

#[test]
fn without_context_takeover_both_payloads_are_equal() {
    let hello = hex("f2 48 cd c9 c9 07 00");
    assert_eq!(deflate("; server_no_context_takeover", &[b"Hello", b"Hello"]), [hello.clone(), hello.clone()]);
    let as_client = |parameters| deflate_as(Sender::Client, parameters, &[b"Hello", b"Hello"]);
    assert_eq!(as_client("; client_no_context_takeover"), [hello.clone(), hello.clone()]);
    // The parameter of the other direction has no effect.
    let second = hex("f2 00 11 00 00");
    assert_eq!(deflate("; client_no_context_takeover", &[b"Hello", b"Hello"]), [hello.clone(), second.clone()]);
    assert_eq!(as_client("; server_no_context_takeover"), [hello, second]);
}

// §7.2.3.3: Using a DEFLATE Block with No Compression

#[test]
fn a_block_with_no_compression() {
    check("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00", &[("00 05 00 fa ff 48 65 6c 6c 6f 00", b"Hello", true)]);
}

// §7.2.3.4: Using a DEFLATE Block with "BFINAL" Set to 1

#[test]
fn a_block_marked_as_the_last_one() {
    check("c1 08 f3 48 cd c9 c9 07 00 00", &[("f3 48 cd c9 c9 07 00 00", b"Hello", true)]);
    // The BFINAL bit ends neither the message nor the connection.
    check(
        "c1 0e f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00 c1 07 f2 48 cd c9 c9 07 00",
        &[("f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00", b"HelloHello", true), ("f2 48 cd c9 c9 07 00", b"Hello", true)],
    );
}

/// §7.2.1: "The next DEFLATE block follows the padded data if any". The RFC does not say that the window is reset there.
#[test]
fn data_after_a_last_block_may_refer_to_data_before_it() {
    let hello = ("f3 48 cd c9 c9 07 00 00", &b"Hello"[..], true);
    check("c1 08 f3 48 cd c9 c9 07 00 00 c1 05 f2 00 11 00 00", &[hello, ("f2 00 11 00 00", b"Hello", true)]);
    check("c1 0c f3 48 cd c9 c9 07 00 f2 00 11 00 00", &[("f3 48 cd c9 c9 07 00 f2 00 11 00 00", b"HelloHello", true)]);
}

/// §7.2.3.4: the empty block after the last one is for the padding. Some implementations leave it out; the content is complete.
#[test]
fn a_last_block_without_an_empty_block_after_it_is_accepted() {
    let last = ("f3 48 cd c9 c9 07 00", &b"Hello"[..], true);
    let next = ("f2 00 11 00 00", &b"Hello"[..], true);
    check("c1 07 f3 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00", &[last, next]);
}

// §7.2.3.5: Two DEFLATE Blocks in One Message

#[test]
fn two_blocks_in_one_message() {
    check(
        "c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
        &[("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", b"Hello", true)],
    );
    // The payload is split after the empty block between them.
    check(
        "41 08 f2 48 05 00 00 00 ff ff 80 05 ca c9 c9 07 00",
        &[("f2 48 05 00 00 00 ff ff", b"He", true), ("ca c9 c9 07 00", b"llo", true)],
    );
}

// §7.2.3.6: Generating an Empty Fragment

#[test]
fn an_empty_message_is_one_byte() {
    check("c1 01 00", &[("00", b"", true)]);
    check("c1 01 00 c1 01 00", &[("00", b"", true), ("00", b"", true)]);
    check("41 07 f2 48 cd c9 c9 07 00 80 00", &[("f2 48 cd c9 c9 07 00", b"Hello", true), ("", b"", true)]);
    for parameters in ["", "; server_no_context_takeover"] {
        let hello = hex("f2 48 cd c9 c9 07 00");
        let payloads = deflate(parameters, &[b"", b"", b"Hello", b"", b""]);
        assert_eq!(payloads, [&[0][..], &[0], &hello, &[0], &[0]], "{parameters}");
    }
}

/// No bytes differ from that single byte, but can only mean the same.
#[test]
fn a_message_with_an_empty_payload_is_accepted() {
    check("c1 00", &[("", b"", true)]);
    check(
        "c1 07 f2 48 cd c9 c9 07 00 c1 00 c1 05 f2 00 11 00 00",
        &[("f2 48 cd c9 c9 07 00", b"Hello", true), ("", b"", true), ("f2 00 11 00 00", b"Hello", true)],
    );
    check("41 00 00 00 80 00", &[("", b"", true), ("", b"", true), ("", b"", true)]);
}

// The codec alone

#[test]
fn deflated_output_can_be_taken_during_the_message() {
    let content: Vec<u8> = (0..20_000_u32).flat_map(|n| (n.wrapping_mul(n) >> 7).to_be_bytes()).collect();
    let mut deflater = Deflater::new(&agreed(""), Sender::Server);
    let mut payload = Vec::new();
    for piece in content.chunks(7_000) {
        deflater.push(piece);
        let made = deflater.made();
        let taken = deflater.take();
        assert_eq!((taken.len(), deflater.made()), (made, 0));
        payload.extend(taken);
    }
    deflater.finish();
    payload.extend(deflater.take());
    assert_eq!(deflate("", &[&content]), [payload.clone()], "when it is taken changes nothing");
    let mut inflater = Inflater::new(&agreed(""), Sender::Server);
    assert!(inflate(&mut inflater, &payload).as_ref() == Ok(&content));
}
