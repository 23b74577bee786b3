//! Rules: which frames and handshakes the relay intercepts, and what it does with them. Rules belong to a session and can be changed while
//! connections are open.
//!
//! The rules are tried in their order. The first one that matches decides what happens, except that a [`Then::Note`] leaves the
//! decision to the rules after it.

use crate::encoding::named::named;
use crate::frame::{MessageKind, Party};
use crate::id::ConnectionNumber;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a message is held if the rule does not say, in milliseconds.
pub const HOLD_MS: u64 = 30_000;
/// How long a message waits for others to go first if the rule does not say, in milliseconds.
pub const REORDER_MS: u64 = 5_000;

/// One rule. Fields that are left out have their defaults; only `then` is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A name for people. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether the rule is in force.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub on: bool,
    #[serde(default, skip_serializing_if = "When::is_any")]
    pub when: When,
    pub then: Then,
    /// How many times the rule acts on each connection; `null` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// Which frames or handshakes a rule applies to. All conditions must hold; a condition that is left out always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// It is this part of an opening handshake that crosses `/relay`, and not a frame. `text`, `regex` and the sizes are then those of
    /// its head, as it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake: Option<HandshakePart>,
    /// Who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// The opcode of the frame, or of a message's first frame: 0–15. Without it, a rule applies to text and binary messages, and
    /// never to pings, pongs and close frames. RFC 6455 §5.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opcode: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<MessageKind>,
    /// The smallest and the largest size of the content, in bytes, decompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// A text that occurs in the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A regular expression that matches somewhere in the content, which must be UTF-8. The syntax is that of the crate `regex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// The content is JSON with this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonIs>,
    /// The content has this field when it is decoded by the crate `decode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldIs>,
    /// The negotiated subprotocol of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<String>,
    /// The number of the connection; of a hop, that of either side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionNumber>,
}

/// A part of an opening handshake. RFC 6455 §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandshakePart {
    /// What the relay sends to the server.
    Request,
    /// The 101 that the relay sends to the client after the server's.
    Response,
}

named!(HandshakePart: "request" => HandshakePart::Request, "response" => HandshakePart::Response);

impl HandshakePart {
    /// Its name in JSON and in sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// A value at a place in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonIs {
    /// The place, such as `$.type`: a singular query of RFC 9535 §2.3.5.1. See [`JsonPath`](crate::JsonPath).
    pub path: String,
    /// The value there. If it is left out, any value will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
}

/// A decoded field, at any depth. Capital letters make no difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldIs {
    /// What the protocol calls it, such as `event`.
    pub name: String,
    /// Its value as text. If it is left out, any value will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

/// What happens to a frame or message that a rule applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Then {
    /// Waits until an observer forwards, drops or answers it. Messages after it go ahead.
    Hold(Hold),
    /// Goes no further.
    Drop,
    /// Goes on later. Messages after it go ahead.
    Delay(Delay),
    /// Goes on more than once.
    Duplicate(Duplicate),
    /// Goes on after messages that were sent later.
    Reorder(Reorder),
    /// Goes on with another content.
    Replace(Replace),
    /// Goes on with a fault: one of the names that `/api/behaviours` lists. Only where the relay sends the message.
    Corrupt(String),
    /// Goes no further. The relay closes the connection instead, on both sides of a hop.
    Close(CloseCode),
    /// Goes on. The record says that the rule matched, with this text.
    Note(String),
}

/// How long a message is held, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hold {
    /// In milliseconds.
    pub ms: u64,
    /// What happens when nobody has decided by then.
    pub then: Expiry,
}

/// What happens to a held message when its time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    #[default]
    Forward,
    Drop,
}

named!(Expiry: "forward" => Expiry::Forward, "drop" => Expiry::Drop);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// In milliseconds.
    pub ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// How many copies go on after the original.
    pub copies: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reorder {
    /// How many later messages of the same direction go first.
    pub behind: u32,
    /// How long it waits for them, in milliseconds.
    pub ms: u64,
}

/// How the content changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Replace {
    /// Every match of a regular expression in a text is replaced. `$1` and `$name` in `with` stand for groups.
    Regex { find: String, with: String },
    /// The content becomes this text. `{{text}}` in it stands for the content, and `{{$.id}}` for the value at that place in JSON.
    Template(String),
    /// The value at a place in JSON becomes another one. Other values stay, but spaces between them may change.
    Json { path: String, with: Value },
}

/// The close frame that the relay sends. RFC 6455 §7.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseCode {
    pub code: u16,
    /// At most 123 bytes of UTF-8.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Default for Hold {
    fn default() -> Self {
        Self { ms: HOLD_MS, then: Expiry::Forward }
    }
}

impl Default for Reorder {
    fn default() -> Self {
        Self { behind: 1, ms: REORDER_MS }
    }
}

impl When {
    /// Whether it has no condition.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

impl Then {
    /// The stable name of the action, as in its JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hold(_) => "hold",
            Self::Drop => "drop",
            Self::Delay(_) => "delay",
            Self::Duplicate(_) => "duplicate",
            Self::Reorder(_) => "reorder",
            Self::Replace(_) => "replace",
            Self::Corrupt(_) => "corrupt",
            Self::Close(_) => "close",
            Self::Note(_) => "note",
        }
    }
}

/// A message of an observer that changes the rules of the session. The relay answers it like a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesRequest {
    /// A number of the observer's choice. The answer repeats it.
    pub id: u64,
    pub rules: RulesChange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RulesChange {
    /// Replaces all rules.
    Set(Vec<Rule>),
    /// Switches one rule on or off.
    Switch(Switch),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The position of the rule in the list, from 1.
    pub rule: usize,
    pub on: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_true(on: &bool) -> bool {
    *on
}
