//! The checks of a challenge: each is a sentence for the learner, and a condition on the evidence.

use observation::{MessageKind, Party};
use serde::{Deserialize, Serialize};

/// In TOML, a table with `id`, `wants` and one more key, which names the condition:
/// ```toml
/// [[checks]]
/// id = "hello"
/// wants = "The server receives the text “hello”."
/// message = { from = "client", kind = "text", is = "hello" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name within the challenge.
    pub id: String,
    /// The condition as a sentence for the learner.
    pub wants: String,
    #[serde(flatten)]
    pub condition: Condition,
}

/// A condition on the evidence. Texts may contain placeholders such as `{{name}}` and `{{accept:name}}` (see
/// [`crate::values`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    // On the wire:
    Connected(Times),
    Subprotocol(Subprotocol),
    Message(Message),
    CloseFrame(CloseFrame),
    /// Whether the closing handshake was completed.
    ClosedCleanly(bool),
    Beats(Beats),
    Backoff(Backoff),
    InFlight(InFlight),
    /// The client sends a text message this long after the connection opened.
    Lasted(Lasted),
    // Recorded by the page:
    Tried(Tried),
    Event(ExpectedEvent),
    Returned(Returned),
    Pasted(Pasted),
    Shown(ExpectedImages),
    /// A limit for `bufferedAmount`.
    Buffered(Buffered),
}

/// How often. A missing bound is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Times {
    pub at_least: Option<u32>,
    pub at_most: Option<u32>,
}

/// The subprotocols that the client offered, in this order, and the one that the server chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Subprotocol {
    pub offered: Vec<String>,
    pub agreed: Option<String>,
}

/// A message. Fields that are left out match any message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    pub from: Party,
    pub kind: Option<MessageKind>,
    /// The text content.
    pub is: Option<String>,
    /// The text content, ignoring case and spaces: for hex.
    pub is_hex: Option<String>,
    /// The content's bytes, in hex.
    pub bytes: Option<String>,
    /// The content is JSON with at least these fields.
    pub json: Option<serde_json::Value>,
    /// The content is an image (PNG, JPEG, GIF or WebP), recognized by its first bytes.
    pub image: Option<bool>,
    /// The length of the content in bytes.
    pub length: Option<u64>,
    /// JSON messages with the same value of this field count once.
    pub distinct: Option<String>,
    /// JSON messages count only if this field is a number that is larger than in the last message that counted.
    pub ascending: Option<String>,
    pub at_least: Option<u32>,
    pub at_most: Option<u32>,
}

impl Message {
    /// Any message from this side.
    #[must_use]
    pub fn any(from: Party) -> Self {
        Self {
            from,
            kind: None,
            is: None,
            is_hex: None,
            bytes: None,
            json: None,
            image: None,
            length: None,
            distinct: None,
            ascending: None,
            at_least: None,
            at_most: None,
        }
    }
}

/// A close frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CloseFrame {
    pub from: Party,
    pub code: Option<u16>,
    pub reason: Option<String>,
    /// Milliseconds after the last message of the same sender, at least and at most.
    pub waited_ms: Option<[u32; 2]>,
}

/// Messages of the client at regular intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Beats {
    /// The minimum number of messages.
    pub times: u32,
    /// Milliseconds between two messages, at least and at most.
    pub apart_ms: [u32; 2],
    /// Whether the server must answer each message before the next is sent.
    #[serde(default)]
    pub answered: bool,
}

/// Waits between connections: exponential backoff. Wait n, counted from 0, is at least `base_ms` × 2ⁿ and at most twice that,
/// plus some tolerance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Backoff {
    pub waits: u32,
    pub base_ms: u32,
    /// Whether the waits must have a random part.
    #[serde(default)]
    pub jitter: bool,
}

/// Messages of the client that were in flight at the same time, not yet answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InFlight {
    pub at_least: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lasted {
    pub at_least_ms: u32,
}

/// `new WebSocket(url)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tried {
    /// The start of the URL.
    pub url: String,
}

/// An event of a WebSocket in the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExpectedEvent {
    pub name: EventName,
    pub code: Option<u16>,
    pub was_clean: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventName {
    Open,
    Message,
    Error,
    Close,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Returned {
    /// An object must have at least these fields.
    pub is: serde_json::Value,
}

/// A message of the browser's console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pasted {
    /// Names of [`crate::console::Meaning`]. One of them has to match.
    pub says: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExpectedImages {
    /// The number of images.
    pub at_least: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Buffered {
    pub at_most: u64,
}

impl Condition {
    /// Whether only the page can observe it.
    #[must_use]
    pub fn needs_page(&self) -> bool {
        match self {
            Self::Tried(_)
            | Self::Event(_)
            | Self::Returned(_)
            | Self::Pasted(_)
            | Self::Shown(_)
            | Self::Buffered(_) => true,
            Self::Connected(_)
            | Self::Subprotocol(_)
            | Self::Message(_)
            | Self::CloseFrame(_)
            | Self::ClosedCleanly(_)
            | Self::Beats(_)
            | Self::Backoff(_)
            | Self::InFlight(_)
            | Self::Lasted(_) => false,
        }
    }
}
