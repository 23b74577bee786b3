//! How much a script may have.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The largest script of a session as JSON, in bytes.
pub(crate) const MAX_SESSION_JSON: usize = 256 << 10;
/// How long a wait and a stay in a state may last, in milliseconds.
pub(super) const WAIT_MS: std::ops::RangeInclusive<u64> = 1..=60_000;

/// The limits of a script, by where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The largest JSON, in bytes.
    pub(super) json: usize,
    /// The most states, and the most entries of a list.
    pub(super) entries: usize,
    /// The most regular expressions.
    pub(super) patterns: usize,
}

impl Bounds {
    /// In the URL of a connection, which counts toward no memory budget.
    pub(crate) const URL: Self = Self { json: 16 << 10, entries: 64, patterns: 0 };
    /// In a session.
    pub(crate) const SESSION: Self = Self { json: MAX_SESSION_JSON, entries: 1000, patterns: 8 };

    pub(super) fn few(self, what: &str, count: usize) -> Result<(), String> {
        let most = self.entries;
        if count <= most { Ok(()) } else { Err(format!("{what}: at most {most}, not {count}")) }
    }
}

/// A whole number, also as a string of digits, as the values of a challenge are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.map(Self).ok_or_else(|| serde::de::Error::custom(format!("{value} is not a whole number")))
    }
}

impl Number {
    pub(super) fn in_range(self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<(), String> {
        match range.contains(&self.0) {
            true => Ok(()),
            false => Err(format!("`{name}` takes a number from {} to {}, not {}", range.start(), range.end(), self.0)),
        }
    }
}
