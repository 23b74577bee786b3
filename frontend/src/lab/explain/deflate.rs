//! Explains compression: what was offered and agreed on, and what it did to a payload. RFC 7692.

use crate::ui::format;
use observation::{Deflate, Frame, Inflated, Party};
use wire::deflate::NAME;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
use wire::extension;

/// The length of a short message, in bytes.
const SHORT: u64 = 200;

pub const TAIL: &str = "The deflated bytes of every message end in 00 00 ff ff. The sender removes these four bytes, and the receiver adds them again before it inflates.";

/// The parts of a `Sec-WebSocket-Extensions` header: as written, and what each means.
pub fn extensions(list: &str, answer: bool) -> Vec<(String, String)> {
    let mut pieces = Vec::new();
    for extension in extension::parse(list).unwrap_or_default() {
        let known = extension.name == NAME;
        let meaning = match (known, answer) {
            (false, _) => "This page does not know this extension.",
            (true, false) => "The client can compress messages with deflate and asks whether the server can too.",
            (true, true) => "The server accepts: both sides may now compress messages.",
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
    let window = value.and_then(|bits| bits.parse().ok()).map_or("a window of an invalid size".to_owned(), window);
    match (name, answer) {
        (SERVER_NO_CONTEXT_TAKEOVER, false) => {
            "Asks the server to compress each message independently, so the client does not have to keep earlier messages."
                .into()
        }
        (SERVER_NO_CONTEXT_TAKEOVER, true) => "The server compresses each message independently.".into(),
        (CLIENT_NO_CONTEXT_TAKEOVER, false) => "The client will compress each message independently.".into(),
        (CLIENT_NO_CONTEXT_TAKEOVER, true) => {
            "The client must compress each message independently, so the server does not have to keep earlier messages."
                .into()
        }
        (SERVER_MAX_WINDOW_BITS, false) => format!("Asks the server to use a window of at most {window}."),
        (SERVER_MAX_WINDOW_BITS, true) => format!("The server uses a window of at most {window}."),
        (CLIENT_MAX_WINDOW_BITS, false) if value.is_none() => "The server may choose the client’s window size.".into(),
        (CLIENT_MAX_WINDOW_BITS, false) => {
            format!("The client uses a window of at most {window}. The server may choose a smaller one.")
        }
        (CLIENT_MAX_WINDOW_BITS, true) => format!("The client must use a window of at most {window}."),
        _ => "permessage-deflate has no such parameter.".into(),
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
        format!("{content} of content was sent as {wire}: {}.", difference(inflated.bytes, frame.payload_bytes))
    } else {
        format!("These {wire} of a compressed message inflate to {content}.")
    }
}

/// Why the sizes are as they are.
pub fn why(frame: &Frame, inflated: &Inflated, agreed: Option<Deflate>) -> Vec<&'static str> {
    let mut why = Vec::new();
    let Some(position) = frame.position.filter(|_| frame.violations.is_empty()) else { return why };
    if !is_whole(frame) {
        why.push("The sender can split a message anywhere, so some content of this fragment may appear only with the next one.");
    } else if frame.payload_bytes > inflated.bytes && inflated.bytes > SHORT {
        why.push("Data without repetition, such as a compressed image, does not get smaller, and deflate adds its own bytes.");
    } else if frame.payload_bytes > inflated.bytes && inflated.bytes > 0 {
        why.push("A short message has little repetition, and deflate’s own bytes cost more than it saves.");
    }
    let Some(agreed) = agreed else { return why };
    let alone = match frame.from {
        Party::Client => agreed.client_no_context_takeover,
        Party::Server => agreed.server_no_context_takeover,
    };
    why.push(match position.message {
        _ if alone => "No context takeover: each message is compressed independently, so the same text takes the same number of bytes again.",
        1 => "This is the first message, so there is no earlier one to refer to. Send the same text again and compare.",
        _ => "Context takeover: earlier messages are the context. Data that they contained is replaced by a reference.",
    });
    why
}

/// A note if only the first of `of` bytes were recorded.
pub fn kept(kept: usize, of: u64) -> Option<String> {
    let kept = kept as u64;
    (kept < of)
        .then(|| format!("The relay recorded the first {1} of these {0}.", format::bytes(of), format::bytes(kept)))
}

/// Whether the frame is a whole and valid message.
fn is_whole(frame: &Frame) -> bool {
    frame.violations.is_empty() && frame.position.is_some_and(|at| at.last && at.fragment == 1)
}

/// How `wire` compares with `content`, in words.
fn difference(content: u64, wire: u64) -> String {
    match content {
        0 => "an empty message is the single byte 00".into(),
        _ if wire > content => format!("{} larger", format::bytes(wire - content)),
        _ if wire == content => "nothing saved".into(),
        _ if wire * 10 <= content => format!("{} times smaller", format::count(content / wire.max(1))),
        _ => format!("{} % smaller", (content - wire) * 100 / content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_compared_in_words() {
        assert_eq!(difference(5, 7), "2 B larger");
        assert_eq!(difference(5, 5), "nothing saved");
        assert_eq!(difference(100, 34), "66 % smaller");
        assert_eq!(difference(100_000, 97), "1,030 times smaller");
        assert_eq!(difference(0, 1), "an empty message is the single byte 00");
    }

    #[test]
    fn an_offer_is_taken_apart() {
        let pieces = extensions("permessage-deflate; client_max_window_bits, x-other; y=1", false);
        let written: Vec<_> = pieces.iter().map(|(written, _)| written.as_str()).collect();
        assert_eq!(written, ["permessage-deflate", "client_max_window_bits", "x-other", "y=1"]);
        let answer = extensions("permessage-deflate; server_max_window_bits=9", true);
        assert_eq!(answer[1].1, "The server uses a window of at most 512 B.");
        assert!(extensions("; ;", false).is_empty());
    }
}
