//! Derives `Sec-WebSocket-Accept` from `Sec-WebSocket-Key` and keeps each step. RFC 6455 §4.2.2.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use sha1::{Digest, Sha1};

/// The string that every WebSocket server appends to the key. RFC 6455 §1.3.
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Decodes any base64 text of the right length. The last character before `==` has four bits that belong to no byte: a client
/// should set them to 0 (RFC 4648 §3.5), but RFC 6455 §4.1 itself prints a key in which they are not 0.
const KEY: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The steps to an accept value: key + GUID → SHA-1 → base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The key as sent, followed by [`GUID`]. The key is not decoded first.
    pub concatenated: String,
    /// SHA-1 of `concatenated`.
    pub sha1: [u8; 20],
    /// Base64 of `sha1`: the accept value.
    pub accept: String,
}

impl Derivation {
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        let concatenated = format!("{key}{GUID}");
        let sha1: [u8; 20] = Sha1::digest(&concatenated).into();
        let accept = BASE64.encode(sha1);
        Self { concatenated, sha1, accept }
    }
}

/// Whether `key` is a value that, "when decoded, is 16 bytes in length". RFC 6455 §4.2.1, item 5.
#[must_use]
pub fn is_key(key: &str) -> bool {
    KEY.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}
