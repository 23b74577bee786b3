//! What follows from the name of a session: what the log of the process calls it, and its watch-only name.

use observation::SessionId;
use sha2::{Digest, Sha256};
use std::fmt;

/// The first 48 bits of a hash of a session's name, in hex. It does not give access: nobody can guess a name of 128 random bits.
/// Nor does it lead to the session's receipts, which have another hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionTag(String);

impl SessionTag {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(id: &SessionId) -> Self {
        let hash = Sha256::new().chain_update("framescope log tag\n").chain_update(id.as_str()).finalize();
        Self(hex::encode(&hash[..6]))
    }
}

impl fmt::Display for SessionTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Derived in one direction only: the name that allows everything cannot be found from it.
pub(super) fn watch_name(id: &SessionId) -> SessionId {
    let digest = Sha256::new().chain_update("framescope watch-only name\n").chain_update(id.as_str()).finalize();
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    SessionId::watch_only(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_short_and_always_the_same() {
        let [one, other] = [[1; 16], [2; 16]].map(SessionId::from_random);
        let tag = SessionTag::of(&one).to_string();
        assert_eq!(tag, SessionTag::of(&one).to_string());
        assert_ne!(tag, SessionTag::of(&other).to_string());
        assert_eq!(tag.len(), 12);
    }
}
