//! What a page's JavaScript did with its own WebSocket, and the events that it received.

use crate::MessageKind;
use serde::{Deserialize, Serialize};

/// The number of a WebSocket in its page, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SocketNumber(pub u32);

/// The number of an event in its page, from 1.
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

/// A summary of a payload, for lists of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePayload {
    pub kind: MessageKind,
    /// The size in bytes. Text counts as UTF-8.
    pub bytes: u64,
    /// JavaScript's `length` of a text: UTF-16 code units. 0 for binary.
    pub utf16_length: u64,
    /// The start of a text, or the name of a file.
    pub preview: String,
}

/// Identifies the requests of this page in the relay's record, by values that the browser sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The path and query, as in the request line.
    pub target: String,
    pub origin: String,
    pub user_agent: String,
}

impl Fingerprint {
    /// Whether the request head `request` can come from this socket.
    #[must_use]
    pub fn matches(&self, request: &[u8]) -> bool {
        use wire::handshake::connect;
        use wire::handshake::head::RequestHead;
        // The lines of an HTTP/1.1 head and the fields of HTTP/2 have the same format here.
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
