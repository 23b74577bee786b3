//! Frame headers: reads and writes their 2 to 14 bytes, and locates each field. RFC 6455 §5.2.

use crate::mask::MaskingKey;
use crate::opcode::Opcode;

const FIN: u8 = 0x80; // RFC 6455 §5.2
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7F;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// The longest header in bytes: two, plus eight for the length and four for the masking key.
pub const MAX_HEADER: usize = 14;

/// Everything before the payload. A value whose length fits its form can be written and read back, even if it is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    pub fin: bool,
    pub rsv: Rsv,
    pub opcode: Opcode,
    pub masking_key: Option<MaskingKey>,
    pub length: PayloadLength,
}

/// RSV1, RSV2 and RSV3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rsv {
    pub rsv1: bool,
    pub rsv2: bool,
    pub rsv3: bool,
}

impl Rsv {
    #[must_use]
    pub fn any(self) -> bool {
        self.rsv1 || self.rsv2 || self.rsv3
    }
}

/// Payload length in bytes, and which of the three forms encodes it. RFC 6455 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PayloadLength {
    pub bytes: u64,
    pub form: LengthForm,
}

impl PayloadLength {
    /// `bytes` in the shortest form, the only one that the RFC allows.
    #[must_use]
    pub fn minimal(bytes: u64) -> Self {
        Self { bytes, form: LengthForm::minimal(bytes) }
    }
}

/// How a header encodes the payload length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LengthForm {
    /// In the seven low bits of the second byte: 0–125.
    Bits7,
    /// Those seven bits are 126. The length is in the next two bytes.
    Bits16,
    /// Those seven bits are 127. The length is in the next eight bytes.
    Bits64,
}

impl LengthForm {
    #[inline]
    #[must_use]
    pub fn minimal(bytes: u64) -> Self {
        match bytes {
            0..=125 => Self::Bits7,
            126..=0xFFFF => Self::Bits16,
            _ => Self::Bits64,
        }
    }

    /// How many length bytes follow the second byte: 0, 2 or 8.
    #[must_use]
    pub fn extra_bytes(self) -> usize {
        match self {
            Self::Bits7 => 0,
            Self::Bits16 => 2,
            Self::Bits64 => 8,
        }
    }

    /// How many bits hold the length: 7, 16 or 64.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Self::Bits7 => 7,
            Self::Bits16 => 16,
            Self::Bits64 => 64,
        }
    }
}

/// The parts of a frame, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Fin,
    Rsv1,
    Rsv2,
    Rsv3,
    Opcode,
    Mask,
    /// The seven length bits of the second byte.
    Length,
    /// The two or eight bytes after the second byte.
    ExtendedLength,
    MaskingKey,
    Payload,
}

/// The location of a field. Bits count from the start of the frame, the most significant bit of each byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    pub field: Field,
    pub first_bit: u64,
    pub bits: u64,
}

impl FrameHeader {
    /// A header without a masking key and with the length in its shortest form, as a server must send it.
    #[must_use]
    pub fn unmasked(fin: bool, opcode: Opcode, bytes: u64) -> Self {
        Self { fin, rsv: Rsv::default(), opcode, masking_key: None, length: PayloadLength::minimal(bytes) }
    }

    /// Reads a header from the front of `bytes`. `None` if it is incomplete. [`FrameHeader::len`] is its length in bytes.
    #[inline]
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = match second & LENGTH {
            LENGTH_16 => {
                let (word, rest) = rest.split_first_chunk::<2>()?;
                (PayloadLength { bytes: u16::from_be_bytes(*word).into(), form: LengthForm::Bits16 }, rest)
            }
            LENGTH_64 => {
                let (word, rest) = rest.split_first_chunk::<8>()?;
                (PayloadLength { bytes: u64::from_be_bytes(*word), form: LengthForm::Bits64 }, rest)
            }
            bits => (PayloadLength { bytes: bits.into(), form: LengthForm::Bits7 }, rest),
        };
        let masking_key = match second & MASK {
            0 => None,
            _ => Some(MaskingKey(*rest.first_chunk::<4>()?)),
        };
        Some(Self {
            fin: first & FIN != 0,
            rsv: Rsv { rsv1: first & RSV1 != 0, rsv2: first & RSV2 != 0, rsv3: first & RSV3 != 0 },
            opcode: Opcode::from_nibble(first),
            masking_key,
            length,
        })
    }

    /// The length of this header on the wire, in bytes: 2 to 14.
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        2 + self.length.form.extra_bytes() + if self.masking_key.is_some() { 4 } else { 0 }
    }

    /// The bytes of this header. A length that is too large for its form loses its high bits. 126 and 127 in seven bits
    /// announce a longer form, but its bytes are not written.
    #[inline]
    #[must_use]
    pub fn encode(&self) -> EncodedHeader {
        let mut bytes = [0; MAX_HEADER];
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        bytes[0] = bit(self.fin, FIN)
            | bit(self.rsv.rsv1, RSV1)
            | bit(self.rsv.rsv2, RSV2)
            | bit(self.rsv.rsv3, RSV3)
            | self.opcode.nibble();
        let length = self.length.bytes;
        let bits = match self.length.form {
            LengthForm::Bits7 => (length & 0xFF) as u8 & LENGTH,
            LengthForm::Bits16 => {
                bytes[2..4].copy_from_slice(&length.to_be_bytes()[6..]);
                LENGTH_16
            }
            LengthForm::Bits64 => {
                bytes[2..10].copy_from_slice(&length.to_be_bytes());
                LENGTH_64
            }
        };
        bytes[1] = bit(self.masking_key.is_some(), MASK) | bits;
        let len = self.len();
        if let Some(MaskingKey(key)) = self.masking_key {
            bytes[len - 4..len].copy_from_slice(&key);
        }
        EncodedHeader { bytes, len }
    }

    /// The fields of the frame in wire order, without gaps, the payload last. Empty fields are left out. The payload is cut at
    /// bit `u64::MAX`.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldSpan> {
        let extended = 8 * self.length.form.extra_bytes() as u64;
        let key = if self.masking_key.is_some() { 32 } else { 0 };
        let widths = [
            (Field::Fin, 1),
            (Field::Rsv1, 1),
            (Field::Rsv2, 1),
            (Field::Rsv3, 1),
            (Field::Opcode, 4),
            (Field::Mask, 1),
            (Field::Length, 7),
            (Field::ExtendedLength, extended),
            (Field::MaskingKey, key),
            (Field::Payload, self.length.bytes.saturating_mul(8).min(u64::MAX - 8 * self.len() as u64)),
        ];
        let mut first_bit = 0_u64;
        let mut spans = Vec::with_capacity(widths.len());
        for (field, bits) in widths {
            if bits > 0 {
                spans.push(FieldSpan { field, first_bit, bits });
            }
            first_bit += bits;
        }
        spans
    }
}

/// The bytes of a header. Dereferences to a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedHeader {
    bytes: [u8; MAX_HEADER],
    /// `2 <= len <= MAX_HEADER`
    len: usize,
}

impl EncodedHeader {
    /// The bytes padded with zeros, for callers that copy a fixed size because it is faster.
    #[must_use]
    pub fn padded(&self) -> &[u8; MAX_HEADER] {
        &self.bytes
    }
}

impl std::ops::Deref for EncodedHeader {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
