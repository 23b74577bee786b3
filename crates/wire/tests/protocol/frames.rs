//! RFC 6455 §5.2, §5.3 and §5.7: reading and writing the bytes of one frame.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::hex;
use wire::decoder::{Decoder, Piece};
use wire::encoder::encode;
use wire::header::{Field, FieldSpan, FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

const KEY: MaskingKey = MaskingKey([0x37, 0xfa, 0x21, 0x3d]); // §5.7

fn masked(fin: bool, opcode: Opcode, bytes: u64) -> FrameHeader {
    FrameHeader { masking_key: Some(KEY), ..FrameHeader::unmasked(fin, opcode, bytes) }
}

/// Every frame in `bytes` with its unmasked payload.
fn decode(bytes: &[u8]) -> Vec<(FrameHeader, Vec<u8>)> {
    let mut bytes = bytes.to_vec();
    let mut input = &mut bytes[..];
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    let mut ended = 0;
    while let Some(piece) = decoder.next(&mut input) {
        match piece {
            Piece::Header(header) => frames.push((header, Vec::new())),
            Piece::Payload(payload) => frames.last_mut().expect("a header first").1.extend_from_slice(payload),
            Piece::End => ended += 1,
        }
    }
    assert!(input.is_empty() && ended == frames.len());
    frames
}

// §5.7

#[test]
fn the_rfcs_examples_decode_and_encode_byte_for_byte() {
    #[track_caller]
    fn check(bytes: &[u8], expect: &[(FrameHeader, &[u8])]) {
        let frames = decode(bytes);
        assert_eq!(frames.iter().map(|(header, payload)| (*header, &payload[..])).collect::<Vec<_>>(), expect);
        let mut out = Vec::new();
        for (header, payload) in expect {
            encode(header, payload, &mut out);
        }
        assert_eq!(out, bytes);
    }
    let unmasked = FrameHeader::unmasked;
    // A single-frame unmasked text message
    check(&hex("81 05 48 65 6c 6c 6f"), &[(unmasked(true, Opcode::Text, 5), b"Hello")]);
    // A single-frame masked text message
    check(&hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), &[(masked(true, Opcode::Text, 5), b"Hello")]);
    // A fragmented unmasked text message
    check(
        &hex("01 03 48 65 6c  80 02 6c 6f"),
        &[(unmasked(false, Opcode::Text, 3), b"Hel"), (unmasked(true, Opcode::Continuation, 2), b"lo")],
    );
    // Unmasked Ping request and masked Pong response
    check(&hex("89 05 48 65 6c 6c 6f"), &[(unmasked(true, Opcode::Ping, 5), b"Hello")]);
    check(&hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), &[(masked(true, Opcode::Pong, 5), b"Hello")]);
    // 256 bytes binary message in a single unmasked frame
    let payload: Vec<u8> = (0..=255).collect();
    check(&[hex("82 7E 0100"), payload.clone()].concat(), &[(unmasked(true, Opcode::Binary, 256), &payload)]);
    // 64KiB binary message in a single unmasked frame
    let payload = payload.repeat(256);
    check(
        &[hex("82 7F 0000000000010000"), payload.clone()].concat(),
        &[(unmasked(true, Opcode::Binary, 65536), &payload)],
    );
}

// §5.2

