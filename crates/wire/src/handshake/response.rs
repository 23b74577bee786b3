//! What a server answers to an opening handshake, as the bytes that go out. RFC 6455 §4.2.2.

use super::accept::Derivation;
use super::request::{RequestError, VERSION};
use std::fmt::Write;

/// The 101 that completes the handshake for `key`. `extensions` is what was taken of those offered, as it is to stand there.
#[must_use]
pub fn switching_protocols(key: &str, subprotocol: Option<&str>, extensions: Option<&str>) -> String {
    let accept = Derivation::from_key(key).accept;
    let mut text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    );
    if let Some(name) = subprotocol {
        let _ = write!(text, "Sec-WebSocket-Protocol: {name}\r\n");
    }
    if let Some(list) = extensions {
        let _ = write!(text, "Sec-WebSocket-Extensions: {list}\r\n");
    }
    text.push_str("\r\n");
    text
}

/// A whole refusal: status line, headers, and a readable body. The connection ends after it.
#[must_use]
pub fn refusal(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status} {}\r\n", reason_phrase(status));
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    // RFC 9110 §7.8: whoever sends `Upgrade` must list it in `Connection`.
    let upgrade = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Upgrade"));
    let connection = if upgrade { "Upgrade, close" } else { "close" };
    let length = body.len();
    let _ = write!(
        text,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n{body}"
    );
    text
}

/// The refusal that `error` calls for.
#[must_use]
pub fn refusal_for(error: &RequestError) -> String {
    let body = format!("{error}.\n(RFC 6455, section {})\n", error.section());
    let headers: &[(&str, &str)] = match error {
        RequestError::MethodNotGet(_) => &[("Allow", "GET")],
        RequestError::HttpTooOld | RequestError::UpgradeMissing => &[("Upgrade", "websocket")],
        RequestError::VersionMissing | RequestError::VersionUnsupported(_) => {
            &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION)]
        }
        _ => &[],
    };
    refusal(error.status(), headers, &body)
}

/// The words after the status. RFC 9110 §15.
#[must_use]
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}
