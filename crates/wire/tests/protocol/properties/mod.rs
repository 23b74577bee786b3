//! Properties of all bytes, in any pieces.

mod connections;
mod deflate;
mod frames;
mod handshake;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::Sender;
use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

fn masking_key() -> impl Strategy<Value = MaskingKey> {
    any::<[u8; 4]>().prop_map(MaskingKey)
}

/// Any length that its form can express, often a boundary value.
fn length() -> impl Strategy<Value = PayloadLength> {
    let said_in = |form, most: u64| {
        let bytes = prop_oneof![0..=most, Just(0), Just(most), Just(most.min(126)), Just(most.min(0x1_0000))];
        bytes.prop_map(move |bytes| PayloadLength { bytes, form })
    };
    prop_oneof![
        said_in(LengthForm::Bits7, 125),
        said_in(LengthForm::Bits16, 0xffff),
        said_in(LengthForm::Bits64, u64::MAX),
    ]
}

fn any_header() -> impl Strategy<Value = FrameHeader> {
    let rsv = any::<[bool; 3]>().prop_map(|[rsv1, rsv2, rsv3]| Rsv { rsv1, rsv2, rsv3 });
    (any::<bool>(), rsv, any::<u8>(), proptest::option::of(masking_key()), length()).prop_map(
        |(fin, rsv, nibble, masking_key, length)| FrameHeader {
            fin,
            rsv,
            opcode: Opcode::from_nibble(nibble),
            masking_key,
            length,
        },
    )
}

fn peer() -> impl Strategy<Value = Sender> {
    select(vec![Sender::Client, Sender::Server])
}

/// How to split, in the format that `fuzzing` reads: a count, and that many lengths.
fn cuts() -> impl Strategy<Value = Vec<u8>> {
    vec(0_u8..24, 0..8).prop_map(|lengths| [&[lengths.len() as u8][..], &lengths].concat())
}
