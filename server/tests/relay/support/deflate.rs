//! permessage-deflate for an independent client: with flate2, and without the relay's code.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The end of each message, which is not sent. RFC 7692 §7.2.1.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Compresses payloads.
pub(crate) struct Deflating(Compress);

impl Deflating {
    pub(crate) fn new() -> Self {
        Self(Compress::new(Compression::default(), false))
    }

    /// The payload of a message, with the earlier messages as context.
    pub(crate) fn message(&mut self, content: &[u8]) -> Vec<u8> {
        let mut payload = Vec::with_capacity(content.len() + content.len() / 100 + 64);
        let before = self.0.total_in();
        self.0.compress_vec(content, &mut payload, FlushCompress::Sync).unwrap();
        assert_eq!((self.0.total_in() - before) as usize, content.len());
        assert!(payload.len() < payload.capacity(), "all output was written");
        match payload.len().checked_sub(TAIL.len()) {
            Some(end) => payload.truncate(end),
            // The second of two successive flushes gives no bytes. RFC 7692 §7.2.3.6.
            None => payload = vec![0],
        }
        payload
    }
}

/// The payload of a message without context.
pub(crate) fn deflated(content: &[u8]) -> Vec<u8> {
    Deflating::new().message(content)
}

/// Inflates payloads, and detects references beyond the negotiated window.
pub(crate) struct Inflating(Decompress);

impl Inflating {
    pub(crate) fn new() -> Self {
        Self::with_window(15)
    }

    pub(crate) fn with_window(bits: u8) -> Self {
        Self(Decompress::new_with_window_bits(false, bits))
    }

    /// The content of a message whose frames have these payloads.
    pub(crate) fn message<P: AsRef<[u8]>>(&mut self, payloads: &[P]) -> Vec<u8> {
        let mut content = Vec::new();
        for payload in payloads.iter().map(AsRef::as_ref).chain([&TAIL[..]]) {
            let mut close_from_server = payload;
            loop {
                // zlib ignores its window within the output buffer of one call, so this buffer is small.
                let mut room = [0; 64];
                let before = (self.0.total_in(), self.0.total_out());
                let status = self.0.decompress(close_from_server, &mut room, FlushDecompress::Sync).unwrap();
                assert_ne!(status, Status::StreamEnd, "the relay does not end the DEFLATE stream");
                let made = (self.0.total_out() - before.1) as usize;
                close_from_server = &close_from_server[(self.0.total_in() - before.0) as usize..];
                content.extend_from_slice(&room[..made]);
                if close_from_server.is_empty() && made < room.len() {
                    break;
                }
            }
        }
        content
    }

    /// The content of a message with these frames. It must be compressed: RSV1 on its first frame, and on no other.
    pub(crate) fn frames(&mut self, frames: &[(u8, Vec<u8>)]) -> Vec<u8> {
        for (n, (first, _)) in frames.iter().enumerate() {
            assert_eq!(first & 0x70, if n == 0 { 0x40 } else { 0 }, "the reserved bits of fragment {n}");
        }
        self.message(&frames.iter().map(|(_, payload)| payload).collect::<Vec<_>>())
    }
}

/// Bytes that hardly compress, the same in every run (xorshift64*).
pub(crate) fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8
    };
    std::iter::repeat_with(step).take(count).collect()
}
