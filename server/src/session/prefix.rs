//! The beginning of data that arrives in parts. Only this much of it is kept.

#[derive(Debug, Default)]
pub(crate) struct PayloadPrefix {
    pub(crate) bytes: Vec<u8>,
    /// The total number of bytes so far.
    pub(crate) count: u64,
}

impl PayloadPrefix {
    /// Adds a part. Beyond `cap`, bytes are only counted.
    pub(crate) fn push(&mut self, piece: &[u8], cap: usize) {
        let room = cap.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes.extend_from_slice(&piece[..room]);
        self.count += piece.len() as u64;
    }

    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
