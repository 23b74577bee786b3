//! Random names and keys. They keep no secret.

/// Random bytes.
pub(super) fn bytes<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| (js_sys::Math::random() * 256.0) as u8)
}

/// Random bytes in hex, `2 * N` digits.
pub(super) fn name<const N: usize>() -> String {
    hex::encode(bytes::<N>())
}

/// A random UUID. RFC 9562 §5.4.
pub(super) fn uuid() -> String {
    let mut bytes = bytes::<16>();
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
