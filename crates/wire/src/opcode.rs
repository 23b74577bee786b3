//! Opcodes, which say what kind a frame is. RFC 6455 §5.2 and §11.8.

use std::fmt;

/// A frame's opcode. Each of the 16 values has a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    Continuation,
    Text,
    Binary,
    /// 3–7, reserved for future data frames.
    ReservedData(u8),
    Close,
    Ping,
    Pong,
    /// 0xB–0xF, reserved for future control frames.
    ReservedControl(u8),
}

impl Opcode {
    /// The opcode in the low four bits of `nibble`. The higher bits are ignored.
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

    /// The RFC's name, in lower case.
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

/// The kind of a message, given by the opcode of its first frame. RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Text,
    Binary,
}

impl MessageKind {
    /// The RFC's name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
