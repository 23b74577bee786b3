//! Builds a forwarded request: headers of the original can be removed, replaced and added.

use crate::listen::Arrival;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::Http;
use wire::handshake::connect::fields;
use wire::handshake::head::RequestHead;

/// An HTTP/1.1 request head. Names and values of the original are kept byte for byte.
pub(crate) struct RequestBuilder {
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

impl RequestBuilder {
    /// The headers of the original. A request over HTTP/2 gets the headers of an upgrade (the reverse of RFC 8441 §5), with
    /// `random` as its key.
    pub(crate) fn of(arrival: &Arrival, random: [u8; 16]) -> Self {
        let text = arrival.text.as_deref().unwrap_or_default();
        let owned = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
        let lines = match arrival.route.http {
            Http::One => {
                let head = RequestHead::parse(text).ok().flatten();
                let headers = head.map(|head| head.headers).unwrap_or_default();
                headers.iter().map(|line| owned(&text[line.name.clone()], &text[line.value.clone()])).collect()
            }
            Http::Two => {
                let authority =
                    fields(text).find(|(name, _)| *name == b":authority").map_or(&b""[..], |(_, value)| value);
                let mut lines = vec![
                    owned(b"Host", authority),
                    owned(b"Upgrade", b"websocket"),
                    owned(b"Connection", b"Upgrade"),
                    owned(b"Sec-WebSocket-Key", STANDARD.encode(random).as_bytes()),
                ];
                lines.extend(
                    fields(text).filter(|(name, _)| !name.starts_with(b":")).map(|(name, value)| owned(name, value)),
                );
                lines
            }
        };
        Self { lines }
    }

    /// A head without headers.
    pub(crate) fn empty() -> Self {
        Self { lines: Vec::new() }
    }

    /// Removes all headers of that name. Returns whether there were any.
    pub(crate) fn drop(&mut self, name: &str) -> bool {
        let before = self.lines.len();
        self.lines.retain(|(other, _)| !other.eq_ignore_ascii_case(name.as_bytes()));
        self.lines.len() < before
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.lines.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }

    /// Replaces the value of that header, or appends the header.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.lines.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())) {
            Some((_, old)) => *old = value.as_bytes().to_vec(),
            None => self.add(name, value),
        }
    }

    /// The values of that header, in order.
    pub(crate) fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.lines
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| &value[..])
    }

    /// The complete head, for `target`.
    pub(crate) fn get(&self, target: &str) -> Vec<u8> {
        let mut text = format!("GET {target} HTTP/1.1\r\n").into_bytes();
        for (name, value) in &self.lines {
            text.extend_from_slice(name);
            text.extend_from_slice(b": ");
            text.extend_from_slice(value);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        text
    }
}
