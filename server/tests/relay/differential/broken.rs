//! Invalid traffic, the verdicts of the relay and of tungstenite, and their known differences.

use super::LIMIT;
use super::judge::Outcome;
use crate::support::masked;

/// Frames. The last one breaks a rule.
pub(super) struct Broken {
    pub(super) what: &'static str,
    pub(super) bytes: Vec<u8>,
    /// The code of the relay's close frame.
    pub(super) relay: u16,
    /// The close code for tungstenite's error; `None` if tungstenite finds no error.
    pub(super) tungstenite: Option<u16>,
}

pub(super) fn all() -> Vec<Broken> {
    let both = |what, bytes, code| Broken { what, bytes, relay: code, tungstenite: Some(code) };
    let differ = |what, bytes, relay, tungstenite| Broken { what, bytes, relay, tungstenite };
    let limit = LIMIT as usize;
    vec![
        both("a frame that is not masked", b"\x81\x02hi".to_vec(), 1002),
        both("RSV1", masked(0xC2, b""), 1002),
        both("RSV2", masked(0xA2, b""), 1002),
        both("RSV3 on a ping", masked(0x99, b""), 1002),
        both("a data frame of no kind", masked(0x83, b"x"), 1002),
        both("a control frame of no kind", masked(0x8B, b""), 1002),
        both("a ping in fragments", masked(0x09, b""), 1002),
        both("a ping that is too long", masked(0x89, &[0; 126]), 1002),
        both("nothing to continue", masked(0x80, b"x"), 1002),
        both("a message inside another", [masked(0x01, b"a"), masked(0x82, b"b")].concat(), 1002),
        both("text that is none", masked(0x81, b"ab\xffcd"), 1007),
        both("text with a surrogate", masked(0x81, b"\xed\xa0\x80"), 1007),
        both("text that ends inside a character", masked(0x81, b"\xe2\x82"), 1007),
        both("a character cut by its fragments", [masked(0x01, b"\xe2"), masked(0x80, b"\x28")].concat(), 1007),
        both("a close frame of one byte", masked(0x88, b"\x03"), 1002),
        both("close code 0", masked(0x88, b"\x00\x00"), 1002),
        both("close code 1004", masked(0x88, &1004_u16.to_be_bytes()), 1002),
        both("close code 1005", masked(0x88, &1005_u16.to_be_bytes()), 1002),
        both("close code 1015", masked(0x88, &1015_u16.to_be_bytes()), 1002),
        both("close code 2999", masked(0x88, &2999_u16.to_be_bytes()), 1002),
        both("close code 5000", masked(0x88, &5000_u16.to_be_bytes()), 1002),
        both("a close reason that is no text", masked(0x88, b"\x03\xe8\xff"), 1007),
        both("a frame over the limit", masked(0x82, &vec![0; limit + 1]), 1009),
        both("a message over the limit", [masked(0x02, &vec![0; limit]), masked(0x80, b"x")].concat(), 1009),
        // §5.2: "the minimal number of bytes MUST be used". tungstenite does not check this.
        differ("a length in too many bits", b"\x82\xfe\x00\x01\x00\x00\x00\x00x".to_vec(), 1002, None),
        // §5.2: "the most significant bit MUST be 0". tungstenite reports a frame that is too long.
        differ("a length with the highest bit", b"\x82\xff\x80\0\0\0\0\0\0\x01\0\0\0\0x".to_vec(), 1002, Some(1009)),
        // A forbidden code, and a reason that is not UTF-8. One reports the first of the two faults, the other the second.
        differ("two faults in one close frame", masked(0x88, b"\x03\xed\xff"), 1002, Some(1007)),
        // tungstenite checks only complete frames. The relay also checks incomplete ones.
        differ("no text, in a frame that never ends", masked(0x81, b"ab\xffcd")[..9].to_vec(), 1007, None),
        differ("a reserved bit on a frame that never ends", masked(0xC2, b"abcd")[..7].to_vec(), 1002, None),
    ]
}

/// Why the two verdicts on the same bytes may differ; `None` if there is no known reason.
pub(super) fn known_difference(ours: &Outcome, theirs: &Outcome) -> Option<&'static str> {
    let says = |words| ours.reason.contains(words);
    match (ours.end, theirs.end) {
        (Some(1002), _) if says("must use the shortest form") => Some("a length in too many bits"),
        (Some(1002), Some(1009)) if says("the most significant bit of a 64-bit length") => {
            Some("a length with the highest bit")
        }
        (Some(1002), Some(1007)) if says("must not be sent") => Some("two faults in one close frame"),
        (Some(1002 | 1007), None) => Some("a frame that never ends"),
        // IANA registered this code after RFC 6455. tungstenite does not know it.
        (Some(1014), Some(1002)) => Some("close code 1014"),
        _ => None,
    }
}
