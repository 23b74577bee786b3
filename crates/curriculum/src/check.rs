//! The checks of a challenge: each is a sentence for the learner, and a condition on the evidence.

use crate::values::{self, GOT};
use observation::{MessageKind, Party};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// In TOML, a table with `id`, `wants` and one more key, which names the condition:
/// ```toml
/// [[checks]]
/// id = "hello"
/// wants = "The server receives the text “hello”."
/// message = { from = "client", kind = "text", is = "hello" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The client sends a frame this long after the connection opened.
    Lasted(Lasted),
    After(Box<After>),
    Acknowledged(Acknowledged),
    /// The client reports what is in the inner stream that the server sent in binary messages.
    Inner(Inner),
    Frames(Frames),
    Answers(Answers),
    Named(Named),
    // Recorded by the page:
    Tried(Tried),
    Event(ExpectedEvent),
    Returned(Returned),
    Pasted(Pasted),
    Shown(ExpectedImages),
    /// A limit for `bufferedAmount`.
    Buffered(Buffered),
    Read(Read),
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether each opened connection needs such messages.
    #[serde(default)]
    pub on_each: bool,
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
            on_each: false,
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
    /// Whether that message must have no answer.
    #[serde(default)]
    pub unanswered: bool,
}

/// Messages of the client at regular intervals. Messages that do not match `json` are ignored.
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
    /// The messages are JSON with at least these fields.
    pub json: Option<serde_json::Value>,
    /// A field that repeats the value from the server's answer to the previous message.
    pub repeats: Option<String>,
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
    /// How often the waits start over from `base_ms`. Each time, the random part must be a different one.
    #[serde(default = "once")]
    pub series: u32,
}

fn once() -> u32 {
    1
}

/// Messages of the client that were in flight at the same time, not yet answered. A missing bound is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InFlight {
    pub at_least: Option<u32>,
    pub at_most: Option<u32>,
}

/// Frames of one side, without close frames and pongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Frames {
    pub from: Party,
    pub at_most: u32,
}

/// The client asks with JSON messages. Then it sends a list with a field of each answer, in the order of its questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answers {
    /// The field by which an answer belongs to its question.
    pub id: String,
    /// The field of the answers that the client collects.
    pub take: String,
    /// The field of the client's message that has the list.
    pub into: String,
    /// The number of questions.
    pub times: u32,
}

/// The first message on a connection names the fault of the connection before it. A right name is worth a point the first time,
/// and a wrong one costs a point. Only the relay knows the faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Named {
    pub points: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lasted {
    pub at_least_ms: u32,
}

/// Two messages, the second one after the first. The earliest message that fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct After {
    pub first: Message,
    pub then: Message,
    /// Milliseconds between them.
    pub at_least_ms: Option<u32>,
    pub at_most_ms: Option<u32>,
}

/// The client sends JSON messages again until the server acknowledges them, and not after that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Acknowledged {
    /// The field of the client's messages that identifies them.
    pub id: String,
    /// The field of the server's messages that names such an id.
    pub by: String,
    /// How many different messages.
    pub at_least: u32,
}

/// What a client reports about an inner stream, in one JSON message each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inner {
    /// `{"frame": N, "opcode": N, "masked": BOOL, "length": N, "sum": N}`
    Frames,
    /// `{"message": N, "text": "…"}`; for a binary one `{"message": N, "length": N, "sum": N}`
    Messages,
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether the image must be as long as one that the server sent.
    #[serde(default)]
    pub received: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Buffered {
    pub at_most: u64,
    /// How many messages the code must send after it has read `bufferedAmount` since the message before.
    pub looks: Option<u32>,
}

/// What the code read from its sockets and their events, such as `readyState 1`, `close.code` or `message.data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Read {
    pub all: Vec<String>,
    /// Whether it must have read them in this order.
    #[serde(default)]
    pub in_order: bool,
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
            | Self::Buffered(_)
            | Self::Read(_) => true,
            Self::Connected(_)
            | Self::Subprotocol(_)
            | Self::Message(_)
            | Self::CloseFrame(_)
            | Self::ClosedCleanly(_)
            | Self::Beats(_)
            | Self::Backoff(_)
            | Self::InFlight(_)
            | Self::Lasted(_)
            | Self::After(_)
            | Self::Acknowledged(_)
            | Self::Inner(_)
            | Self::Frames(_)
            | Self::Answers(_)
            | Self::Named(_) => false,
        }
    }

    /// The names of the values in its texts.
    #[must_use]
    pub(crate) fn value_names(&self) -> BTreeSet<String> {
        // In JSON, `{{` occurs only inside of strings.
        let json = serde_json::to_string(self).expect("plain data becomes JSON");
        let named = values::placeholders(&json).filter(|it| it.derived() != Some(GOT));
        named.flat_map(|it| it.names().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// Whether only the relay can decide it, because it does not tell anyone the evidence.
    #[must_use]
    pub fn needs_relay(&self) -> bool {
        matches!(self, Self::Named(_))
    }
}
