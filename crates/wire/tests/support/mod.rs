//! Wire bytes as the RFC prints them.

/// The bytes of `text`, hex with spaces anywhere.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).expect("hex")
}
