//! How much of a file is read.

/// What is beyond a limit is left out, and the document says so. Only a file that is too large is not read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file: u64,
    /// Packets of a capture, or entries of a HAR file.
    pub items: u64,
    /// TCP connections of a capture.
    pub connections: usize,
    /// Observations in the document.
    pub observations: usize,
    /// Bytes of each payload, and of each inflated content.
    pub payload: usize,
    /// Bytes of all payloads and contents in the document together.
    pub payloads: u64,
    /// Bytes that are inflated, kept or not. A compressed byte can become 1,032.
    pub inflated: u64,
    /// Bytes that wait in a direction of a TCP connection for earlier ones.
    pub waiting: usize,
    /// Problems that the document lists. The others are counted.
    pub problems: usize,
}

impl Limits {
    /// For a file in memory, as in the page.
    pub const PAGE: Self = Self {
        file: 64 << 20,
        items: 1_000_000,
        connections: 20_000,
        observations: 200_000,
        payload: 1 << 20,
        payloads: 128 << 20,
        inflated: 512 << 20,
        waiting: 4 << 20,
        problems: 100,
    };

    /// For the command line.
    pub const COMMAND: Self = Self {
        file: 1 << 30,
        items: 20_000_000,
        observations: 2_000_000,
        payloads: 1 << 30,
        inflated: 4 << 30,
        ..Self::PAGE
    };
}
