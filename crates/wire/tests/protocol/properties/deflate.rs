//! The codec of permessage-deflate, compared with a second inflater and a second deflater.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::inflate::Reference;
use crate::support::offers::agreed;
use flate2::{Compress, Compression, FlushCompress};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::Sender;
use wire::deflate::{Agreed, Deflater, Inflater, TAIL};
use wire::violation::Violation;

/// Content that compresses well or badly, with references of any distance.
fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => vec(any::<u8>(), 0..300),
        2 => vec(0_u8..3, 0..2000),
        2 => (vec(any::<u8>(), 1..60), 0_usize..100).prop_map(|(bytes, times)| bytes.repeat(times)),
        // Repeats parts at large distances.
        2 => (vec(any::<u8>(), 4..40), 0_u16..3000, any::<u8>()).prop_map(|(bytes, apart, step)| {
            let between = (0..apart).map(|n| (n.wrapping_mul(u16::from(step) * 2 + 1) >> 3) as u8);
            [bytes.clone(), between.collect(), bytes].concat()
        }),
    ]
}

/// An agreement with this window for `sender`, with or without context takeover.
fn agreement(sender: Sender, window: u8, takeover: bool) -> Agreed {
    let sender = if sender == Sender::Server { "server" } else { "client" };
    let takeover = if takeover { String::new() } else { format!("; {sender}_no_context_takeover") };
    agreed(&format!("; {sender}_max_window_bits={window}{takeover}"))
}

/// `payload` inflated in pieces of `most` bytes, up to the first error.
fn inflate(inflater: &mut Inflater, payload: &[u8], most: usize) -> (Vec<u8>, Result<(), Violation>) {
    let mut content = Vec::new();
    let mut each = |piece: &[u8]| {
        assert!(!piece.is_empty() && piece.len() <= 16 << 10);
        content.extend_from_slice(piece);
        Ok(())
    };
    let result = payload.chunks(most).try_for_each(|piece| inflater.push(piece, &mut each));
    let result = result.and_then(|()| inflater.finish());
    (content, result)
}

proptest! {
    /// For any content, window, takeover and fragmentation: our inflater and another one restore deflated content, and its references
    /// stay within the negotiated window.
    #[test]
    fn deflated_content_inflates_to_itself(
        (sender, window) in prop_oneof![
            (9_u8..=15).prop_map(|window| (Sender::Server, window)),
            (8_u8..=15).prop_map(|window| (Sender::Client, window)),
        ],
        takeover: bool,
        contents in vec(content(), 1..5),
        (push, take, most) in (1_usize..500, any::<bool>(), 1_usize..200),
    ) {
        let agreed = agreement(sender, window, takeover);
        let mut deflater = Deflater::new(&agreed, sender);
        let mut inflater = Inflater::new(&agreed, sender);
        let mut reference = Reference::default();
        for content in contents {
            let mut payload = Vec::new();
            for piece in content.chunks(push) {
                deflater.push(piece);
                if take {
                    payload.extend(deflater.take());
                }
            }
            deflater.finish();
            payload.extend(deflater.take());
            prop_assert!(!payload.is_empty() && !payload.ends_with(&TAIL));
            let (inflated, result) = inflate(&mut inflater, &payload, most);
            prop_assert_eq!(result, Ok(()));
            prop_assert!(inflated == content);
            if !takeover {
                reference = Reference::default();
            }
            let expect = reference.message(&payload);
            prop_assert!(expect.as_ref() == Some(&content));
            // zlib does not use the last bytes of its window.
            prop_assert!(reference.farthest <= (1 << window), "{} in 2^{window}", reference.farthest);
        }
    }

    /// Blocks of any type, with or without BFINAL, with references across blocks and across messages.
    #[test]
    fn output_of_another_deflater_inflates(
        parts in vec((content(), 0_u32..10, prop::bool::weighted(0.3), any::<bool>()), 1..6),
        most in 1_usize..2000,
    ) {
        let agreed = agreed("");
        let mut inflater = Inflater::new(&agreed, Sender::Server);
        let mut reference = Reference::default();
        let mut before: Vec<u8> = Vec::new();
        let (mut content, mut payload) = (Vec::new(), Vec::new());
        for (part, level, last, ends) in parts {
            // Each part is a separate stream that has the earlier content as its dictionary.
            let mut compress = Compress::new(Compression::new(level), false);
            compress.set_dictionary(&before[before.len().saturating_sub(32 << 10)..]).unwrap();
            let mut made = Vec::with_capacity(part.len() * 2 + 1000);
            let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
            compress.compress_vec(&part, &mut made, flush).unwrap();
            before.extend_from_slice(&part);
            content.extend_from_slice(&part);
            payload.extend_from_slice(&made);
            if ends {
                match payload.strip_suffix(&TAIL) {
                    Some(front) => payload = front.to_vec(),
                    // §7.2.3.4
                    None => payload.push(0),
                }
                prop_assert!(reference.message(&payload).as_ref() == Some(&content));
                let (inflated, result) = inflate(&mut inflater, &payload, most);
                prop_assert_eq!(result, Ok(()));
                prop_assert!(inflated == content);
                (content, payload) = (Vec::new(), Vec::new());
            }
        }
    }

    /// No bytes cause a panic. Both inflaters give the same content, or both fail, except if the data is only too short.
    #[test]
    fn any_bytes_inflate_as_with_another_inflater(
        payloads in vec(prop_oneof![
            vec(any::<u8>(), 0..40),
            // The start of a block with dynamic codes, which random bytes rarely are.
            (any::<prop::sample::Index>(), vec(any::<u8>(), 0..40), content()).prop_map(|(cut, behind, content)| {
                let mut deflater = Deflater::new(&agreed(""), Sender::Server);
                deflater.push(&content);
                deflater.finish();
                let front = deflater.take();
                [&front[..cut.index(front.len() + 1)], &behind].concat()
            }),
        ], 1..4),
        (one, other) in (1_usize..50, 1_usize..50),
    ) {
        let agreed = agreed("");
        let mut inflater = Inflater::new(&agreed, Sender::Server);
        let mut again = Inflater::new(&agreed, Sender::Server);
        let mut reference = Reference::default();
        for payload in payloads {
            let (inflated, result) = inflate(&mut inflater, &payload, one);
            let (inflated_again, result_again) = inflate(&mut again, &payload, other);
            prop_assert_eq!(&result_again, &result);
            prop_assert!(inflated == inflated_again);
            match reference.message(&payload) {
                Some(content) => {
                    prop_assert_eq!(result, Ok(()));
                    prop_assert!(inflated == content);
                }
                None => break,
            }
        }
    }
}
