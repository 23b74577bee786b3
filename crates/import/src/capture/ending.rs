//! How connections end.

/// How a connection, or one direction of it, has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// FIN
    Finished,
    /// RST
    Reset,
    /// The capture ends.
    Capture,
}
