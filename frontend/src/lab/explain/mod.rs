//! What each field of a frame and each header of a handshake means, and why it has its value.

pub mod deflate;

use observation::{Frame, Party, Violation};
use wire::header::{FrameHeader, LengthForm};
use wire::opcode::Opcode;

/// The fields of a frame: color class, name, meaning.
pub const FIELDS: [(&str, &str, &str); 7] = [
    ("f-fin", "FIN", "1 if this frame ends its message."),
    ("f-rsv", "RSV", "Three bits reserved for extensions. They are 0 unless an extension uses them."),
    ("f-opc", "opcode", "The type of the frame: continuation, text, binary, close, ping or pong."),
    ("f-mask", "MASK", "1 if the payload is masked. A browser always masks."),
    ("f-len", "length", "The number of payload bytes, in 7, 16 or 64 bits."),
    ("f-key", "key", "Four random bytes that are XORed onto the payload."),
    ("f-pay", "payload", "The message, or one fragment of it."),
];

/// A field of one frame: color class, name with value, reason.
pub type Why = (&'static str, String, String);

/// A violation in a few words: the rule that the frame breaks, or the limit of this relay that it exceeds. RFC 6455 §10.4 lets
/// an endpoint set limits, and §7.4.1 lets it refuse a type of data. The `short` form names no RFC if it is 6455.
pub fn verdict(violation: &Violation, short: bool) -> String {
    match &*violation.rule {
        "frame-too-big" | "message-too-big" => "over the limit".into(),
        "kind-not-accepted" => "not accepted here".into(),
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
        let key = "Four random bytes that the client chose for this frame only. Byte n of the payload is XORed with byte n mod 4 of the key.";
        why.push(("f-key", "key".into(), key.into()));
    }
    why
}

fn fin(frame: &Frame, header: &FrameHeader) -> String {
    match (header.opcode.is_control(), frame.fin, frame.position) {
        (true, true, _) => "A control frame is never fragmented.",
        (true, false, _) => "A control frame must not be fragmented, but this one says that more follows.",
        (false, _, None) => "FIN ends a message, but this frame belongs to no message. See above.",
        (false, true, Some(at)) if at.fragment > 1 => "The last fragment: it completes the message.",
        (false, true, _) => "The last frame of its message, and here the only one.",
        (false, false, _) => "More fragments of this message follow.",
    }
    .into()
}

fn rsv(frame: &Frame, header: &FrameHeader) -> Option<&'static str> {
    let misused = frame.violations.iter().any(|violation| violation.rfc == 7692);
    Some(match (&frame.inflated, frame.rsv1) {
        (Some(_), true) => {
            "The message is compressed. The handshake agreed on permessage-deflate, which gives this bit its meaning. Without that agreement, the bit would be an error."
        }
        (Some(_), false) => "The message is compressed. Its first frame says so for all fragments.",
        (None, true) if misused => {
            "RSV1 says that a message is compressed. Only the first frame of a message may set it. See above."
        }
        (None, _) if header.rsv.any() => "A reserved bit is set, but no extension that uses it was agreed on.",
        _ => return None,
    })
}

fn opcode(frame: &Frame, opcode: Opcode) -> String {
    match opcode {
        Opcode::Text if frame.inflated.is_some() => {
            "Text: the inflated payload is UTF-8, and the receiver must check that."
        }
        Opcode::Continuation => {
            "Continuation: the next fragment of a message. The first frame of the message says text or binary."
        }
        Opcode::Text => "Text: the payload is UTF-8, and the receiver must check that.",
        Opcode::Binary => "Binary: raw bytes, such as images, audio and files.",
        Opcode::Close => {
            "Close: starts or completes the closing handshake. It can carry a code and a reason. The other side answers with a close frame."
        }
        Opcode::Ping => "Ping: “are you there?” The other side answers automatically with a pong. JavaScript sees neither.",
        Opcode::Pong => {
            "Pong: the answer to a ping, with the payload of the ping. It can also be sent without a ping, as a one-way heartbeat."
        }
        Opcode::ReservedData(_) | Opcode::ReservedControl(_) => {
            "Reserved: this opcode is not defined. The receiver must fail the connection."
        }
    }
    .into()
}

fn mask(frame: &Frame) -> String {
    match (frame.from, frame.masked) {
        (Party::Client, true) => {
            "A client masks every frame. Masking keeps a hostile page from sending bytes that a proxy would mistake for HTTP."
        }
        (Party::Client, false) => "A client must mask every frame, but this one did not. The server must fail the connection.",
        (Party::Server, false) => "A server never masks. Masking protects against pages that choose the bytes their browser sends. A server’s bytes do not need it.",
        (Party::Server, true) => "A server must not mask. The client must fail the connection.",
    }
    .into()
}

