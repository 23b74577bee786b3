//! The opening handshake over HTTP/2: extended CONNECT. RFC 8441.
//!
//! HTTP/2 compresses its header fields (HPACK, RFC 7541), so there is no text on the wire. This module uses a text with one
//! line for each decoded field, in order (`:method: CONNECT` first), and an empty line at the end.

use super::request::{RequestError, VERSION, extensions, subprotocols};
use crate::extension;
use std::fmt::{self, Write};

/// The offers of a valid request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// `sec-websocket-protocol`, the most preferred first.
    pub subprotocols: Vec<String>,
    /// `sec-websocket-extensions`, all fields joined into one valid list. Empty if there were none.
    pub extensions: String,
}

/// The names and values of the fields in such a text, in order. Lines that are not fields are left out.
pub fn fields(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // The leading colon of a pseudo-header field is part of its name.
        let colon = 1 + line.get(1..)?.iter().position(|&byte| byte == b':')?;
        let value = &line[colon + 1..];
        Some((&line[..colon], value.strip_prefix(b" ").unwrap_or(value)))
    })
}

/// Checks a request.
///
/// # Errors
/// The first reason why the request cannot open a WebSocket.
pub fn judge(text: &[u8]) -> Result<ConnectRequest, RequestError> {
    let all = |name: &str| {
        let values = fields(text).filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>()
    };
    let method = all(":method").concat();
    if method != "CONNECT" {
        return Err(RequestError::MethodNotConnect(method));
    }
    let protocol = all(":protocol").concat();
    if !extension::trim(&protocol).eq_ignore_ascii_case("websocket") {
        return Err(RequestError::ProtocolNotWebSocket(protocol));
    }
    match all("sec-websocket-version").as_slice() {
        [] => return Err(RequestError::VersionMissing),
        [version] if version == VERSION => {}
        versions => return Err(RequestError::VersionUnsupported(versions.join(", "))),
    }
    let offered = all("sec-websocket-protocol").join(", ");
    let subprotocols = subprotocols(&offered).ok_or(RequestError::SubprotocolMalformed(offered))?;
    Ok(ConnectRequest { subprotocols, extensions: extensions(&all("sec-websocket-extensions"))? })
}

/// The response that opens the stream: status 200, without `Upgrade` and without an accept value. RFC 8441 §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected<'a> {
    pub subprotocol: Option<&'a str>,
    pub extensions: Option<&'a str>,
}

impl fmt::Display for Connected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(":status: 200\r\n")?;
        let lines = [("sec-websocket-protocol", self.subprotocol), ("sec-websocket-extensions", self.extensions)];
        for (name, value) in lines {
            if let Some(value) = value {
                write!(f, "{name}: {value}\r\n")?;
            }
        }
        f.write_str("\r\n")
    }
}

/// Converts an HTTP/1.1 response head to the text for HTTP/2. It drops the connection-specific fields (RFC 9113 §8.2.2).
/// `head` ends with its empty line.
#[must_use]
pub fn from_response(status: u16, head: &str) -> String {
    let mut text = format!(":status: {status}\r\n");
    for (name, value) in fields(head.split_once('\n').map_or("", |(_, fields)| fields).as_bytes()) {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if !matches!(&*name, "connection" | "upgrade" | "keep-alive" | "transfer-encoding") {
            let _ = write!(text, "{name}: {}\r\n", String::from_utf8_lossy(value));
        }
    }
    text + "\r\n"
}
