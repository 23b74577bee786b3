//! The words: what a field or a header is, and why it has the value it has.

pub mod deflate;

use observation::{Frame, Party, Violation};
use wire::header::{FrameHeader, LengthForm};
use wire::opcode::Opcode;

/// What a frame is made of: colour class, name, meaning.
pub const FIELDS: [(&str, &str, &str); 7] = [
    ("f-fin", "FIN", "Whether this frame ends its message."),
    ("f-rsv", "RSV", "Three bits kept for extensions; 0 without one."),
    ("f-opc", "opcode", "What the frame is for: text, binary, close, ping, pong."),
    ("f-mask", "MASK", "Whether the payload is masked. A browser always does."),
    ("f-len", "length", "How many bytes of payload follow, in 7, 16 or 64 bits."),
    ("f-key", "key", "Four random bytes, XORed over the payload."),
    ("f-pay", "payload", "The message, or a part of it."),
];

/// A field of one frame: colour class, name with value, why.
pub type Why = (&'static str, String, String);

/// What a violation is: the rule that was broken, or, where none was, what this relay does not take. RFC 6455 §10.4 lets an
/// endpoint set limits, and §7.4.1 lets it refuse a kind of message. A `short` one takes RFC 6455 for granted.
pub fn verdict(violation: &Violation, short: bool) -> String {
    match &*violation.rule {
        "frame-too-big" | "message-too-big" => "over the limit".into(),
        "kind-not-accepted" => "not taken here".into(),
        _ if short => format!("breaks {}", section(violation.rfc, &violation.section)),
        _ => format!("breaks RFC {} §{}", violation.rfc, violation.section),
    }
}

/// A section, with its RFC where that is not RFC 6455.
pub fn section(rfc: u16, section: &str) -> String {
    if rfc == 6455 { format!("§{section}") } else { format!("RFC {rfc} §{section}") }
}

/// Why every field of a frame has its value.
pub fn frame(frame: &Frame, header: &FrameHeader) -> Vec<Why> {
    let mut why = vec![
        ("f-fin", format!("FIN {}", u8::from(frame.fin)), fin(frame, header)),
        ("f-opc", format!("opcode {:X}", frame.opcode), opcode(frame, header.opcode)),
        ("f-mask", format!("MASK {}", u8::from(frame.masked)), mask(frame)),
        ("f-len", format!("length {}", frame.length), length(header)),
    ];
    if let Some(words) = rsv(frame, header) {
        let name = if frame.inflated.is_some() { format!("RSV1 {}", u8::from(frame.rsv1)) } else { "RSV".into() };
        why.insert(1, ("f-rsv", name, words.into()));
    }
    if frame.masked {
        let key = "Four bytes that the client drew for this frame alone. Byte n of the payload is XORed with byte n mod 4 of the key.";
        why.push(("f-key", "key".into(), key.into()));
    }
    why
}

fn fin(frame: &Frame, header: &FrameHeader) -> String {
    match (header.opcode.is_control(), frame.fin, frame.position) {
        (true, true, _) => "A control frame is always whole.",
        (true, false, _) => "A control frame must be whole; this one claims a continuation.",
        (false, _, None) => "FIN ends a message, but this frame has no place in one: see above.",
        (false, true, Some(at)) if at.fragment > 1 => "The last fragment: the message is complete with it.",
        (false, true, _) => "The last, and here the only, frame of its message.",
        (false, false, _) => "More fragments of this message follow.",
    }
    .into()
}

fn rsv(frame: &Frame, header: &FrameHeader) -> Option<&'static str> {
    let misused = frame.violations.iter().any(|violation| violation.rfc == 7692);
    Some(match (&frame.inflated, frame.rsv1) {
        (Some(_), true) => {
            "The message is compressed. permessage-deflate gave the bit this meaning in the handshake; without that it would be a fault."
        }
        (Some(_), false) => "The message is compressed all the same: its first frame said so for all its fragments.",
        (None, true) if misused => {
            "RSV1 says that a message is compressed, and only the first frame of a message may say it: see above."
        }
        (None, _) if header.rsv.any() => {
            "A bit is set here, and no extension was agreed on that would give it a meaning."
        }
        _ => return None,
    })
}

fn opcode(frame: &Frame, opcode: Opcode) -> String {
    match opcode {
        Opcode::Text if frame.inflated.is_some() => {
            "Text: once it is inflated, the payload is UTF-8, and the receiver must check that it is."
        }
        Opcode::Continuation => {
            "Continuation: the next fragment of a message that is open. Its first frame says text or binary."
        }
        Opcode::Text => "Text: the payload is UTF-8, and the receiver must check that it is.",
        Opcode::Binary => "Binary: bytes as they are. Images, audio and files travel so.",
        Opcode::Close => {
            "Close: the goodbye. It may carry a code and a reason, and the other side answers with a close of its own."
        }
        Opcode::Ping => "Ping: are you there? The other side answers with a pong by itself; JavaScript sees neither.",
        Opcode::Pong => {
            "Pong: the answer to a ping, with the ping's payload. It may also be sent unasked, as a heartbeat."
        }
        Opcode::ReservedData(_) | Opcode::ReservedControl(_) => {
            "Reserved: no frame of this kind is defined. The receiver must fail the connection."
        }
    }
    .into()
}