fn length(header: &FrameHeader) -> String {
    let minimal = LengthForm::minimal(header.length.bytes) == header.length.form;
    match header.length.form {
        _ if !minimal => "This number fits a shorter form, and the protocol requires the shortest.",
        LengthForm::Bits7 => "Up to 125 bytes: the seven bits hold the length, and no further length bytes follow.",
        LengthForm::Bits16 => "More than 125 bytes: the seven bits say 126, and the length follows in two bytes.",
        LengthForm::Bits64 => "More than 65,535 bytes: the seven bits say 127, and the length follows in eight bytes.",
    }
    .into()
}

/// What a header of the request or the response does.
pub fn header(name: &str, value: &str) -> Option<&'static str> {
    let words = match name.to_ascii_lowercase().as_str() {
        ":method" => {
            "Extended CONNECT: with :protocol, it asks to turn this stream into a tunnel for another protocol. RFC 8441 §4."
        }
        ":protocol" => "The protocol inside the tunnel. HTTP/1.1 uses the Upgrade header for this.",
        ":scheme" => "https for a wss URL, http for a ws URL.",
        ":path" => "The path and query of the URL. A plain CONNECT has none; extended CONNECT requires it.",
        ":authority" => "The host of the URL, as in the Host header of HTTP/1.1.",
        ":status" if value == "200" => {
            "The stream is now a WebSocket. HTTP/2 has no 101, because the connection itself does not change its protocol."
        }
        ":status" => {
            "Any status other than 200 refuses the WebSocket. The other streams of the connection are not affected."
        }
        "x-forwarded-for" => {
            "Added by a proxy: the address of the client. A client can send this header too, so trust it only from your own proxy."
        }
        "x-forwarded-proto" => "Added by a proxy: whether the client used http or https.",
        "x-forwarded-host" => "Added by a proxy that rewrites Host: the original value.",
        "forwarded" => "Added by a proxy: the client’s address, and the host and scheme that it asked for. RFC 7239.",
        "via" => "Each proxy on the path adds its name here. RFC 9110 §7.6.3.",
        "location" => "Another URL to try. A browser does not follow redirects for a WebSocket.",
        "host" => "The host that the client wants. One IP address can serve many hosts.",
        "upgrade" => "The protocol to switch to. Without it, this is an ordinary HTTP request.",
        "connection" if value.eq_ignore_ascii_case("close") => {
            "The server closes the TCP connection after this response."
        }
        "retry-after" => "How many seconds to wait before the next try.",
        "connection" => {
            "Upgrade applies to this hop only. A proxy that does not support it removes both headers, and the handshake fails."
        }
        "sec-websocket-key" => {
            "16 random bytes in base64, new for each connection. It is no secret: the server uses it to prove that it speaks WebSocket."
        }
        "sec-websocket-version" => "13 is the version that RFC 6455 defines, and the only one in use.",
        "sec-websocket-protocol" => {
            "The subprotocol, which defines what messages mean. The client offers a list, and the server chooses one."
        }
        "sec-websocket-extensions" => {
            "Extensions such as compression. The client offers a list, and the server answers with those it accepts. Without this header in the response, none are used."
        }
        "sec-websocket-accept" => {
            "Derived from the key. Only a server that understands the handshake gets it right, so a cache or an ordinary web server cannot accept by accident."
        }
        "origin" => {
            "The site whose page opens the connection. The browser sets it, and no page can change it, so a server can refuse other sites."
        }
        "user-agent" => "The browser and its version.",
        "pragma" | "cache-control" => "Tells caches on the path not to answer from their copy.",
        "accept-encoding" => "The compressions that the browser accepts for HTTP bodies. A handshake has no body.",
        "accept-language" => "The languages that the user prefers.",
        "cookie" => {
            "The browser sends the site’s cookies with the handshake. A server that trusts them must also check Origin."
        }
        "set-cookie" => "The server stores a cookie in the browser, which returns it with later requests to this host.",
        "authorization" => {
            "Logs the client in. A script cannot add this header to a handshake; programs and, after a login prompt, browsers can."
        }
        "proxy-authorization" => "Logs the client in to a proxy. The proxy should remove it.",
        "content-length" => "The size of the body that follows, in bytes.",
        "content-type" => "The media type of the body.",
        "x-content-type-options" => "The browser must use this media type, and not guess another from the body.",
        "allow" => "The methods that this URL accepts.",
        "date" => "The time at which the server made this response.",
        _ if name.to_ascii_lowercase().starts_with("sec-") => {
            "Set by the browser. No page can set a header that starts with Sec-."
        }
        _ => return None,
    };
    Some(words)
}
