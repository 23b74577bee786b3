//! The numbers and names that identify sessions, connections and observations.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of an observation in its session, from 1, without gaps.
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

/// The name of a session: 128 random bits as 26 characters of lower-case base32. It is secret: anyone who knows the name can
/// watch and use the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

impl SessionId {
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(data_encoding::BASE32_NOPAD.encode(&bits).to_ascii_lowercase())
    }

    /// Checks a name from outside. `None` unless it has 26 characters, each of a–z or 2–7.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let is_valid = name.len() == 26 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        is_valid.then(|| Self(name.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("the name of a session has 26 characters, each of a-z or 2-7")
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
