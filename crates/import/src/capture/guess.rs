//! Guesses the protocol of bytes in the middle of a connection.

use wire::header::{FrameHeader, PayloadLength};
use wire::opcode::Opcode;

/// Whether the bytes begin like a TLS record: its type, and the version 3.x. RFC 8446 §5.1.
pub(super) fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 0x03, 0x00..=0x04, ..])
}

/// Whether the bytes begin like a request or a response of HTTP/1.1: with letters, as a method and `HTTP` do. RFC 9112 §2.
pub(super) fn is_http(bytes: &[u8]) -> bool {
    let word = bytes.split(|byte| matches!(byte, b' ' | b'/')).next().unwrap_or_default();
    (1..=16).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

/// Whether the bytes look like whole frames one after the other, of which only the last may be longer. `Some(true)` if the
/// frames are masked. Other bytes look like that by chance less than once in a thousand segments.
pub(super) fn frames(bytes: &[u8]) -> Option<bool> {
    let (mut at, mut masked) = (0, None);
    while at < bytes.len() {
        let Some(header) = FrameHeader::parse(&bytes[at..]) else { break };
        let is_first = masked.is_none();
        if !is_plausible(&header, is_first)
            || *masked.get_or_insert(header.masking_key.is_some()) != header.masking_key.is_some()
        {
            return None;
        }
        let payload = bytes.get(at + header.len()..).unwrap_or_default();
        let Some(end) = usize::try_from(header.length.bytes).ok().filter(|length| *length <= payload.len()) else {
            // A short frame fits into one segment.
            return masked.filter(|_| header.length.bytes > 125);
        };
        if header.opcode == Opcode::Text && header.fin && !header.rsv.rsv1 && !is_text(&header, &payload[..end]) {
            return None;
        }
        at += header.len() + end;
    }
    masked
}

fn is_plausible(header: &FrameHeader, is_first: bool) -> bool {
    let is_data = matches!(header.opcode, Opcode::Text | Opcode::Binary);
    let is_control = header.opcode.is_control() && !header.opcode.is_reserved();
    let is_continuation = header.opcode == Opcode::Continuation && !is_first;
    (is_data || is_control || is_continuation)
        && !header.rsv.rsv2
        && !header.rsv.rsv3
        && (!header.rsv.rsv1 || is_data)
        && header.length == PayloadLength::minimal(header.length.bytes)
        && header.length.bytes >> 63 == 0
        && (!is_control || header.fin && header.length.bytes <= 125)
}

fn is_text(header: &FrameHeader, payload: &[u8]) -> bool {
    let mut payload = payload.to_vec();
    if let Some(key) = header.masking_key {
        key.apply(&mut payload, 0);
    }
    std::str::from_utf8(&payload).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_examples_of_the_rfc_look_like_frames_and_other_protocols_do_not() {
        // RFC 6455 §5.7
        assert_eq!(frames(b"\x81\x05Hello"), Some(false));
        assert_eq!(frames(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), Some(true));
        assert_eq!(frames(b"\x89\x05Hello\x8a\x00\x81\x05Hello"), Some(false));
        assert_eq!(frames(b"\x82\x7e\x01\x00only the start"), Some(false));
        assert_eq!(frames(b"\x01\x03Hel\x80\x02lo"), Some(false));
        let others: [&[u8]; 9] = [
            b"",
            b"\x81",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"SSH-2.0-OpenSSH_9.2",
            b"*1\r\n$4\r\nPING\r\n",
            b"\x00\x00\x00\x04\x01\x00\x00\x00\x00",
            b"\x81\x05Hel",
            b"\x81\x02\xff\xff",
            b"\x80\x02lo",
        ];
        for other in others {
            assert_eq!(frames(other), None, "{other:?}");
        }
        assert!(is_http(b"GET / HTTP/1.1") && is_http(b"HTTP/1.1 101") && is_http(b"G"));
        assert!(!is_http(b"\x81\x05Hello") && !is_http(b"SSH-2.0") && !is_http(b""));
    }
}
