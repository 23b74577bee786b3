//! Notes that people pin to observations.

use crate::Seq;
use serde::{Deserialize, Serialize};

/// The longest text of a note, in bytes of UTF-8.
pub const MAX_NOTE: usize = 1000;

/// What somebody wrote about an observation. It replaces an earlier note about the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The number of that observation. It is of the same connection and is not a note.
    pub about: Seq,
    /// At most [`MAX_NOTE`] bytes; empty if the note was removed.
    pub text: String,
}
