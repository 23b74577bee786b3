//! Masking: the XOR that a client puts over every payload. RFC 6455 §5.3.

/// The four bytes a client chose for one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskingKey(pub [u8; 4]);

impl MaskingKey {
    /// XORs `payload` in place; masking and unmasking are the same act. `offset` is how many bytes of the frame's
    /// payload came before `payload[0]`, so that a payload may be handed over in pieces.
    #[inline]
    pub fn apply(self, payload: &mut [u8], offset: u64) {
        let mut key = self.0;
        key.rotate_left((offset % 4) as usize);
        let word = u32::from_ne_bytes(key);
        let wide = u64::from(word) << 32 | u64::from(word);
        // Eights and fours are multiples of the key's length, so it starts over behind each.
        let (eights, rest) = payload.as_chunks_mut::<8>();
        for eight in eights {
            *eight = (u64::from_ne_bytes(*eight) ^ wide).to_ne_bytes();
        }
        let (fours, rest) = rest.as_chunks_mut::<4>();
        for four in fours {
            *four = (u32::from_ne_bytes(*four) ^ word).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(key) {
            *byte ^= key;
        }
    }

    /// The key byte that meets the payload byte at `offset`.
    #[must_use]
    pub fn at(self, offset: u64) -> u8 {
        self.0[(offset % 4) as usize]
    }
}
