//! What holds for all bytes, however they are cut.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wire::Sender;
use wire::close::ClosePayload;
use wire::decoder::{Decoder, Piece};
use wire::encoder::encode;
use wire::endpoint::{Answer, Endpoint, Limits, Received};
use wire::extension;
use wire::handshake::head::{RequestHead, ResponseHead};
use wire::handshake::request::{judge, subprotocols};
use wire::handshake::response::{refusal_for, switching_protocols};
use wire::header::{Field, FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::mask::MaskingKey;
use wire::opcode::Opcode;
use wire::utf8::Utf8Check;

const LIMITS: Limits = Limits { frame: 200, message: 300 };

// What is drawn

fn peer() -> impl Strategy<Value = Sender> {
    select(vec![Sender::Client, Sender::Server])
}

fn masking_key() -> impl Strategy<Value = MaskingKey> {
    any::<[u8; 4]>().prop_map(MaskingKey)
}

/// Any length that its form can say, the edges often.
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

/// A frame as `sender` should send it, but for the order of fragments.
fn decent_frame(sender: Sender) -> impl Strategy<Value = Vec<u8>> {
    let opcode = select(vec![Opcode::Text, Opcode::Binary, Opcode::Continuation, Opcode::Ping, Opcode::Pong]);
    let payload = prop_oneof![
        3 => "[ -~\u{e9}\u{20ac}\u{1f600}]{0,12}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..140),
    ];
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

/// Traffic that is well-formed often enough to get somewhere, and wrong often enough: decent frames, headers that break
/// rules, close frames, noise.
fn traffic(sender: Sender) -> impl Strategy<Value = Vec<u8>> {
    // Masked as it should be, or else condemned by its header whatever it says.
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

/// Where to cut: each number is taken modulo what is left.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(0_usize..24, 0..40)
}

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

// What is done with it

/// Headers, payloads and whether they ended, whatever pieces they came in.
fn decode(pieces: Vec<Vec<u8>>) -> Vec<(FrameHeader, Vec<u8>, bool)> {
    let mut decoder = Decoder::default();
    let mut frames: Vec<(FrameHeader, Vec<u8>, bool)> = Vec::new();
    for mut piece in pieces {
        let mut input = &mut piece[..];
        while let Some(next) = decoder.next(&mut input) {
            let last = frames.last_mut();
            match (next, last) {
                (Piece::Header(header), _) => frames.push((header, Vec::new(), false)),
                (Piece::Payload(payload), Some(frame)) => {
                    assert!(!payload.is_empty());
                    frame.1.extend_from_slice(payload);
                }
                (Piece::End, Some(frame)) => frame.2 = true,
                (next, None) => panic!("{next:?} before any header"),
            }
        }
        assert!(input.is_empty(), "asked for more with bytes left");
    }
    frames
}

fn receive(peer: Sender, pieces: Vec<Vec<u8>>) -> (Endpoint, Vec<Received>, Vec<Answer>) {
    let mut endpoint = Endpoint::new(peer, LIMITS);
    let mut frames = Vec::new();
    for mut piece in pieces {
        endpoint.receive(&mut piece, &mut frames);
    }
    let answers = frames.iter().map(|frame| endpoint.answer(frame)).collect();
    (endpoint, frames, answers)
}

/// All of `frame` but what depends on how much of it had come when it was given up.
fn settled(frame: &Received) -> Received {
    if frame.violations.is_empty() {
        return frame.clone();
    }
    Received { payload: Vec::new(), whole: false, close: None, ..frame.clone() }
}

proptest! {
    // Cut anywhere

    #[test]
    fn the_decoder_sees_the_same_frames_however_bytes_are_cut((_, bytes) in sent_traffic(), cuts in cuts()) {
        prop_assert_eq!(decode(pieces(&bytes, &cuts)), decode(vec![bytes]));
    }

    /// The same frames with the same verdicts and answers, and nothing after a violation. Of a frame that is given up, the
    /// payload of one is the front of the payload of the other; one that is cut off is the same.
    #[test]
    fn an_endpoint_judges_the_same_however_bytes_are_cut((peer, bytes) in sent_traffic(), cuts in cuts()) {
        let (mut cut_endpoint, cut, cut_answers) = receive(peer, pieces(&bytes, &cuts));
        let (mut endpoint, whole, answers) = receive(peer, vec![bytes]);
        prop_assert_eq!(cut.iter().map(settled).collect::<Vec<_>>(), whole.iter().map(settled).collect::<Vec<_>>());
        prop_assert_eq!(cut_answers, answers);
        let violations = whole.iter().map(|frame| frame.violations.len());
        prop_assert!(violations.rev().skip(1).all(|many| many == 0), "only the last frame can have one");
        let cut_off = endpoint.cut_off();
        prop_assert_eq!(&cut_endpoint.cut_off(), &cut_off);
        let failed = whole.last().is_some_and(|frame| !frame.violations.is_empty());
        prop_assert!(cut_off.is_none_or(|frame| !failed && !frame.whole && frame.violations.is_empty()));
        for (cut, whole) in cut.iter().zip(&whole) {
            prop_assert!(whole.payload.starts_with(&cut.payload) && (whole.whole || !cut.whole));
            prop_assert!(cut.whole || !cut.violations.is_empty(), "a right frame is handed over whole");
        }
    }

    #[test]
    fn text_is_judged_as_std_judges_it_however_it_is_cut(
        bytes in prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            vec(select(vec![0x00, 0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5]), 0..8),
        ],
        cuts in cuts(),
    ) {
        let mut check = Utf8Check::default();
        let verdict = pieces(&bytes, &cuts).iter().try_for_each(|piece| check.push(piece)).and_then(|()| check.finish());
        let std = std::str::from_utf8(&bytes).map(|_| ()).map_err(|error| error.valid_up_to() as u64);
        prop_assert_eq!(verdict.map_err(|error| error.offset), std);
    }

    // There and back

    #[test]
    fn a_header_reads_back_as_it_was_written(header in any_header(), behind in vec(any::<u8>(), 0..4)) {
        let bytes = [&header.encode()[..], &behind].concat();
        prop_assert_eq!(header.encode().len(), header.len());
        prop_assert_eq!(FrameHeader::parse(&bytes), Some(header));
    }

    #[test]
    fn the_header_of_any_bytes_is_written_as_those_bytes(bytes in vec(any::<u8>(), 0..20)) {
        if let Some(header) = FrameHeader::parse(&bytes) {
            prop_assert_eq!(&header.encode()[..], &bytes[..header.len()]);
        }
    }

    #[test]
    fn a_frame_reads_back_as_it_was_written(
        (fin, nibble, key) in (any::<bool>(), any::<u8>(), proptest::option::of(masking_key())),
        payload in vec(any::<u8>(), 0..300),
    ) {
        let header =
            FrameHeader { masking_key: key, ..FrameHeader::unmasked(fin, Opcode::from_nibble(nibble), payload.len() as u64) };
        let mut bytes = Vec::new();
        encode(&header, &payload, &mut bytes);
        prop_assert_eq!(decode(vec![bytes]), [(header, payload, true)]);
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
    fn masking_in_pieces_is_masking_the_whole(key in masking_key(), payload in vec(any::<u8>(), 0..200), cuts in cuts()) {
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

    // Any bytes

    #[test]
    fn no_bytes_make_frames_panic(peer in peer(), bytes in vec(any::<u8>(), 0..200), cuts in cuts()) {
        decode(pieces(&bytes, &cuts));
        let (_, frames, answers) = receive(peer, pieces(&bytes, &cuts));
        prop_assert_eq!(frames.len(), answers.len());
        let _ = ClosePayload::parse(&bytes);
    }

    /// §5.5.1: whatever fails a connection, a close frame can say so.
    #[test]
    fn every_failure_can_be_said_in_a_close_frame((peer, bytes) in sent_traffic()) {
        for answer in receive(peer, vec![bytes]).2 {
            if let Answer::Fail(Some(payload)) | Answer::Close(payload) = answer {
                prop_assert!(payload.len() <= 125);
                prop_assert_eq!(ClosePayload::parse(&payload).1, None);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_handshake_panic(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            ("(GET|POST|x) [!-~]{0,8} HTTP/1\\.[01]\r\n", vec(header_line(), 0..10))
                .prop_map(|(first, lines)| format!("{first}{}\r\n", lines.concat()).into_bytes()),
        ],
    ) {
        if let Ok(Some(head)) = RequestHead::parse(&bytes) {
            let answer = match judge(&bytes, &head) {
                Ok(request) => switching_protocols(&request.key, request.subprotocols.first().map(String::as_str)),
                Err(error) => refusal_for(&error),
            };
            prop_assert!(matches!(ResponseHead::parse(answer.as_bytes()), Ok(Some(_))), "{answer}");
            for line in &head.headers {
                prop_assert!(!bytes[line.name.clone()].is_empty());
                prop_assert!(line.value.end <= head.len);
            }
        }
        let _ = ResponseHead::parse(&bytes);
        let _ = ResponseHead::parse(&[b"HTTP/1.1 101 ", &bytes[..]].concat());
    }

    #[test]
    fn no_text_makes_lists_panic(text in prop_oneof![any::<String>(), "[ab,;=\"\\\\ \t]{0,16}"]) {
        let _ = subprotocols(&text);
        for extension in extension::parse(&text).unwrap_or_default() {
            prop_assert!(extension::is_token(extension.name));
            for (name, value) in extension.parameters {
                prop_assert!(extension::is_token(name) && value.is_none_or(|value| extension::is_token(&value)));
            }
        }
    }
}

fn header_line() -> impl Strategy<Value = String> {
    let name = select(vec![
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    ]);
    let value = prop_oneof![
        Just("websocket".to_owned()),
        Just("Upgrade".to_owned()),
        Just("13".to_owned()),
        Just("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        "[ -~\u{e9}]{0,12}",
    ];
    (name, value).prop_map(|(name, value)| format!("{name}: {value}\r\n"))
}
