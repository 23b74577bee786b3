//! The entries of streams, as commands answer them.

use observation::{ConnectionNumber, Seq};
use redis::Value;
use std::collections::HashMap;

/// The most entries of a stream in one read.
pub(super) const AT_ONCE: usize = 64;

/// The id of an entry: the number of its first observation, and a count for entries without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor(u64, u64);

/// An entry of a session's stream.
#[derive(Debug)]
pub(super) enum Entry {
    /// Records, packed and sealed.
    Sealed { count: u64, sealed: Vec<u8> },
    /// Connections of a relay that is gone, closed by another one.
    Lost { connections: Vec<ConnectionNumber>, at_us: u64 },
    /// The session has passed a challenge.
    Passed(String),
    /// Of a later version.
    Unknown,
}

impl Cursor {
    pub(super) fn number(self) -> Seq {
        Seq(self.0)
    }

    fn parse(id: &str) -> Option<Self> {
        let (number, count) = id.split_once('-')?;
        Some(Self(number.parse().ok()?, count.parse().ok()?))
    }

    pub(super) fn id(self) -> String {
        format!("{}-{}", self.0, self.1)
    }
}

/// The fields of an entry, in order.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// An entry of a session's stream.
pub(super) fn entry(fields: Fields) -> Entry {
    let mut fields: HashMap<_, _> = fields.into_iter().collect();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let mut number = |name| fields.remove(name).and_then(text)?.parse().ok();
    let (count, at_us) = (number("n").unwrap_or(0), number("at").unwrap_or(0));
    if let Some(sealed) = fields.remove("d") {
        return Entry::Sealed { count, sealed };
    }
    if let Some(lost) = fields.remove("lost").and_then(text) {
        let connections = lost.split(',').filter_map(|number| number.parse().ok().map(ConnectionNumber)).collect();
        return Entry::Lost { connections, at_us };
    }
    fields.remove("p").and_then(text).map_or(Entry::Unknown, Entry::Passed)
}

/// The streams in the answer to `XREAD`, by key.
pub(super) fn streams(answer: Value) -> Vec<(String, Vec<(Cursor, Fields)>)> {
    let pairs = match answer {
        Value::Array(streams) => streams.into_iter().filter_map(pair).collect(),
        Value::Map(streams) => streams,
        _ => Vec::new(),
    };
    pairs.into_iter().filter_map(|(key, list)| Some((text(key)?, entries(list)))).collect()
}

/// The entries in the answer to `XRANGE`.
pub(super) fn entries(list: Value) -> Vec<(Cursor, Fields)> {
    let Value::Array(list) = list else { return Vec::new() };
    let read = |value| {
        let (id, fields) = pair(value)?;
        let Value::Array(fields) = fields else { return None };
        let mut named = Vec::new();
        let mut fields = fields.into_iter();
        while let (Some(name), Some(Value::BulkString(value))) = (fields.next(), fields.next()) {
            named.push((text(name)?, value));
        }
        Some((Cursor::parse(&text(id)?)?, named))
    };
    list.into_iter().filter_map(read).collect()
}

fn pair(value: Value) -> Option<(Value, Value)> {
    let Value::Array(pair) = value else { return None };
    let [first, second] = <[Value; 2]>::try_from(pair).ok()?;
    Some((first, second))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
