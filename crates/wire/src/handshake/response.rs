//! Writes a server's response to an opening handshake. RFC 6455 §4.2.2.

use super::accept::Derivation;
use super::request::{RequestError, VERSION};
use std::fmt::{self, Write};

/// The 101 response that completes the handshake for `key`. `extensions` is the header value with the accepted extensions.
#[must_use]
pub fn switching_protocols(key: &str, subprotocol: Option<&str>, extensions: Option<&str>) -> String {
    let accept = Derivation::from_key(key).accept;
    SwitchingProtocols { upgrade: true, connection: true, accept: Some(&accept), subprotocol, extensions }.to_string()
}

/// A 101 response. Each header can be left out, so invalid responses can be written as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchingProtocols<'a> {
    /// Whether to send `Upgrade: websocket`.
    pub upgrade: bool,
    /// Whether to send `Connection: Upgrade`.
    pub connection: bool,
    pub accept: Option<&'a str>,
    pub subprotocol: Option<&'a str>,
    pub extensions: Option<&'a str>,
}

impl fmt::Display for SwitchingProtocols<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("Upgrade", self.upgrade.then_some("websocket")),
            ("Connection", self.connection.then_some("Upgrade")),
            ("Sec-WebSocket-Accept", self.accept),
            ("Sec-WebSocket-Protocol", self.subprotocol),
            ("Sec-WebSocket-Extensions", self.extensions),
        ];
        f.write_str("HTTP/1.1 101 Switching Protocols\r\n")?;
        for (name, value) in lines {
            if let Some(value) = value {
                write!(f, "{name}: {value}\r\n")?;
            }
        }
        f.write_str("\r\n")
    }
}

/// A complete refusal: status line, headers and a readable body. The server closes the connection after it.
#[must_use]
pub fn refusal(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status} {}\r\n", reason_phrase(status));
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    // RFC 9110 §7.8: a sender of `Upgrade` must list it in `Connection`.
    let upgrade = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Upgrade"));
    let connection = if upgrade { "Upgrade, close" } else { "close" };
    let length = body.len();
    // The body may repeat parts of the request, which a browser must not take for HTML.
    let _ = write!(
        text,
        "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {length}\r\n\
         Connection: {connection}\r\n\r\n{body}"
    );
    text
}

/// The refusal for `error`.
#[must_use]
pub fn refusal_for(error: &RequestError) -> String {
    let section = error.section().map(|section| format!("(RFC 6455, section {section})\n")).unwrap_or_default();
    let body = format!("{error}.\n{section}");
    let headers: &[(&str, &str)] = match error {
        RequestError::MethodNotGet(_) => &[("Allow", "GET")],
        RequestError::MethodNotConnect(_) => &[("Allow", "CONNECT")],
        RequestError::HttpTooOld | RequestError::UpgradeMissing => &[("Upgrade", "websocket")],
        RequestError::VersionMissing | RequestError::VersionUnsupported(_) => {
            &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION)]
        }
        _ => &[],
    };
    refusal(error.status(), headers, &body)
}

/// The reason phrase of a status. RFC 9110 §15.
#[must_use]
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        // RFC 6585 §4.
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Refused",
    }
}
