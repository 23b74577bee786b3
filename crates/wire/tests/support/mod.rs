//! Wire bytes as the RFC prints them.

/// The bytes of `text`, hex with spaces anywhere.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).expect("hex")
}
