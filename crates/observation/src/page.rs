//! What a page's JavaScript did with its own socket, and what it was told.

use crate::MessageKind;
use serde::{Deserialize, Serialize};

/// A page's sockets, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SocketNumber(pub u32);

/// A page's events, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNumber(pub u64);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEvent {
    pub number: EventNumber,
    pub socket: SocketNumber,
    /// Microseconds on the page's monotonic clock.
    pub at_us: u64,
    pub act: PageAct,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum PageAct {
    /// `new WebSocket(url, protocols)`
    Constructed { url: String, protocols: Vec<String> },
    /// The `open` event, with the socket's `protocol` and `extensions`.
    Open { protocol: String, extensions: String },
    /// `send(…)`
    Sent(PagePayload),
    /// The `message` event.
    Received(PagePayload),
    /// `close(code, reason)`
    CloseCalled { code: Option<u16>, reason: String },
    /// The `error` event, which carries nothing.
    Error,
    /// The `close` event.
    Closed { code: u16, reason: String, was_clean: bool },
}

/// What a list of events shows of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePayload {
    pub kind: MessageKind,
    /// Of a text, in UTF-8.
    pub bytes: u64,
    /// What JavaScript calls the length of a text: UTF-16 code units. 0 for bytes.
    pub utf16_length: u64,
    /// The front of a text, or the name of a file.
    pub preview: String,
}

/// By what the relay's record of a request can be known to be this page's: what a browser puts into it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Path and query, as in the request line.
    pub target: String,
    pub origin: String,
    pub user_agent: String,
}

impl Fingerprint {
    /// Whether `request` is a head that this page's browser would send for this socket.
    #[must_use]
    pub fn matches(&self, request: &[u8]) -> bool {
        use wire::handshake::connect;
        use wire::handshake::head::RequestHead;
        // The lines of a head and the fields of HTTP/2 are written alike.
        let is = |name: &str, wanted: &str| {
            connect::fields(request)
                .any(|(other, value)| other.eq_ignore_ascii_case(name.as_bytes()) && value == wanted.as_bytes())
        };
        let asks = if request.starts_with(b":") {
            is(":path", &self.target)
        } else {
            let head = RequestHead::parse(request).ok().flatten();
            head.is_some_and(|head| request[head.target] == *self.target.as_bytes())
        };
        asks && is("Origin", &self.origin) && is("User-Agent", &self.user_agent)
    }
}
