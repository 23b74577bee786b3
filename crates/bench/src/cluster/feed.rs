//! Probes: small messages with a number, which are easy to find in the feed of an observer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The payload of a probe begins with this. The number follows in six bytes.
const NAME: &[u8; 6] = b"probe:";
/// The same in base64, as it is in the feed.
const NAME_IN_FEED: &[u8; 8] = b"cHJvYmU6";
/// A probe in the feed, with its number.
const IN_FEED: usize = 16;

/// The masked frame of a probe, which the lab echoes. RFC 6455 §5.2.
#[must_use]
pub fn frame(number: u64) -> Vec<u8> {
    // A binary message of 12 bytes. The masking key is zero, so the payload stays as it is.
    let mut frame = vec![0x82, 0x80 | 12, 0, 0, 0, 0];
    frame.extend(NAME);
    frame.extend(&number.to_be_bytes()[2..]);
    frame
}

/// Finds probes in what one observer receives, in pieces of any size.
#[derive(Debug, Default)]
pub struct Finder {
    /// The end of the last piece, in which a probe may have begun.
    rest: Vec<u8>,
}

impl Finder {
    /// Calls `found` with the number of every probe that ends in `piece`.
    pub fn find(&mut self, piece: &[u8], mut found: impl FnMut(u64)) {
        self.rest.extend(piece);
        let text = &self.rest;
        let mut at = 0;
        while let Some(begin) = text[at..].windows(NAME_IN_FEED.len()).position(|bytes| bytes == NAME_IN_FEED) {
            let Some(probe) = text.get(at + begin..at + begin + IN_FEED) else { break };
            if let Some(number) = number(&probe[NAME_IN_FEED.len()..]) {
                found(number);
            }
            at += begin + IN_FEED;
        }
        let keep = (text.len() - at).min(IN_FEED - 1);
        self.rest.drain(..self.rest.len() - keep);
    }
}

fn number(base64: &[u8]) -> Option<u64> {
    let bytes = STANDARD.decode(base64).ok()?;
    Some(bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_found_in_pieces_of_any_size() {
        let numbers = [1, 77, 1 << 40];
        let text: String =
            numbers.map(|number| format!("{{\"payload\":\"{}\",", STANDARD.encode(&frame(number)[6..]))).concat();
        for size in [1, 2, 7, 15, 16, 17, 1000] {
            let (mut finder, mut found) = (Finder::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                finder.find(piece, |number| found.push(number));
            }
            assert_eq!(found, numbers, "pieces of {size} bytes");
        }
    }
}
