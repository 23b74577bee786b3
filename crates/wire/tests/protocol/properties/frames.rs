//! Properties of one frame, one payload and one text.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{any_header, masking_key};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::close::ClosePayload;
use wire::decoder::{Decoder, Piece};
use wire::encoder::encode;
use wire::header::{Field, FrameHeader};
use wire::opcode::Opcode;
use wire::utf8::Utf8Check;

fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces.push(rest.to_vec());
    pieces
}

proptest! {
    // Round trips

    #[test]
    fn a_written_header_reads_back(header in any_header(), behind in vec(any::<u8>(), 0..4)) {
        let bytes = [&header.encode()[..], &behind].concat();
        prop_assert_eq!(header.encode().len(), header.len());
        prop_assert_eq!(FrameHeader::parse(&bytes), Some(header));
    }

    #[test]
    fn a_read_header_is_written_as_the_same_bytes(bytes in vec(any::<u8>(), 0..20)) {
        if let Some(header) = FrameHeader::parse(&bytes) {
            prop_assert_eq!(&header.encode()[..], &bytes[..header.len()]);
        }
    }

    #[test]
    fn a_written_frame_reads_back(
        (fin, nibble, key) in (any::<bool>(), any::<u8>(), proptest::option::of(masking_key())),
        payload in vec(any::<u8>(), 0..300),
        most in 1_usize..400,
    ) {
        let header =
            FrameHeader { masking_key: key, ..FrameHeader::unmasked(fin, Opcode::from_nibble(nibble), payload.len() as u64) };
        let mut bytes = Vec::new();
        encode(&header, &payload, &mut bytes);
        let mut input = &mut bytes[..];
        let mut decoder = Decoder::default();
        prop_assert_eq!(decoder.next_within(&mut input, most), Some(Piece::Header(header)));
        let mut read = Vec::new();
        while let Some(Piece::Payload(piece)) = decoder.next_within(&mut input, most) {
            prop_assert_eq!(piece.len(), most.min(payload.len() - read.len()), "as much as may be at a time");
            read.extend_from_slice(piece);
        }
        prop_assert_eq!((read, input.len(), decoder.next(&mut input)), (payload, 0, None));
    }

    #[test]
    fn fields_tile_the_frame(header in any_header()) {
        let mut end = 0;
        for span in header.fields() {
            prop_assert_eq!(span.first_bit, end);
            end += span.bits;
        }
        let payload = header.fields().iter().find(|span| span.field == Field::Payload).map_or(0, |span| span.bits);
        prop_assert_eq!(end - payload, 8 * header.len() as u64);
    }

    // §5.3

    #[test]
    fn masking_twice_changes_nothing(key in masking_key(), payload in vec(any::<u8>(), 0..80), offset: u64) {
        let mut bytes = payload.clone();
        key.apply(&mut bytes, offset);
        key.apply(&mut bytes, offset);
        prop_assert_eq!(bytes, payload);
    }

    #[test]
    fn masking_in_pieces_is_masking_the_whole(
        key in masking_key(),
        payload in vec(any::<u8>(), 0..200),
        cuts in vec(0_usize..24, 0..40),
    ) {
        let mut whole = payload.clone();
        key.apply(&mut whole, 0);
        let mut offset = 0;
        let mut masked = Vec::new();
        for mut piece in pieces(&payload, &cuts) {
            key.apply(&mut piece, offset);
            offset += piece.len() as u64;
            masked.extend(piece);
        }
        prop_assert_eq!(masked, whole);
    }

    // §8.1

    #[test]
    fn text_is_checked_like_in_std_for_any_split(
        bytes in prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            vec(select(vec![0x00, 0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5]), 0..8),
        ],
        cuts in vec(0_usize..24, 0..40),
    ) {
        let mut check = Utf8Check::default();
        let verdict = pieces(&bytes, &cuts).iter().try_for_each(|piece| check.push(piece)).and_then(|()| check.finish());
        let std = std::str::from_utf8(&bytes).map(|_| ()).map_err(|error| error.valid_up_to() as u64);
        prop_assert_eq!(verdict.map_err(|error| error.offset), std);
    }

    #[test]
    fn no_bytes_make_a_close_payload_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = ClosePayload::parse(&bytes);
    }
}