#[test]
fn each_bit_of_a_header_has_its_meaning() {
    #[track_caller]
    fn check(bytes: &str, expect: FrameHeader) {
        let bytes = hex(bytes);
        assert_eq!(FrameHeader::parse(&bytes), Some(expect));
        let encoded = expect.encode();
        assert_eq!(encoded[..], bytes);
        let (front, behind) = encoded.padded().split_at(bytes.len());
        assert!(front == bytes && behind.iter().all(|&byte| byte == 0));
        assert_eq!(expect.len(), bytes.len());
        for end in 0..bytes.len() {
            assert_eq!(FrameHeader::parse(&bytes[..end]), None, "the first {end} bytes");
        }
    }
    let plain = FrameHeader::unmasked(false, Opcode::Continuation, 0);
    check("00 00", plain);
    check("80 00", FrameHeader { fin: true, ..plain });
    check("40 00", FrameHeader { rsv: Rsv { rsv1: true, ..Rsv::default() }, ..plain });
    check("20 00", FrameHeader { rsv: Rsv { rsv2: true, ..Rsv::default() }, ..plain });
    check("10 00", FrameHeader { rsv: Rsv { rsv3: true, ..Rsv::default() }, ..plain });
    check("0f 00", FrameHeader { opcode: Opcode::ReservedControl(0xf), ..plain });
    check("00 80 01020304", FrameHeader { masking_key: Some(MaskingKey([1, 2, 3, 4])), ..plain });
    let length = |bytes, form| FrameHeader { length: PayloadLength { bytes, form }, ..plain };
    check("00 7d", length(125, LengthForm::Bits7));
    check("00 7e 007e", length(126, LengthForm::Bits16));
    check("00 7e ffff", length(0xffff, LengthForm::Bits16));
    check("00 7f 0000000000010000", length(0x1_0000, LengthForm::Bits64));
    check("00 7f 7fffffffffffffff", length(u64::MAX >> 1, LengthForm::Bits64));
    // Longer than needed, or with the highest bit set: invalid, but still read and written.
    check("00 7e 0000", length(0, LengthForm::Bits16));
    check("00 7f 000000000000007d", length(125, LengthForm::Bits64));
    check("00 7f 8000000000000000", length(1 << 63, LengthForm::Bits64));
    check("00 7f ffffffffffffffff", length(u64::MAX, LengthForm::Bits64));
    check(
        "f9 ff 0000000000000001 deadbeef",
        FrameHeader {
            fin: true,
            rsv: Rsv { rsv1: true, rsv2: true, rsv3: true },
            opcode: Opcode::Ping,
            masking_key: Some(MaskingKey([0xde, 0xad, 0xbe, 0xef])),
            length: PayloadLength { bytes: 1, form: LengthForm::Bits64 },
        },
    );
}

#[test]
fn the_minimal_form_changes_at_126_and_65536() {
    #[track_caller]
    fn check(bytes: u64, expect: LengthForm) {
        assert_eq!(PayloadLength::minimal(bytes), PayloadLength { bytes, form: expect });
    }
    check(0, LengthForm::Bits7);
    check(125, LengthForm::Bits7);
    check(126, LengthForm::Bits16);
    check(65535, LengthForm::Bits16);
    check(65536, LengthForm::Bits64);
    check(u64::MAX, LengthForm::Bits64);
    let widths =
        [LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64].map(|form| (form.bits(), form.extra_bytes()));
    assert_eq!(widths, [(7, 0), (16, 2), (64, 8)]);
}

#[test]
fn a_length_too_large_for_its_form_loses_its_high_bits() {
    let header = |bytes, form| FrameHeader {
        length: PayloadLength { bytes, form },
        ..FrameHeader::unmasked(true, Opcode::Binary, 0)
    };
    assert_eq!(header(0x1_0203, LengthForm::Bits16).encode()[..], hex("82 7e 0203"));
    assert_eq!(header(0x81, LengthForm::Bits7).encode()[..], hex("82 01"));
    // These two announce an extended length that is missing.
    assert_eq!(header(126, LengthForm::Bits7).encode()[..], hex("82 7e"));
    assert_eq!(header(127, LengthForm::Bits7).encode()[..], hex("82 7f"));
}

/// §5.2 and §11.8
#[test]
fn every_nibble_is_an_opcode() {
    #[track_caller]
    fn check(nibble: u8, expect: Opcode, name: &str, is_control: bool, is_reserved: bool) {
        assert_eq!(Opcode::from_nibble(nibble), expect);
        assert_eq!(Opcode::from_nibble(0xf0 | nibble), expect, "the high bits are not the opcode's");
        assert_eq!(expect.nibble(), nibble);
        assert_eq!((expect.name(), expect.to_string().as_str()), (name, name));
        assert_eq!((expect.is_control(), expect.is_reserved()), (is_control, is_reserved), "{nibble:#x}");
    }
    check(0x0, Opcode::Continuation, "continuation", false, false);
    check(0x1, Opcode::Text, "text", false, false);
    check(0x2, Opcode::Binary, "binary", false, false);
    for nibble in 0x3..=0x7 {
        check(nibble, Opcode::ReservedData(nibble), "reserved data", false, true);
    }
    check(0x8, Opcode::Close, "close", true, false);
    check(0x9, Opcode::Ping, "ping", true, false);
    check(0xa, Opcode::Pong, "pong", true, false);
    for nibble in 0xb..=0xf {
        check(nibble, Opcode::ReservedControl(nibble), "reserved control", true, true);
    }
}

