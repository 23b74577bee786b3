//! Values that every session gets its own of, so that an answer is worked out and not copied. They are derived from the
//! session's name: page and relay come to the same ones, and nobody has to keep them.

use serde::{Deserialize, Serialize};

/// How a value is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Given {
    /// 16 bytes in base64, as a `Sec-WebSocket-Key` is.
    Key,
    /// A whole number.
    Number { from: u32, to: u32 },
    /// One of these.
    OneOf { values: Vec<String> },
    /// Words parted by spaces.
    Words { count: u8 },
    /// Bytes in hex.
    Bytes { count: u8 },
    /// A masked text frame of a client's, in hex; its payload is the given words of that name.
    Frame { text: String },
}
