//! Properties of a whole connection.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{any_header, cuts, masking_key, peer};
use crate::fuzzing;
use crate::support::Endpoint;
use crate::support::offers::agreed;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Deflater;
use wire::encoder::encode;
use wire::header::{FrameHeader, Rsv};
use wire::incoming::Limits;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;
use wire::outgoing::Answer;

fn text() -> impl Strategy<Value = Vec<u8>> {
    "[ -~\u{e9}\u{20ac}\u{1f600}]{0,12}".prop_map(String::into_bytes)
}

/// A frame that is valid for `sender`, except for the order of fragments.
fn decent_frame(sender: Sender) -> impl Strategy<Value = Vec<u8>> {
    let opcode = select(vec![Opcode::Text, Opcode::Binary, Opcode::Continuation, Opcode::Ping, Opcode::Pong]);
    let payload = prop_oneof![3 => text(), 1 => vec(any::<u8>(), 0..140)];
    (opcode, any::<bool>(), payload, masking_key()).prop_map(move |(opcode, fin, mut payload, key)| {
        let control = opcode.is_control();
        if control {
            payload.truncate(125);
        }
        let masking_key = (sender == Sender::Client).then_some(key);
        let header = FrameHeader { masking_key, ..FrameHeader::unmasked(fin || control, opcode, payload.len() as u64) };
        let mut bytes = Vec::new();
        encode(&header, &payload, &mut bytes);
        bytes
    })
}

/// Traffic that is partly valid and partly invalid: valid frames, invalid headers, close frames and noise.
fn traffic(sender: Sender) -> impl Strategy<Value = Vec<u8>> {
    // With the correct masking. Otherwise the header alone makes it invalid.
    let close = (vec(any::<u8>(), 0..6), any::<bool>(), masking_key()).prop_map(move |(payload, right, key)| {
        let masking_key = (right == (sender == Sender::Client)).then_some(key);
        let header = FrameHeader { masking_key, ..FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64) };
        let mut bytes = Vec::new();
        encode(&header, &payload, &mut bytes);
        bytes
    });
    let wrong = (any_header(), vec(any::<u8>(), 0..20)).prop_map(|(header, payload)| {
        let mut bytes = Vec::new();
        encode(&header, &payload, &mut bytes);
        bytes
    });
    let part = prop_oneof![16 => decent_frame(sender), 2 => close, 1 => wrong, 1 => vec(any::<u8>(), 0..8)];
    vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn sent_traffic() -> impl Strategy<Value = (Sender, Vec<u8>)> {
    peer().prop_flat_map(|sender| traffic(sender).prop_map(move |bytes| (sender, bytes)))
}

/// A message on a connection with permessage-deflate.
#[derive(Clone, Debug)]
struct Message {
    text: bool,
    content: Vec<u8>,
    compressed: bool,
    /// Bytes that replace the first bytes of its payload. Usually there are none.
    damage: Vec<u8>,
    /// The lengths of its fragments except the last, and whether a ping follows each.
    fragments: Vec<(u8, bool)>,
    key: MaskingKey,
}

fn message() -> impl Strategy<Value = Message> {
    let content = prop_oneof![
        4 => text(),
        2 => (text(), 0_usize..40).prop_map(|(text, times)| text.repeat(times)),
        1 => vec(any::<u8>(), 0..140),
    ];
    let damage = prop_oneof![12 => Just(Vec::new()), 1 => vec(any::<u8>(), 1..6)];
    let fragments = vec((0_u8..20, prop::bool::weighted(0.2)), 0..4);
    (prop::bool::weighted(0.7), content, prop::bool::weighted(0.8), damage, fragments, masking_key()).prop_map(
        |(text, content, compressed, damage, fragments, key)| Message {
            text,
            content,
            compressed,
            damage,
            fragments,
            key,
        },
    )
}

