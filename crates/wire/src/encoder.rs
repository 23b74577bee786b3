//! Writes frames. RFC 6455 §5.

use crate::header::FrameHeader;

/// Appends a frame to `out`: the header, then `payload`, masked if the header has a key. The header's length is written as
/// given, even if it differs from `payload.len()`, so that invalid frames can be made.
pub fn encode(header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header.encode());
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.masking_key {
        key.apply(&mut out[start..], 0);
    }
}
