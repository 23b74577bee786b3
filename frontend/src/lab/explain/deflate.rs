//! The words for compression: what was offered and agreed on, and what it did to a payload. RFC 7692.

use crate::ui::format;
use observation::{Deflate, Frame, Inflated, Party};
use wire::deflate::NAME;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
use wire::extension;

/// Up to here a message is called short, in bytes.
const SHORT: u64 = 200;

pub const TAIL: &str = "The deflated bytes of every message end in 00 00 ff ff. So no one sends these four: the sender leaves them out, and the receiver puts them back before it inflates.";

/// What stands in a `Sec-WebSocket-Extensions` line, piece by piece: as written, and what it means.
pub fn extensions(list: &str, answer: bool) -> Vec<(String, String)> {
    let mut pieces = Vec::new();
    for extension in extension::parse(list).unwrap_or_default() {
        let known = extension.name == NAME;
        let meaning = match (known, answer) {
            (false, _) => "An extension that this page does not know.",
            (true, false) => "The client can compress messages with deflate, and asks whether the server can.",
            (true, true) => "It can: from here on both ends may compress messages.",
        };
        pieces.push((extension.name.to_owned(), meaning.to_owned()));
        for (name, value) in extension.parameters {
            let value = value.as_deref();
            let words = if known { parameter(name, value, answer) } else { String::new() };
            pieces.push((value.map_or(name.to_owned(), |value| format!("{name}={value}")), words));
        }
    }
    pieces
}

fn parameter(name: &str, value: Option<&str>, answer: bool) -> String {
    let window =
        value.and_then(|bits| bits.parse().ok()).map_or("a window of no size that there is".to_owned(), window);
    match (name, answer) {
        (SERVER_NO_CONTEXT_TAKEOVER, false) => "The server is asked to compress each message by itself, so that the client need not remember the ones before.".into(),
        (SERVER_NO_CONTEXT_TAKEOVER, true) => "The server compresses each message by itself.".into(),
        (CLIENT_NO_CONTEXT_TAKEOVER, false) => "The client will compress each message by itself.".into(),
        (CLIENT_NO_CONTEXT_TAKEOVER, true) => "The client must compress each message by itself, so that the server need not remember the ones before.".into(),
        (SERVER_MAX_WINDOW_BITS, false) => format!("The server is asked to look back {window} at most."),
        (SERVER_MAX_WINDOW_BITS, true) => format!("The server looks back {window} at most."),
        (CLIENT_MAX_WINDOW_BITS, false) if value.is_none() => "The server may say how far back the client looks for repetitions.".into(),
        (CLIENT_MAX_WINDOW_BITS, false) => format!("The client looks back {window} at most, or less if the server says so."),
        (CLIENT_MAX_WINDOW_BITS, true) => format!("The client must look back {window} at most."),
        _ => "No parameter that permessage-deflate has.".into(),
    }
}

/// The size of a window of so many bits.
pub fn window(bits: u8) -> String {
    format::bytes(1 << bits.min(63))
}

/// What compression did to a frame's payload, in sizes.
pub fn sizes(frame: &Frame, inflated: &Inflated) -> String {
    let (content, wire) = (format::bytes(inflated.bytes), format::bytes(frame.payload_bytes));
    if is_whole(frame) {
        format!("{content} of content travelled as {wire}: {}.", difference(inflated.bytes, frame.payload_bytes))
    } else {
        format!("These {wire} of a compressed message gave {content} of its content.")
    }
}

/// Why it did no more and no less.
pub fn why(frame: &Frame, inflated: &Inflated, agreed: Option<Deflate>) -> Vec<&'static str> {
    let mut why = Vec::new();
    let Some(position) = frame.position.filter(|_| frame.violations.is_empty()) else { return why };
    if !is_whole(frame) {
        why.push("A message is cut into fragments where it suits the sender: what one begins may come out only with the next.");
    } else if frame.payload_bytes > inflated.bytes && inflated.bytes > SHORT {
        why.push("What repeats nothing, such as an image that is compressed already, gets no smaller, and deflate’s own marks come on top.");
    } else if frame.payload_bytes > inflated.bytes && inflated.bytes > 0 {
        why.push("So short a message repeats little, and deflate’s own marks take more than they save.");
    }
    let Some(agreed) = agreed else { return why };
    let alone = match frame.from {
        Party::Client => agreed.client_no_context_takeover,
        Party::Server => agreed.server_no_context_takeover,
    };
    why.push(match position.message {
        _ if alone => "No context takeover: every message is compressed by itself, so the same text takes as many bytes again.",
        1 => "It is the first message, so there is none to point back to. Send the same again, and compare.",
        _ => "Context takeover: the messages before this one are its context. What they already had is pointed back to instead of sent again.",
    });
    why
}

/// What to say where only the front of `of` bytes was kept.
pub fn kept(kept: usize, of: u64) -> Option<String> {
    let kept = kept as u64;
    (kept < of).then(|| format!("Of these {} the relay kept the first {}.", format::bytes(of), format::bytes(kept)))
}

/// Whether the frame is a message by itself, with nothing wrong.
fn is_whole(frame: &Frame) -> bool {
    frame.violations.is_empty() && frame.position.is_some_and(|at| at.last && at.fragment == 1)
}

/// How `wire` compares with `content`, in words.
fn difference(content: u64, wire: u64) -> String {
    match content {
        0 => "an empty message is the single byte 00".into(),
        _ if wire > content => format!("{} more", format::bytes(wire - content)),
        _ if wire == content => "nothing won".into(),
        _ if wire * 10 <= content => format!("{} times smaller", format::count(content / wire.max(1))),
        _ => format!("{} % less", (content - wire) * 100 / content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_compared_in_words() {
        assert_eq!(difference(5, 7), "2 B more");
        assert_eq!(difference(5, 5), "nothing won");
        assert_eq!(difference(100, 34), "66 % less");
        assert_eq!(difference(100_000, 97), "1,030 times smaller");
        assert_eq!(difference(0, 1), "an empty message is the single byte 00");
    }

    #[test]
    fn an_offer_is_taken_apart() {
        let pieces = extensions("permessage-deflate; client_max_window_bits, x-other; y=1", false);
        let written: Vec<_> = pieces.iter().map(|(written, _)| written.as_str()).collect();
        assert_eq!(written, ["permessage-deflate", "client_max_window_bits", "x-other", "y=1"]);
        let answer = extensions("permessage-deflate; server_max_window_bits=9", true);
        assert_eq!(answer[1].1, "The server looks back 512 B at most.");
        assert!(extensions("; ;", false).is_empty());
    }
}
