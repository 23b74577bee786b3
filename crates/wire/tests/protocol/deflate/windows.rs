//! RFC 7692 §7.1.2 and RFC 1951 §3.2.5: how far back the references in a message may reach.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{deflate_as, inflate};
use crate::support::inflate::Reference;
use crate::support::offers::agreed;
use flate2::{Compress, Compression, FlushCompress};
use wire::Sender;
use wire::deflate::{Inflater, TAIL};
use wire::violation::Violation;

/// A payload with a single reference to three bytes, `distance` bytes back, in a block with fixed codes.
fn three_bytes_from(distance: u32) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut number = |number: u32, count: u32| bits.extend((0..count).map(|n| number >> n & 1));
    number(0b010, 3);
    // Codes start with their most significant bit. This is 257, a length of three.
    number(0b100_0000, 7);
    let above = distance - 1;
    let extra = above.checked_ilog2().map_or(0, |log| log.saturating_sub(1));
    let code = 2 * extra + (above >> extra);
    number(code.reverse_bits() >> 27, 5);
    number(above & ((1 << extra) - 1), extra);
    // The end of the block, and the header of the empty block whose rest is the tail.
    number(0, 10);
    bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}

/// A payload of one block with `content`, with or without BFINAL.
fn block(content: &[u8], last: bool) -> Vec<u8> {
    let mut payload = Vec::with_capacity(2 * content.len() + 100);
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    Compress::new(Compression::default(), false).compress_vec(content, &mut payload, flush).expect("room enough");
    match payload.strip_suffix(&TAIL) {
        Some(front) => front.to_vec(),
        // RFC 7692 §7.2.3.4
        None => [&payload[..], &[0]].concat(),
    }
}

#[test]
fn references_cannot_reach_before_the_first_byte() {
    for before in [1, 5, 300, 32_767, 32_768, 32_769, 40_000, 65_535, 65_536, 70_001] {
        let content: Vec<u8> = (0..before).map(|n: u32| (n.wrapping_mul(n) >> 5) as u8).collect();
        let window = before.min(32 << 10);
        let back = &content[content.len() - window as usize..];
        let three: Vec<u8> = back.iter().copied().cycle().take(3).collect();
        // RFC 7692 §7.2.1: a block with BFINAL does not reset the window.
        for last in [false, true] {
            let mut inflater = Inflater::new(&agreed(""), Sender::Server);
            let mut inflate = |payload: &[u8]| inflate(&mut inflater, payload);
            assert!(inflate(&block(&content, last)).as_ref() == Ok(&content), "{before} bytes");
            assert_eq!(inflate(&three_bytes_from(window)), Ok(three.clone()), "from {window} of {before} back");
            // The window now has three more bytes.
            if window + 4 <= 32 << 10 {
                assert_eq!(inflate(&three_bytes_from(window + 4)), Err(Violation::BrokenDeflate), "from {window} + 4");
            }
        }
    }
}

/// §7.1.2.1 and §7.1.2.2: the sender must stay within the negotiated window.
#[test]
fn a_deflater_stays_within_the_negotiated_window() {
    // Only repetitions of bytes from 100 bytes ago, 600 bytes ago, and so on.
    let noise = |seed: u32, count: u32| (0..count).map(move |n| ((n ^ seed).wrapping_mul(0x9e37_79b1) >> 24) as u8);
    let content: Vec<u8> = [100, 600, 1200, 2500, 5000, 9000, 18_000, 31_000]
        .into_iter()
        .flat_map(|apart| noise(apart, 60).chain(noise(apart + 1, apart - 60)).chain(noise(apart, 60)))
        .collect();
    let farthest = |parameters: &str, sender| {
        let mut reference = Reference::default();
        for content in [&content, &content[..1000]] {
            let payload = deflate_as(sender, parameters, &[content]).concat();
            assert!(reference.message(&payload).as_deref() == Some(content));
        }
        reference.farthest
    };
    let mut before = 0;
    for bits in 9..=15_u8 {
        let of_server = farthest(&format!("; server_max_window_bits={bits}"), Sender::Server);
        assert!(of_server <= 1 << bits && of_server > before, "{of_server} with {bits} bits");
        let of_client = farthest(&format!("; client_max_window_bits={bits}"), Sender::Client);
        assert_eq!(of_client, of_server, "either has what was agreed on for it");
        before = of_server;
    }
    // zlib does not support a window of 256 bytes. Content without references fits it.
    assert_eq!(farthest("; client_max_window_bits=8", Sender::Client), 0);
    // Each direction has its own window.
    assert_eq!(farthest("; client_max_window_bits=9", Sender::Server), before);
    assert_eq!(farthest("; server_max_window_bits=9", Sender::Client), before);
}