#[test]
fn fields_sit_where_the_rfc_draws_them() {
    #[track_caller]
    fn check(bytes: &str, expect: &[(Field, u64, u64)]) {
        let header = FrameHeader::parse(&hex(bytes)).unwrap();
        let expect: Vec<_> =
            expect.iter().map(|&(field, first_bit, bits)| FieldSpan { field, first_bit, bits }).collect();
        assert_eq!(header.fields(), expect);
    }
    use Field::{ExtendedLength, Fin, Length, Mask, Opcode, Payload, Rsv1, Rsv2, Rsv3};
    let first_two_bytes =
        [(Fin, 0, 1), (Rsv1, 1, 1), (Rsv2, 2, 1), (Rsv3, 3, 1), (Opcode, 4, 4), (Mask, 8, 1), (Length, 9, 7)];
    let with = |rest: &[_]| [&first_two_bytes[..], rest].concat();
    check("81 00", &with(&[]));
    check("81 05", &with(&[(Payload, 16, 40)]));
    check("81 85 37fa213d", &with(&[(Field::MaskingKey, 16, 32), (Payload, 48, 40)]));
    check("82 7e 0100", &with(&[(ExtendedLength, 16, 16), (Payload, 32, 2048)]));
    check(
        "82 ff 0000000000010000 37fa213d",
        &with(&[(ExtendedLength, 16, 64), (Field::MaskingKey, 80, 32), (Payload, 112, 524_288)]),
    );
    // More bits than the counter can hold: the payload ends at its maximum.
    check("82 7f ffffffffffffffff", &with(&[(ExtendedLength, 16, 64), (Payload, 80, u64::MAX - 80)]));
}

#[test]
fn fields_tile_every_form_of_frame_without_gap() {
    for form in [LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64] {
        for masking_key in [None, Some(KEY)] {
            for bytes in [0, 1, 125, 126, 0xffff, 0x1_0000, 1 << 32, 1 << 61, u64::MAX] {
                let length = PayloadLength { bytes, form };
                let header = FrameHeader { masking_key, length, ..FrameHeader::unmasked(true, Opcode::Binary, 0) };
                let mut end = 0;
                for span in header.fields() {
                    assert_eq!(span.first_bit, end, "{span:?} of {header:?}");
                    assert!(span.bits > 0);
                    if span.field == Field::Payload {
                        assert_eq!(end, 8 * header.len() as u64);
                    }
                    end = end.checked_add(span.bits).unwrap();
                }
                let all = bytes.checked_mul(8).and_then(|bits| bits.checked_add(8 * header.len() as u64));
                assert_eq!(end, all.unwrap_or(u64::MAX));
            }
        }
    }
}

// §5.3

#[test]
fn a_payload_is_masked_with_the_key_byte_of_its_offset() {
    // Long enough for words of eight bytes and a rest, at every offset in the key.
    let payload: Vec<u8> = (0..61_u8).map(|n| n.wrapping_mul(7)).collect();
    for offset in [0, 1, 2, 3, 4, 5, 1 << 40, u64::MAX - 100] {
        let mut bytes = payload.clone();
        KEY.apply(&mut bytes, offset);
        let expect: Vec<u8> = (offset..).zip(&payload).map(|(at, byte)| byte ^ KEY.0[(at % 4) as usize]).collect();
        assert_eq!(bytes, expect, "from offset {offset}");
        assert_eq!(KEY.at(offset), KEY.0[(offset % 4) as usize]);
    }
}

// Bytes in any pieces

