//! What is limited for each client address.

/// What is counted while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Connections,
    Observers,
}

/// What is limited to a number in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rated {
    Sessions,
    Handshakes,
    Commands,
    Receipts,
    Exports,
}
