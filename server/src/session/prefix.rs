//! The front of something that comes in pieces, which is as much of it as is kept.

#[derive(Debug, Default)]
pub(crate) struct PayloadPrefix {
    pub(crate) bytes: Vec<u8>,
    /// How many bytes have come in all.
    pub(crate) count: u64,
}

impl PayloadPrefix {
    /// Adds a piece; past `cap` it is only counted.
    pub(crate) fn push(&mut self, piece: &[u8], cap: usize) {
        let room = cap.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes.extend_from_slice(&piece[..room]);
        self.count += piece.len() as u64;
    }

    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