#[test]
fn the_decoder_returns_what_has_arrived_and_asks_for_more() {
    let mut bytes = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58 89 00");
    let mut decoder = Decoder::default();
    let (front, rest) = bytes.split_at_mut(3);
    let mut input = front;
    assert_eq!(decoder.next(&mut input), None);
    assert!(input.is_empty());
    let (front, rest) = rest.split_at_mut(5);
    let mut input = front;
    assert_eq!(decoder.next(&mut input), Some(Piece::Header(masked(true, Opcode::Text, 5))));
    assert_eq!(decoder.next(&mut input), Some(Piece::Payload(&mut b"He".to_owned()[..])));
    assert_eq!(decoder.next(&mut input), None);
    let mut input = rest;
    assert_eq!(decoder.next(&mut input), Some(Piece::Payload(&mut b"llo".to_owned()[..])));
    assert_eq!(decoder.next(&mut input), Some(Piece::End));
    // An empty frame is complete after its header, without more bytes.
    assert_eq!(decoder.next(&mut input), Some(Piece::Header(FrameHeader::unmasked(true, Opcode::Ping, 0))));
    assert!(input.is_empty());
    assert_eq!(decoder.next(&mut input), Some(Piece::End));
    assert_eq!(decoder.next(&mut input), None);
}

#[test]
fn the_decoder_returns_a_complete_frame_at_once() {
    let mut bytes = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58 89 00 82 02 41");
    let mut decoder = Decoder::default();
    let mut input = &mut bytes[..];
    let (header, frame) = decoder.whole(&mut input).unwrap();
    // The piece contains the whole frame, so a reply can be written in place.
    assert_eq!((header, &frame[..]), (masked(true, Opcode::Text, 5), &b"\x81\x85\x37\xfa\x21\x3dHello"[..]));
    let ping = FrameHeader::unmasked(true, Opcode::Ping, 0);
    assert_eq!(decoder.whole(&mut input), Some((ping, &mut [0x89, 0][..])));
    // One byte is missing, and the decoder consumes nothing.
    assert_eq!((decoder.whole(&mut input), input.len()), (None, 3));
    assert_eq!(decoder.next(&mut input), Some(Piece::Header(FrameHeader::unmasked(true, Opcode::Binary, 2))));
    assert_eq!(decoder.next(&mut input), Some(Piece::Payload(&mut b"A".to_owned()[..])));
    // No frame starts inside a frame or inside a header.
    let mut more = hex("42 81 00");
    let mut input = &mut more[..];
    assert_eq!((decoder.whole(&mut input), input.len()), (None, 3));
    assert_eq!(decoder.next(&mut input), Some(Piece::Payload(&mut b"B".to_owned()[..])));
    assert_eq!(decoder.next(&mut input), Some(Piece::End));
    let mut input = &mut hex("81")[..];
    assert_eq!((decoder.whole(&mut input), decoder.next(&mut input)), (None, None));
    let mut rest = hex("00 81 00");
    let mut input = &mut rest[..];
    assert_eq!((decoder.whole(&mut input), input.len()), (None, 3));
    // A frame larger than memory is never complete.
    let mut huge = hex("82 7f ffffffffffffffff 00");
    assert_eq!(Decoder::default().whole(&mut &mut huge[..]), None);
}

#[test]
fn the_decoder_skips_bytes_that_are_not_known_and_no_more_than_the_payload() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.skip(3), 0, "between frames, the position of the next one is unknown");
    let mut bytes = b"\x82\x0aab".to_vec();
    let mut input = &mut bytes[..];
    assert!(matches!(decoder.next(&mut input), Some(Piece::Header(_))));
    assert!(matches!(decoder.next(&mut input), Some(Piece::Payload(_))));
    assert_eq!(decoder.skip(3), 3);
    assert_eq!(decoder.skip(100), 5);
    assert_eq!(decoder.skip(1), 0);
    assert_eq!(decoder.next(&mut &mut [][..]), Some(Piece::End));
    assert!(decoder.is_between_frames());
}

#[test]
fn the_encoder_writes_any_header() {
    let mut out = Vec::new();
    encode(&masked(true, Opcode::Text, 9), b"Hello", &mut out);
    assert_eq!(out, hex("81 89 37 fa 21 3d 7f 9f 4d 51 58"));
}
