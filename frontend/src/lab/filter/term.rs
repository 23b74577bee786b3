//! What a filter asks for.

use observation::{JsonPath, MessageKind, Party};
use regex_lite::Regex;
use serde_json::Value;

/// A condition, or its opposite.
#[derive(Clone, Debug)]
pub struct Term {
    pub excludes: bool,
    pub condition: Condition,
}

#[derive(Clone, Debug)]
pub enum Condition {
    /// The name of an opcode.
    Opcode(String),
    From(Party),
    Kind(MessageKind),
    Connection(u32),
    /// The content, decompressed, in bytes.
    Size(Number),
    /// Microseconds since the connection began.
    After(u64),
    Before(u64),
    /// The content is JSON with this value at that place, or with any value.
    Json(JsonPath, Option<Value>),
    /// The content has a decoded field of this name, with this value or any. Both are in lower case.
    Field(String, Option<String>),
    Wrong,
    Deliberate,
    Compressed,
    Fragmented,
    Intercepted,
    Noted,
    Text(Text),
}

/// A range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub least: u64,
    pub most: u64,
}

/// A text to search for.
#[derive(Clone, Debug)]
pub enum Text {
    /// In lower case.
    Word(String),
    Regex(Regex),
}

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The wrong piece, as it was typed.
    pub piece: String,
    /// What to write instead, in sentences.
    pub said: String,
}