fn mask(frame: &Frame) -> String {
    match (frame.from, frame.masked) {
        (Party::Client, true) => {
            "A client masks every frame, so that no page can make a proxy on the way take payload for HTTP."
        }
        (Party::Client, false) => "A client must mask, and this one did not: the server has to fail the connection.",
        (Party::Server, false) => "A server never masks. What masking stops is a page that chooses the bytes its browser sends; what comes back is not that.",
        (Party::Server, true) => "A server must not mask: the client has to fail the connection.",
    }
    .into()
}

fn length(header: &FrameHeader) -> String {
    let minimal = LengthForm::minimal(header.length.bytes) == header.length.form;
    match header.length.form {
        _ if !minimal => "There is a shorter form for this number, and the protocol demands it.",
        LengthForm::Bits7 => "Up to 125 fits the seven bits: no more bytes are needed.",
        LengthForm::Bits16 => "Through 125: the seven bits say 126, and the length follows in two bytes.",
        LengthForm::Bits64 => "Through 65,535: the seven bits say 127, and the length follows in eight bytes.",
    }
    .into()
}

/// What a header of either handshake text does.
pub fn header(name: &str, value: &str) -> Option<&'static str> {
    let words = match name.to_ascii_lowercase().as_str() {
        ":method" => {
            "CONNECT, extended by the line :protocol: make this stream a tunnel for another protocol. RFC 8441 §4."
        }
        ":protocol" => "The protocol to speak in the tunnel. In HTTP/1.1 this is the Upgrade line.",
        ":scheme" => "https for wss, http for ws: what the URL began with, in HTTP’s words.",
        ":path" => "Path and query of the URL. A CONNECT of the old kind has none; the extended one must.",
        ":authority" => "Which server is meant, as in the Host line of HTTP/1.1.",
        ":status" if value == "200" => {
            "The stream is open, and from here on a WebSocket. HTTP/2 has no 101: the connection itself stays what it is."
        }
        ":status" => "Any status but 200 is a no. The other streams of the connection are not concerned.",
        "x-forwarded-for" => {
            "Put in by a proxy: from which address it was asked. Whoever comes first can write anything here."
        }
        "x-forwarded-proto" => "Put in by a proxy: whether it was asked by http or https.",
        "x-forwarded-host" => "Put in by a proxy that rewrites Host: what it was before.",
        "forwarded" => "Put in by a proxy: for whom and by what name it asks. RFC 7239.",
        "via" => "Each proxy on the way puts its name here. RFC 9110 §7.6.3.",
        "location" => "Where else to ask. A browser does not follow it for a WebSocket.",
        "host" => "Which server is meant: one address may serve many names.",
        "upgrade" => "The protocol to change to. Without it this is plain HTTP.",
        "connection" if value.eq_ignore_ascii_case("close") => "The server ends the TCP connection after this answer.",
        "retry-after" => "After how many seconds it is worth another try.",
        "connection" => {
            "Upgrade concerns this hop only: a proxy that does not know it drops both lines, and the handshake fails."
        }
        "sec-websocket-key" => {
            "16 random bytes in base64, new for each connection. Not a secret: the server proves with it that it speaks WebSocket."
        }
        "sec-websocket-version" => "13 is the version of RFC 6455, the only one in use.",
        "sec-websocket-protocol" => {
            "What the messages mean, agreed on by name: the client offers, the server picks one."
        }
        "sec-websocket-extensions" => {
            "Extensions such as compression: the client offers, the server answers with those it takes. No line in the answer means none."
        }
        "sec-websocket-accept" => {
            "Made from the key. Only a server that understood the request gets it right, so no cache and no form handler says yes by accident."
        }
        "origin" => {
            "Which site's page asks. The browser sets it and no page can change it, so a server can turn strangers away."
        }
        "user-agent" => "Which browser asks.",
        "pragma" | "cache-control" => "No cache on the way may answer this.",
        "accept-encoding" => "Which compressions of an HTTP body the browser reads; a handshake has no body.",
        "accept-language" => "The visitor's languages.",
        "cookie" => "The site's cookies travel with the handshake: a server that trusts them must check Origin too.",
        "content-length" => "The size of the body that follows, in bytes.",
        "content-type" => "What the body is.",
        "allow" => "The methods that this address takes.",
        "date" => "When the server wrote this.",
        _ if name.to_ascii_lowercase().starts_with("sec-") => {
            "Set by the browser; no page can write a header that begins with Sec-."
        }
        _ => return None,
    };
    Some(words)
}
