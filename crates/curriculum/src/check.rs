//! What a challenge may ask for: each check is one sentence and one thing to look for in the evidence.

use observation::{MessageKind, Party};
use serde::{Deserialize, Serialize};

/// In TOML a table with `id`, `wants` and one more key, the name of what is looked for:
/// ```toml
/// [[checks]]
/// id = "hello"
/// wants = "The server gets “hello” as text."
/// message = { from = "client", kind = "text", is = "hello" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name in this challenge.
    pub id: String,
    /// What is wanted, in a sentence.
    pub wants: String,
    #[serde(flatten)]
    pub look: Look,
}

/// What is looked for. Texts may hold `{{name}}` for a given value, and `{{accept:name}}`, `{{frame:text:key}}` for what can
/// be worked out of given values (see [`crate::given`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    // On the wire:
    Connected(Times),
    Subprotocol(Subprotocol),
    Message(Message),
    CloseFrame(CloseFrame),
    /// Both ends have said goodbye.
    ClosedCleanly(bool),
    Beats(Beats),
    Backoff(Backoff),
    InFlight(InFlight),
    /// A text message of the client's is sent so long after the connection opened, and it is open still.
    Lasted(Lasted),
    // What the page told:
    Tried(Tried),
    Event(EventWant),
    Returned(Returned),
    Pasted(Pasted),
    Shown(ShownWant),
    /// The most bytes that may wait in a socket.
    Buffered(Buffered),
}

/// How often. A bound that is left out is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Times {
    pub at_least: Option<u32>,
    pub at_most: Option<u32>,
}

/// What the client offered, in this order, and what was agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Subprotocol {
    pub offered: Vec<String>,
    pub agreed: Option<String>,
}

/// A message of one end's. What is left out may be as it likes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    pub from: Party,
    pub kind: Option<MessageKind>,
    /// The content, as text.
    pub is: Option<String>,
    /// The same, where neither case nor spaces matter: for hex.
    pub is_hex: Option<String>,
    /// The content's bytes, in hex.
    pub bytes: Option<String>,
    /// The content is JSON with these fields, and perhaps others.
    pub json: Option<serde_json::Value>,
    /// The content is one of these images, known by its first bytes: `png`, `jpeg`, `gif`, `webp`.
    pub image: Option<bool>,
    /// Bytes of content.
    pub length: Option<u64>,
    /// JSON messages count only once for each value of this field.
    pub distinct: Option<String>,
    /// JSON messages count only where this field is a number, and larger than in the one that counted before.
    pub ascending: Option<String>,
    pub at_least: Option<u32>,
    pub at_most: Option<u32>,
}

/// A close frame of one end's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CloseFrame {
    pub from: Party,
    pub code: Option<u16>,
    pub reason: Option<String>,
    /// Milliseconds after that end's last message, at least and at most.
    pub waited_ms: Option<[u32; 2]>,
}

/// Messages of the client's at regular intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Beats {
    /// How many there are at least.
    pub times: u32,
    /// Milliseconds between one and the next, at least and at most.
    pub apart_ms: [u32; 2],
    /// Whether each must have been answered before the next goes out.
    #[serde(default)]
    pub answered: bool,
}

/// Waits between connections that grow and are not quite regular. The n-th wait, counted from 0, is at least `base` times two
/// to the n, and at most twice that and a little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Backoff {
    pub waits: u32,
    pub base_ms: u32,
    /// Whether the waits must be spread by chance.
    #[serde(default)]
    pub jitter: bool,
}

/// Messages of the client's that were under way at once, before the answer to the first had come.
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
    /// What the URL begins with.
    pub url: String,
}

/// An event that a socket of the page's was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EventWant {
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
    /// Of an object, these fields, and perhaps others.
    pub is: serde_json::Value,
}

/// A line of the browser's console that was recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pasted {
    /// Names of [`crate::console::Meaning`]; any will do.
    pub says: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ShownWant {
    /// How many images.
    pub at_least: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Buffered {
    pub at_most: u64,
}

impl Look {
    /// Whether only the page can have seen it.
    #[must_use]
    pub fn is_of_page(&self) -> bool {
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
