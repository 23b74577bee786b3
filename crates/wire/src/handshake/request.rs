//! Checks a client's opening handshake as a server must. RFC 6455 §4.2.1.

use super::accept::is_key;
use super::head::{RequestHead, values};
use crate::extension;
use thiserror::Error;

/// The protocol version that RFC 6455 defines.
pub const VERSION: &str = "13";

/// A valid opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRequest {
    /// `Sec-WebSocket-Key`, as sent.
    pub key: String,
    /// `Sec-WebSocket-Protocol`, the most preferred first.
    pub subprotocols: Vec<String>,
    /// `Sec-WebSocket-Extensions`, all lines joined into one valid list. Empty if there were none.
    pub extensions: String,
}

/// Why a request cannot be upgraded. The text says what to send instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    #[error("the method is {0}; an opening handshake uses GET")]
    MethodNotGet(String),
    #[error("the HTTP version is too old; an opening handshake needs HTTP/1.1: `GET … HTTP/1.1`")]
    HttpTooOld,
    #[error("this URL is a WebSocket endpoint; send the headers `Upgrade: websocket` and `Connection: Upgrade`")]
    UpgradeMissing,
    #[error("`Connection` does not list `Upgrade`; send `Connection: Upgrade` with `Upgrade: websocket`")]
    ConnectionLacksUpgrade,
    #[error("the method is {0}; over HTTP/2 a WebSocket is opened with an extended CONNECT, see RFC 8441 §4")]
    MethodNotConnect(String),
    #[error("`:protocol: {0}` is not supported; send `:protocol: websocket`")]
    ProtocolNotWebSocket(String),
    #[error("HTTP/1.1 requires exactly one `Host` header; send `Host: ` and the name or address of this server")]
    HostMissing,
    #[error("`Sec-WebSocket-Version` is missing; send `Sec-WebSocket-Version: 13`")]
    VersionMissing,
    #[error("`Sec-WebSocket-Version: {0}` is not supported; send 13")]
    VersionUnsupported(String),
    #[error("`Sec-WebSocket-Key` is missing; send 16 random bytes in base64")]
    KeyMissing,
    #[error("`Sec-WebSocket-Key` appears {0} times; send it once")]
    KeyRepeated(usize),
    #[error("`Sec-WebSocket-Key: {0}` is not base64 of 16 bytes; send 24 characters that end with `==`")]
    KeyMalformed(String),
    #[error(
        "`Sec-WebSocket-Protocol: {0}` is not a valid list of subprotocols; send distinct tokens, separated by commas"
    )]
    SubprotocolMalformed(String),
    #[error(
        "`Sec-WebSocket-Extensions: {0}` is not a valid list; send `name; parameter=value, name …` or leave it out"
    )]
    ExtensionsMalformed(String),
}

impl RequestError {
    /// The HTTP status to refuse the request with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::MethodNotGet(_) | Self::MethodNotConnect(_) => 405,
            // RFC 9220 §3 defines this for HTTP/3. No status fits better.
            Self::ProtocolNotWebSocket(_) => 501,
            Self::HttpTooOld | Self::UpgradeMissing | Self::VersionUnsupported(_) | Self::VersionMissing => 426,
            _ => 400,
        }
    }

    /// A stable, machine-readable name.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::MethodNotGet(_) => "method-not-get",
            Self::HttpTooOld => "http-too-old",
            Self::UpgradeMissing => "upgrade-missing",
            Self::ConnectionLacksUpgrade => "connection-lacks-upgrade",
            Self::MethodNotConnect(_) => "method-not-connect",
            Self::ProtocolNotWebSocket(_) => "protocol-not-websocket",
            Self::HostMissing => "host-missing",
            Self::VersionMissing => "version-missing",
            Self::VersionUnsupported(_) => "version-unsupported",
            Self::KeyMissing => "key-missing",
            Self::KeyRepeated(_) => "key-repeated",
            Self::KeyMalformed(_) => "key-malformed",
            Self::SubprotocolMalformed(_) => "subprotocol-malformed",
            Self::ExtensionsMalformed(_) => "extensions-malformed",
        }
    }

    /// The section of RFC 6455 that defines the rule. `None` for the rules of RFC 8441.
    #[must_use]
    pub fn section(&self) -> Option<&'static str> {
        match self {
            Self::MethodNotConnect(_) | Self::ProtocolNotWebSocket(_) => None,
            Self::VersionMissing | Self::VersionUnsupported(_) => Some("4.4"),
            Self::ExtensionsMalformed(_) => Some("9.1"),
            _ => Some("4.2.1"),
        }
    }
}

/// Checks a request. `head` is the result of [`RequestHead::parse`] for `bytes`.
///
/// # Errors
/// The first reason why the request cannot be upgraded.
pub fn judge(bytes: &[u8], head: &RequestHead) -> Result<OpeningRequest, RequestError> {
    let all = |name| values(bytes, &head.headers, name).map(lossy).collect::<Vec<_>>();
    let lists = |name, token: &str| {
        all(name).join(",").split(',').any(|item| extension::trim(item).eq_ignore_ascii_case(token))
    };

    let method = &bytes[head.method.clone()];
    if method != b"GET" {
        return Err(RequestError::MethodNotGet(lossy(method)));
    }
    if !lists("Upgrade", "websocket") {
        return Err(RequestError::UpgradeMissing);
    }
    if head.minor_version < 1 {
        return Err(RequestError::HttpTooOld);
    }
    if !lists("Connection", "upgrade") {
        return Err(RequestError::ConnectionLacksUpgrade);
    }
    if all("Host").len() != 1 {
        return Err(RequestError::HostMissing);
    }
    match all("Sec-WebSocket-Version").as_slice() {
        [] => return Err(RequestError::VersionMissing),
        [version] if version == VERSION => {}
        versions => return Err(RequestError::VersionUnsupported(versions.join(", "))),
    }
    let key = match <[String; 1]>::try_from(all("Sec-WebSocket-Key")) {
        Ok([key]) if is_key(&key) => key,
        Ok([key]) => return Err(RequestError::KeyMalformed(key)),
        Err(keys) if keys.is_empty() => return Err(RequestError::KeyMissing),
        Err(keys) => return Err(RequestError::KeyRepeated(keys.len())),
    };
    let offered = all("Sec-WebSocket-Protocol").join(", ");
    let subprotocols = subprotocols(&offered).ok_or(RequestError::SubprotocolMalformed(offered))?;
    Ok(OpeningRequest { key, subprotocols, extensions: extensions(&all("Sec-WebSocket-Extensions"))? })
}

/// Joins the lines of `Sec-WebSocket-Extensions` into one list.
pub(super) fn extensions(lines: &[String]) -> Result<String, RequestError> {
    let list = lines.join(", ");
    if extension::parse(&list).is_some() { Ok(list) } else { Err(RequestError::ExtensionsMalformed(list)) }
}

/// The names in a list of subprotocols. `None` if one is not a token or appears twice. RFC 6455 §4.1, requirement 10.
#[must_use]
pub fn subprotocols(list: &str) -> Option<Vec<String>> {
    let names = extension::tokens(list)?;
    let distinct = names.iter().enumerate().all(|(n, name)| !names[..n].contains(name));
    distinct.then(|| names.into_iter().map(str::to_owned).collect())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
