//! Opcodes: what a frame is for. RFC 6455 §5.2 and §11.8.

use std::fmt;

/// A frame's opcode. Total: every four bits have an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    /// 3–7, for data frames not yet defined.
    ReservedData(u8),
    Close,
    Ping,
    Pong,
    /// 0xB–0xF, for control frames not yet defined.
    ReservedControl(u8),
}

impl Opcode {
    /// The opcode in the low four bits of `nibble`; higher bits are ignored.
    #[inline]
    #[must_use]
    pub fn from_nibble(nibble: u8) -> Self {
        match nibble & 0x0F {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            n @ 0x3..=0x7 => Self::ReservedData(n),
            n => Self::ReservedControl(n),
        }
    }

    /// The four bits, in the low half of the byte.
    #[inline]
    #[must_use]
    pub fn nibble(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
            Self::ReservedData(n) | Self::ReservedControl(n) => n & 0x0F,
        }
    }

    /// Control frames have the highest bit of the opcode set. RFC 6455 §5.5.
    #[inline]
    #[must_use]
    pub fn is_control(self) -> bool {
        self.nibble() & 0x8 != 0
    }

    #[inline]
    #[must_use]
    pub fn is_reserved(self) -> bool {
        matches!(self, Self::ReservedData(_) | Self::ReservedControl(_))
    }

    /// One word, as the RFC names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::ReservedData(_) => "reserved data",
            Self::ReservedControl(_) => "reserved control",
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
