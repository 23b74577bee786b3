//! The numbers and names that identify sessions, connections and observations.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of an observation in its session, from 1, in ascending order. Numbers are left out only in a [`Gap`](crate::Gap).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a connection in its session, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionNumber(pub u32);

/// What a watch-only name begins with.
const WATCH: &str = "watch-";

/// The name of a session: 128 random bits as 26 characters of lower-case base32. It is secret: anyone who knows the name can
/// watch and use the session.
///
/// A session has a second name, `watch-` and 26 such characters, with which one can only watch and export. The relay derives it
/// from the first one, which cannot be found from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

impl SessionId {
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(base32(bits))
    }

    /// A watch-only name with these bits.
    #[must_use]
    pub fn watch_only(bits: [u8; 16]) -> Self {
        Self(format!("{WATCH}{}", base32(bits)))
    }

    /// Checks a name from outside. `None` unless it has 26 characters, each of a–z or 2–7, with or without `watch-` in front.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let bits = name.strip_prefix(WATCH).unwrap_or(name);
        let is_valid = bits.len() == 26 && bits.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        is_valid.then(|| Self(name.to_owned()))
    }

    /// Whether one can only watch and export with this name.
    #[must_use]
    pub fn is_watch_only(&self) -> bool {
        self.0.starts_with(WATCH)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn base32(bits: [u8; 16]) -> String {
    data_encoding::BASE32_NOPAD.encode(&bits).to_ascii_lowercase()
}

impl TryFrom<String> for SessionId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("the name of a session has 26 characters, each of a-z or 2-7, or also watch- in front")
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
