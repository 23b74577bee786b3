//! Masking: the XOR that a client puts over every payload. RFC 6455 §5.3.

/// The four bytes a client chose for one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskingKey(pub [u8; 4]);

impl MaskingKey {
    /// XORs `payload` in place; masking and unmasking are the same act. `offset` is how many bytes of the frame's
    /// payload came before `payload[0]`, so that a payload may be handed over in pieces.
    pub fn apply(self, payload: &mut [u8], offset: u64) {
        let mut key = self.0;
        key.rotate_left((offset % 4) as usize);
        let word = u32::from_ne_bytes(key);
        let wide = u64::from(word) << 32 | u64::from(word);
        let mut chunks = payload.chunks_exact_mut(8);
        for chunk in &mut chunks {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(chunk);
            chunk.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
        // Eight is a multiple of four: the key starts over where the chunks end.
        for (byte, key) in chunks.into_remainder().iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
    }

    /// The key byte that meets the payload byte at `offset`.
    #[must_use]
    pub fn at(self, offset: u64) -> u8 {
        self.0[(offset % 4) as usize]
    }
}
