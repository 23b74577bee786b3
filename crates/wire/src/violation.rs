//! The reasons why a frame fails a connection: the rules of RFC 6455 and RFC 7692, and the limits that RFC 6455 §10.4 lets an
//! endpoint set. Each has its section and its close code.

use crate::close_code::CloseCode;
use crate::header::{PayloadLength, Rsv};
use crate::opcode::{MessageKind, Opcode};
use thiserror::Error;

/// A broken rule or an exceeded limit. Its text is one sentence that fits into a close reason (123 bytes).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    #[error("{} set, but no negotiated extension defines {}", bits(.0), if count(.0) == 1 { "it" } else { "them" })]
    ReservedBits(Rsv),
    #[error("opcode 0x{0:X} is reserved: no frame type is defined for it")]
    ReservedOpcode(u8),
    #[error("a control frame must not be fragmented, but this one has FIN 0")]
    ControlFragmented,
    #[error("a control frame carries at most 125 bytes, but this one has a length of {0}")]
    ControlTooLong(u64),
    #[error("a length of {} bytes must use the shortest form, not {} bits", .0.bytes, .0.form.bits())]
    LengthNotMinimal(PayloadLength),
    #[error("the most significant bit of a 64-bit length must be 0")]
    LengthTopBit,
    #[error("a client must mask every frame, but this one is not masked")]
    ClientFrameUnmasked,
    #[error("a server must not mask frames, but this one is masked")]
    ServerFrameMasked,
    #[error("a continuation frame arrived, but no message is open to continue")]
    NothingToContinue,
    #[error("a new message started before the last fragment of the previous one")]
    MessageStillOpen,
    #[error("a text message must be valid UTF-8, but byte {offset} of this one is not")]
    InvalidUtf8 { offset: u64 },
    #[error("a close payload must be empty or start with a two-byte code, but this one is one byte long")]
    ClosePayloadOneByte,
    #[error("close code {0} must not be sent: {meaning}", meaning = .0.meaning())]
    CloseCodeNotAllowed(CloseCode),
    #[error("a close reason must be valid UTF-8, but this one is not")]
    CloseReasonNotUtf8,
    #[error("RSV1 may only be set on the first frame of a message, but this is a {} frame", .0.name())]
    CompressedBitMisplaced(Opcode),
    #[error("this connection does not accept {} messages; RFC 6455 §7.4.1 defines code 1003 for this", .0.name())]
    KindNotAccepted(MessageKind),
    #[error("the compressed payload is invalid and cannot be inflated")]
    BrokenDeflate,
    #[error("no data frame may follow a close frame")]
    AfterClose,
    #[error("a frame of {bytes} bytes exceeds this relay's limit of {limit}; RFC 6455 §10.4 allows limits")]
    FrameTooBig { bytes: u64, limit: u64 },
    #[error("a message of at least {bytes} bytes exceeds this relay's limit of {limit}; §10.4 allows limits")]
    MessageTooBig { bytes: u64, limit: u64 },
}

impl Violation {
    /// A stable, machine-readable name.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::ReservedBits(_) => "reserved-bits",
            Self::ReservedOpcode(_) => "reserved-opcode",
            Self::ControlFragmented => "control-fragmented",
            Self::ControlTooLong(_) => "control-too-long",
            Self::LengthNotMinimal(_) => "length-not-minimal",
            Self::LengthTopBit => "length-top-bit",
            Self::ClientFrameUnmasked => "client-frame-unmasked",
            Self::ServerFrameMasked => "server-frame-masked",
            Self::NothingToContinue => "nothing-to-continue",
            Self::MessageStillOpen => "message-still-open",
            Self::InvalidUtf8 { .. } => "invalid-utf8",
            Self::ClosePayloadOneByte => "close-payload-one-byte",
            Self::CloseCodeNotAllowed(_) => "close-code-not-allowed",
            Self::CloseReasonNotUtf8 => "close-reason-not-utf8",
            Self::CompressedBitMisplaced(_) => "compressed-bit-misplaced",
            Self::KindNotAccepted(_) => "kind-not-accepted",
            Self::BrokenDeflate => "broken-deflate",
            Self::AfterClose => "after-close",
            Self::FrameTooBig { .. } => "frame-too-big",
            Self::MessageTooBig { .. } => "message-too-big",
        }
    }

    /// The number of the RFC that defines the rule: 6455, or 7692 for permessage-deflate.
    #[must_use]
    pub fn rfc(&self) -> u16 {
        match self {
            Self::CompressedBitMisplaced(_) | Self::BrokenDeflate => 7692,
            _ => 6455,
        }
    }

    /// The section of [`Violation::rfc`] that defines the rule or allows the limit.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            Self::ReservedBits(_) | Self::ReservedOpcode(_) | Self::LengthNotMinimal(_) | Self::LengthTopBit => "5.2",
            Self::ControlFragmented | Self::ControlTooLong(_) => "5.5",
            Self::ClientFrameUnmasked | Self::ServerFrameMasked => "5.1",
            Self::NothingToContinue | Self::MessageStillOpen => "5.4",
            Self::InvalidUtf8 { .. } => "8.1",
            Self::ClosePayloadOneByte | Self::CloseReasonNotUtf8 | Self::AfterClose => "5.5.1",
            Self::CompressedBitMisplaced(_) => "6.1",
            Self::BrokenDeflate => "7.2.2",
            Self::CloseCodeNotAllowed(_) => "7.4",
            Self::KindNotAccepted(_) => "7.4.1",
            Self::FrameTooBig { .. } | Self::MessageTooBig { .. } => "10.4",
        }
    }

    /// The close code to fail the connection with. RFC 6455 §7.4.1.
    #[must_use]
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::InvalidUtf8 { .. } | Self::CloseReasonNotUtf8 | Self::BrokenDeflate => CloseCode::INVALID_DATA,
            Self::KindNotAccepted(_) => CloseCode::UNSUPPORTED_DATA,
            Self::FrameTooBig { .. } | Self::MessageTooBig { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// Adds a violation. Kept out of line, so that the code for valid frames stays short.
#[cold]
#[inline(never)]
pub(crate) fn add(violations: &mut Vec<Violation>, violation: Violation) {
    violations.push(violation);
}

/// The bits that are set, with a verb: `RSV1 is`, `RSV1 and RSV3 are`, `RSV1, RSV2 and RSV3 are`.
fn bits(rsv: &Rsv) -> String {
    let bits = [(rsv.rsv1, "RSV1"), (rsv.rsv2, "RSV2"), (rsv.rsv3, "RSV3")];
    let set: Vec<_> = bits.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    match &set[..] {
        [] => "no bit is".to_owned(),
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
    }
}

fn count(rsv: &Rsv) -> usize {
    [rsv.rsv1, rsv.rsv2, rsv.rsv3].into_iter().filter(|set| *set).count()
}
