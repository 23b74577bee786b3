//! Properties of all possible bytes. `fuzz/` searches for bytes that break them, starting from its seeds. The tests run the seeds.

mod endpoint;
mod negotiation;
// A browser has no files. There, only the property tests run the same bodies.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod seeds;

pub use endpoint::endpoint;
pub use negotiation::deflate_negotiation;

use wire::decoder::{Decoder, Piece};
use wire::deflate::{Policy, Verdict, negotiate};
use wire::encoder::encode;
use wire::extension;
use wire::handshake::head::{RequestHead, ResponseHead, values};
use wire::handshake::request::{judge, subprotocols};
use wire::handshake::response::{refusal_for, switching_protocols};
use wire::header::FrameHeader;

/// Reads how to split the rest from the start of `bytes`: a count, and that many lengths, which repeat.
fn cut(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some((count, bytes)) = bytes.split_first() else { return vec![Vec::new()] };
    let (lengths, mut rest) = bytes.split_at(usize::from(count % 8).min(bytes.len()));
    let mut pieces = Vec::new();
    if lengths.iter().any(|&length| length > 0) {
        for length in lengths.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(usize::from(*length).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = behind;
        }
    }
    pieces.push(rest.to_vec());
    pieces
}

/// Frames do not depend on the split, and writing them again gives the same bytes.
pub fn decoder(bytes: &[u8]) {
    let pieces = cut(bytes);
    let whole = pieces.concat();
    let frames = decode(&pieces, false);
    assert_eq!(frames, decode(&pieces, true));
    assert_eq!(frames, decode(std::slice::from_ref(&whole), false));
    let mut again = Vec::new();
    for (header, payload, ended) in &frames {
        let start = again.len();
        encode(header, payload, &mut again);
        assert_eq!(FrameHeader::parse(&again[start..]), Some(*header));
        assert_eq!(*ended, payload.len() as u64 == header.length.bytes);
        assert!(header.fields().windows(2).all(|pair| pair[0].first_bit + pair[0].bits == pair[1].first_bit));
    }
    let rest = whole.strip_prefix(&again[..]).expect("the same bytes");
    assert_eq!(FrameHeader::parse(rest), None, "what is left is no header yet");
}

/// The headers, the payloads, and whether each frame is complete. `at_once` asks for whole frames first.
fn decode(pieces: &[Vec<u8>], at_once: bool) -> Vec<(FrameHeader, Vec<u8>, bool)> {
    let mut decoder = Decoder::default();
    let mut frames: Vec<(FrameHeader, Vec<u8>, bool)> = Vec::new();
    for piece in pieces {
        let mut piece = piece.clone();
        let mut input = &mut piece[..];
        loop {
            if at_once {
                while let Some((header, bytes)) = decoder.whole(&mut input) {
                    frames.push((header, bytes[header.len()..].to_vec(), true));
                }
            }
            let Some(next) = decoder.next(&mut input) else { break };
            match (next, frames.last_mut()) {
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

/// A head does not depend on how much of it has arrived at once, or on the bytes after it. Each head gets an answer that can be
/// parsed.
pub fn handshake(bytes: &[u8]) {
    let pieces = cut(bytes);
    let bytes = &pieces.concat()[..];
    let front = &bytes[..pieces[0].len()];
    match RequestHead::parse(front) {
        Ok(None) => {}
        settled => assert_eq!(RequestHead::parse(bytes), settled, "more bytes change nothing"),
    }
    match ResponseHead::parse(front) {
        Ok(None) => {}
        settled => assert_eq!(ResponseHead::parse(bytes), settled, "more bytes change nothing"),
    }
    let Ok(Some(head)) = RequestHead::parse(bytes) else { return };
    assert_eq!(RequestHead::parse(&bytes[..head.len - 1]), Ok(None), "the head is no longer than need be");
    for line in &head.headers {
        assert!(!bytes[line.name.clone()].is_empty());
        assert!(line.name.end <= line.value.end || line.value.is_empty());
        assert!(line.value.end <= head.len);
    }
    let request = match judge(bytes, &head) {
        Ok(request) => request,
        Err(error) => {
            let refusal = refusal_for(&error);
            let answer = ResponseHead::parse(refusal.as_bytes()).expect("a head").expect("a whole head");
            assert_eq!(answer.status, error.status());
            return;
        }
    };
    let offers = extension::parse(&request.extensions).expect("what was judged right");
    assert!(subprotocols(&request.subprotocols.join(",")).is_some_and(|names| names == request.subprotocols));
    let taken = negotiate(&offers, &Policy::ON).into_iter().find_map(|verdict| match verdict {
        Verdict::Accepted(agreed) => Some(agreed.to_string()),
        Verdict::Declined(_) => None,
    });
    let subprotocol = request.subprotocols.first().map(String::as_str);
    let text = switching_protocols(&request.key, subprotocol, taken.as_deref());
    let answer = ResponseHead::parse(text.as_bytes()).expect("a head").expect("a whole head");
    let value = |name| values(text.as_bytes(), &answer.headers, name).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let expect = |value: Option<&str>| value.map(|value| value.as_bytes().to_vec()).into_iter().collect::<Vec<_>>();
    assert_eq!((answer.status, answer.len), (101, text.len()));
    assert_eq!(value("Sec-WebSocket-Protocol"), expect(subprotocol));
    assert_eq!(value("Sec-WebSocket-Extensions"), expect(taken.as_deref()));
}
