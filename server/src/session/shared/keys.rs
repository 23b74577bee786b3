//! What stands in Redis instead of names: hashes as keys, and sealed contents.
//!
//! Whoever can read Redis learns neither the names of sessions nor what was recorded. Both come from the watch-only name, which any
//! visitor of a session gives to the relay, and which does not lead to the full name.

use getrandom::fill;
use observation::SessionId;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};

/// So many bytes are before what is sealed.
pub(super) const NONCE: usize = 12;

/// The part of a key that stands for a session: 128 bits of a hash of its watch-only name, in hex.
pub(super) fn session_hash(watch_name: &SessionId) -> String {
    hex::encode(&digest("framescope shared session\n", watch_name)[..16])
}

/// The part of a key that stands for the clients at an address. Addresses are few, so the hash has a secret that only relays know.
pub(super) fn client_hash(secret: &[u8], client: &str) -> String {
    hex::encode(&hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), client.as_bytes()).as_ref()[..12])
}

fn digest(what: &str, watch_name: &SessionId) -> [u8; 32] {
    Sha256::new().chain_update(what).chain_update(watch_name.as_str()).finalize().into()
}

/// Seals what stands in Redis for one session, with ChaCha20-Poly1305.
#[derive(Debug)]
pub(super) struct Seal {
    key: LessSafeKey,
    /// Random, so that no two relays use a nonce twice: the first 8 bytes of all nonces.
    writer: [u8; 8],
    count: AtomicU32,
}

impl Seal {
    /// `None` if the system provides no random bits.
    pub(super) fn new(watch_name: &SessionId) -> Option<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &digest("framescope shared seal\n", watch_name)).ok()?;
        let mut writer = [0; 8];
        fill(&mut writer).ok()?;
        Some(Self { key: LessSafeKey::new(key), writer, count: AtomicU32::new(0) })
    }

    /// The sealed text; `None` once a relay has sealed 2³² texts of one session.
    pub(super) fn seal(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = Vec::with_capacity(NONCE + text.len() + CHACHA20_POLY1305.tag_len());
        sealed.resize(NONCE, 0);
        sealed.extend_from_slice(text);
        self.seal_in_place(sealed)
    }

    /// The same without a copy: `text` begins behind its first [`NONCE`] bytes, which are overwritten.
    pub(super) fn seal_in_place(&self, mut text: Vec<u8>) -> Option<Vec<u8>> {
        let counted =
            self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1)).ok()?;
        let (nonce, rest) = text.split_first_chunk_mut::<NONCE>()?;
        nonce[..8].copy_from_slice(&self.writer);
        nonce[8..].copy_from_slice(&counted.to_le_bytes());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), rest).ok()?;
        text.extend_from_slice(tag.as_ref());
        Some(text)
    }

    /// The text; `None` if it was not sealed for this session.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let mut text = rest.to_vec();
        let length = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_session_opens_what_was_sealed() {
        let [one, other] = [[1; 16], [2; 16]].map(SessionId::watch_only);
        let [seal, twin, foreign] = [&one, &one, &other].map(|name| Seal::new(name).unwrap());
        let sealed = seal.seal(b"what was said").unwrap();
        assert_eq!(sealed.len(), b"what was said".len() + NONCE + 16);
        assert_eq!(twin.open(&sealed).unwrap(), b"what was said");
        assert_eq!(foreign.open(&sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(twin.open(&changed), None, "{at}");
        }
        assert_eq!((twin.open(&[0; 5]), twin.seal_in_place(vec![0; 5])), (None, None));
        assert_ne!(sealed, seal.seal(b"what was said").unwrap(), "a nonce is used once");
        assert_ne!(session_hash(&one), session_hash(&other));
    }

    #[test]
    fn an_address_has_one_hash_for_each_site() {
        assert_eq!(client_hash(b"a", "10.0.0.1"), client_hash(b"a", "10.0.0.1"));
        assert_ne!(client_hash(b"a", "10.0.0.1"), client_hash(b"b", "10.0.0.1"));
        assert_ne!(client_hash(b"a", "10.0.0.1"), client_hash(b"a", "10.0.0.2"));
    }
}
