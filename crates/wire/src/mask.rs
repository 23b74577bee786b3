//! Masking: clients XOR every payload with a key. RFC 6455 §5.3.

/// The masking key of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskingKey(pub [u8; 4]);

impl MaskingKey {
    /// XORs `payload` in place. Masking and unmasking are the same operation. `offset` is the position of `payload[0]` in the
    /// frame's payload, so a payload can be processed in pieces.
    #[inline]
    pub fn apply(self, payload: &mut [u8], offset: u64) {
        // Little-endian on every machine, so the first byte is the lowest. The rotation continues where the last piece stopped.
        let word = u32::from_le_bytes(self.0).rotate_right(8 * (offset % 4) as u32);
        #[cfg(not(target_arch = "wasm32"))]
        if payload.len() >= WIDE {
            // The same loop, compiled for the widest registers of this machine.
            return pulp::Arch::new().dispatch(Xor { payload, word });
        }
        xor(payload, word);
    }

    /// The key byte for the payload byte at `offset`.
    #[must_use]
    pub fn at(self, offset: u64) -> u8 {
        self.0[(offset % 4) as usize]
    }
}

/// The size in bytes from which runtime detection of wide registers pays off.
#[cfg(not(target_arch = "wasm32"))]
const WIDE: usize = 512;

#[cfg(not(target_arch = "wasm32"))]
struct Xor<'p> {
    payload: &'p mut [u8],
    word: u32,
}

#[cfg(not(target_arch = "wasm32"))]
impl pulp::NullaryFnOnce for Xor<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        xor(self.payload, self.word);
    }
}

#[inline(always)]
fn xor(payload: &mut [u8], word: u32) {
    let wide = u64::from(word) << 32 | u64::from(word);
    // Eight and four are multiples of the key's length, so every chunk starts with the same key byte.
    let (eights, rest) = payload.as_chunks_mut::<8>();
    for eight in eights {
        *eight = (u64::from_le_bytes(*eight) ^ wide).to_le_bytes();
    }
    let (fours, rest) = rest.as_chunks_mut::<4>();
    for four in fours {
        *four = (u32::from_le_bytes(*four) ^ word).to_le_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(word.to_le_bytes()) {
        *byte ^= key;
    }
}
