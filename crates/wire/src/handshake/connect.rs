//! The opening handshake over HTTP/2: extended CONNECT. RFC 8441.
//!
//! HTTP/2 has no text of a head: its fields come packed (HPACK, RFC 7541). What stands for it here has a line for each
//! field, as it was unpacked and in its order, `:method: CONNECT` first, and an empty line at the end.

use super::request::{RequestError, VERSION, extensions, subprotocols};
use crate::extension;
use std::fmt::{self, Write};

/// What a right request offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// `sec-websocket-protocol`, the client's preference first.
    pub subprotocols: Vec<String>,
    /// `sec-websocket-extensions`, all fields as one list that follows its grammar; empty if there was none.
    pub extensions: String,
}

/// The fields of a head as above, in their order. What is no field is left out.
pub fn fields(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // The colon in front of a pseudo-field is part of its name.
        let colon = 1 + line.get(1..)?.iter().position(|&byte| byte == b':')?;
        let value = &line[colon + 1..];
        Some((&line[..colon], value.strip_prefix(b" ").unwrap_or(value)))
    })
}

/// Judges a request by its fields.
///
/// # Errors
/// The first thing that stands in the way of a WebSocket.
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

/// The answer that opens the stream: 200, and neither `Upgrade` nor an accept value. RFC 8441 §5.
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

/// The same head as HTTP/2 would carry it, `head` being one of HTTP/1.1 up to its empty line: without the fields that are of
/// one connection (RFC 9113 §8.2.2).
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