impl Message {
    /// Its frames, each valid for `sender`.
    fn encode(&self, sender: Sender, deflater: &mut Deflater, out: &mut Vec<u8>) {
        let mut payload = self.content.clone();
        if self.compressed {
            deflater.push(&self.content);
            deflater.finish();
            payload = deflater.take();
        }
        payload.iter_mut().zip(&self.damage).for_each(|(byte, damaged)| *byte = *damaged);
        let masking_key = (sender == Sender::Client).then_some(self.key);
        let mut rest = &payload[..];
        let mut opcode = if self.text { Opcode::Text } else { Opcode::Binary };
        let mut rsv = Rsv { rsv1: self.compressed, ..Rsv::default() };
        let mut frame = |fin, opcode, rsv, payload: &[u8]| {
            let header = FrameHeader { rsv, masking_key, ..FrameHeader::unmasked(fin, opcode, payload.len() as u64) };
            encode(&header, payload, out);
        };
        for (length, ping) in &self.fragments {
            let (fragment, behind) = rest.split_at(usize::from(*length).min(rest.len()));
            frame(false, opcode, rsv, fragment);
            if *ping {
                frame(true, Opcode::Ping, Rsv::default(), b"!");
            }
            (rest, opcode, rsv) = (behind, Opcode::Continuation, Rsv::default());
        }
        frame(true, opcode, rsv, rest);
    }
}

/// The kind of connection, in the format that `fuzzing` reads.
fn kind(peer: Sender, deflate: bool, other: u8) -> u8 {
    u8::from(peer == Sender::Server) | if deflate { 0 } else { 4 } | other & !5
}

proptest! {
    #[test]
    fn the_decoder_returns_the_same_frames_for_any_split((_, bytes) in sent_traffic(), cuts in cuts()) {
        fuzzing::decoder(&[&cuts, &bytes[..]].concat());
    }

    /// Any split gives the same frames, verdicts and answers, and nothing after a violation. For an abandoned frame, one payload is
    /// the start of the other. A truncated frame is the same.
    #[test]
    fn an_endpoint_gives_the_same_verdicts_for_any_split(
        (peer, bytes) in sent_traffic(),
        (deflate, other) in (any::<bool>(), any::<u8>()),
        patience in 0_u8..5,
        cuts in cuts(),
    ) {
        fuzzing::endpoint(&[&[kind(peer, deflate, other), patience], &cuts[..], &bytes].concat());
    }

    #[test]
    fn compressed_messages_get_the_same_verdicts_for_any_split(
        (peer, other) in (peer(), any::<u8>()),
        messages in vec(message(), 0..6),
        patience in 0_u8..5,
        cuts in cuts(),
    ) {
        let mut takeover = String::new();
        takeover += if other & 8 == 0 { "" } else { "; server_no_context_takeover" };
        takeover += if other & 16 == 0 { "" } else { "; client_no_context_takeover" };
        let mut deflater = Deflater::new(&agreed(&takeover), peer);
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.encode(peer, &mut deflater, &mut bytes));
        fuzzing::endpoint(&[&[kind(peer, true, other), patience], &cuts[..], &bytes].concat());
    }

    #[test]
    fn no_bytes_make_a_connection_panic(bytes in vec(any::<u8>(), 0..200)) {
        fuzzing::decoder(&bytes);
        fuzzing::endpoint(&bytes);
    }

    /// §5.5.1: a close frame can report every failure of a connection.
    #[test]
    fn every_failure_fits_a_close_frame((peer, mut bytes) in sent_traffic(), deflate: bool) {
        let endpoint = Endpoint::new(peer, Limits { frame: 200, message: 300 });
        let mut endpoint = if deflate { endpoint.with_deflate(&agreed("")) } else { endpoint };
        let mut frames = Vec::new();
        endpoint.receive(&mut bytes, &mut frames);
        for frame in &frames {
            if let Answer::Fail(Some(payload)) | Answer::Close(payload) = endpoint.answer(frame) {
                prop_assert!(payload.len() <= 125);
                prop_assert_eq!(ClosePayload::parse(&payload).1, None);
            }
        }
    }
}
