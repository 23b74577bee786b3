//! Why a frame fails a connection: the rules of RFC 6455 and RFC 7692 that it can break, and the limits that RFC 6455
//! §10.4 lets an endpoint set; each with its section and the code to fail with.

use crate::close::CloseCode;
use crate::header::{PayloadLength, Rsv};
use crate::message::MessageKind;
use crate::opcode::Opcode;
use thiserror::Error;

/// A broken rule, or a limit passed. Its text says what was wrong, in one sentence that fits a close reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    #[error("{} set, but no extension that gives {} a meaning was agreed on", bits(.0), if count(.0) == 1 { "it" } else { "them" })]
    ReservedBits(Rsv),
    #[error("opcode 0x{0:X} is reserved: no frame of that kind is defined")]
    ReservedOpcode(u8),
    #[error("a control frame must not be fragmented, and this one has FIN 0")]
    ControlFragmented,
    #[error("a control frame carries 125 bytes at the most, and this one says {0}")]
    ControlTooLong(u64),
    #[error("{} bytes must be said in the shortest form, not in {} bits", .0.bytes, .0.form.bits())]
    LengthNotMinimal(PayloadLength),
    #[error("the highest bit of a 64-bit length must be 0")]
    LengthTopBit,
    #[error("a client must mask every frame, and this one is not masked")]
    ClientFrameUnmasked,
    #[error("a server must not mask, and this frame is masked")]
    ServerFrameMasked,
    #[error("a continuation frame came with no message open to continue")]
    NothingToContinue,
    #[error("a new message began before the open one had its last fragment")]
    MessageStillOpen,
    #[error("a text message must be UTF-8, and byte {offset} of this one is not")]
    InvalidUtf8 { offset: u64 },
    #[error("a close payload is empty or begins with a two-byte code, and this one has a single byte")]
    ClosePayloadOneByte,
    #[error("close code {0} must not be sent: {meaning}", meaning = .0.meaning())]
    CloseCodeNotAllowed(CloseCode),
    #[error("a close reason must be UTF-8, and this one is not")]
    CloseReasonNotUtf8,
    #[error("RSV1 marks a compressed message on its first frame, and this is a {} frame", .0.name())]
    CompressedBitMisplaced(Opcode),
    #[error("a {} message came, and this connection takes none; RFC 6455 §7.4.1 has 1003 for that", .0.name())]
    KindNotAccepted(MessageKind),
    #[error("a compressed payload must inflate, and this one does not")]
    BrokenDeflate,
    #[error("after a close frame no more data may be sent")]
    AfterClose,
    #[error("a frame of {bytes} bytes is over this relay's limit of {limit}; RFC 6455 §10.4 lets it set one")]
    FrameTooBig { bytes: u64, limit: u64 },
    #[error("a message of at least {bytes} bytes is over this relay's limit of {limit}; §10.4 lets it set one")]
    MessageTooBig { bytes: u64, limit: u64 },
}

impl Violation {
    /// A stable name for machines.
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

    /// The RFC that has the rule: 6455, or 7692 for permessage-deflate.
    #[must_use]
    pub fn rfc(&self) -> u16 {
        match self {
            Self::CompressedBitMisplaced(_) | Self::BrokenDeflate => 7692,
            _ => 6455,
        }
    }

    /// The section of [`Violation::rfc`] that has the rule, or that allows the limit.
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

    /// The code with which the connection is failed. RFC 6455 §7.4.1.
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

fn bits(rsv: &Rsv) -> String {
    let set = [(rsv.rsv1, "RSV1"), (rsv.rsv2, "RSV2"), (rsv.rsv3, "RSV3")];
    set.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(" and ")
}

fn count(rsv: &Rsv) -> usize {
    [rsv.rsv1, rsv.rsv2, rsv.rsv3].into_iter().filter(|set| *set).count()
}
