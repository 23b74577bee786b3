//! Converts an opening handshake over HTTP/2 to HTTP/1.1, for capture tools that only support the latter.

use std::borrow::Cow;
use wire::handshake::connect::fields;

/// The comment of a packet with a converted handshake.
pub(crate) const NOTE: &str = "synthesized: this handshake was an extended CONNECT over HTTP/2 (RFC 8441), without key and accept \
                               value; the stream is shown as a separate connection";

/// The request's head.
pub(crate) fn request(text: &[u8]) -> Vec<u8> {
    let field = |name: &[u8]| fields(text).find(|(other, _)| *other == name).map_or(&b""[..], |(_, value)| value);
    let mut head = [b"GET ", field(b":path"), b" HTTP/1.1\r\nHost: ", field(b":authority"), b"\r\n"].concat();
    head.extend_from_slice(b"Upgrade: websocket\r\nConnection: Upgrade\r\n");
    lines(text, &mut head);
    head
}

/// The response: its head and its body.
pub(crate) fn response(text: &[u8]) -> Vec<u8> {
    let end = text.windows(4).position(|window| window == b"\r\n\r\n").map_or(text.len(), |at| at + 4);
    let (text, body) = text.split_at(end);
    let status = fields(text).find(|(name, _)| *name == b":status").map_or(&b""[..], |(_, value)| value);
    let mut head = match status {
        b"200" => b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_vec(),
        other => [b"HTTP/1.1 ", other, b" Refused\r\n"].concat(),
    };
    lines(text, &mut head);
    head.extend_from_slice(body);
    head
}

/// The fields that both versions have, and the empty line.
fn lines(text: &[u8], head: &mut Vec<u8>) {
    for (name, value) in fields(text).filter(|(name, _)| !name.starts_with(b":")) {
        head.extend([name, b": ", value, b"\r\n"].concat());
    }
    head.extend_from_slice(b"\r\n");
}

/// Returns `text` unchanged for HTTP/1.1, and converts it with `of` for HTTP/2.
pub(crate) fn over(http: observation::Http, text: &[u8], of: fn(&[u8]) -> Vec<u8>) -> Cow<'_, [u8]> {
    match http {
        observation::Http::One => text.into(),
        observation::Http::Two => of(text).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_reads_as_an_upgrade() {
        let asked = b":method: CONNECT\r\n:protocol: websocket\r\n:scheme: https\r\n:path: /lab/x?y\r\n\
                      :authority: h:1\r\nsec-websocket-version: 13\r\n\r\n";
        let expect = b"GET /lab/x?y HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       sec-websocket-version: 13\r\n\r\n";
        assert_eq!(request(asked), expect);
        let expect = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       sec-websocket-protocol: chat\r\n\r\n";
        assert_eq!(response(b":status: 200\r\nsec-websocket-protocol: chat\r\n\r\n"), expect);
        let refused = response(b":status: 503\r\ncontent-length: 2\r\n\r\nno");
        assert_eq!(refused, b"HTTP/1.1 503 Refused\r\ncontent-length: 2\r\n\r\nno");
        assert_eq!(over(observation::Http::One, b"as it is", request), &b"as it is"[..]);
    }
}
