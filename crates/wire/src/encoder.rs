//! Frames into bytes. RFC 6455 §5.

use crate::header::FrameHeader;

/// Appends a frame to `out`: the header, then `payload` masked with the header's key if it has one. The header's length
/// is written as it stands, also where it does not say `payload.len()`: a lab must be able to lie.
pub fn encode(header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header.encode());
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.masking_key {
        key.apply(&mut out[start..], 0);
    }
}
