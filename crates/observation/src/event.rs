//! What can be seen of a connection.

use crate::encoding;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wire::Sender;
use wire::header::FrameHeader;
use wire::message::MessagePosition;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A request was answered with 101: from here on only frames travel.
    Opening(Opening),
    /// A request was answered with anything else.
    Refusal(Refusal),
    Frame(Frame),
    /// The connection has ended.
    Closed(Closed),
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Client,
    Server,
}

impl From<Sender> for Party {
    fn from(sender: Sender) -> Self {
        match sender {
            Sender::Client => Self::Client,
            Sender::Server => Self::Server,
        }
    }
}

impl From<Party> for Sender {
    fn from(party: Party) -> Self {
        match party {
            Party::Client => Self::Client,
            Party::Server => Self::Server,
        }
    }
}

/// The opening handshake, both heads byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// From the request line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// From the status line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
}

/// A request that was not upgraded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// Head and body.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    pub status: u16,
    /// A stable name of the reason.
    pub rule: Cow<'static, str>,
    /// The reason in a sentence.
    pub explanation: String,
    /// The section of RFC 6455 behind it, if it is the protocol's rule and not the relay's own limit.
    pub section: Option<Cow<'static, str>>,
}

/// A frame as it crossed the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub from: Party,
    pub fin: bool,
    pub rsv1: bool,
    pub rsv2: bool,
    pub rsv3: bool,
    /// 0–15. RFC 6455 §5.2.
    pub opcode: u8,
    /// The MASK bit.
    pub masked: bool,
    #[serde(with = "encoding::hex_key")]
    pub masking_key: Option<[u8; 4]>,
    /// Payload length in bytes, as the header says it.
    pub length: u64,
    /// How many bits hold it: 7, 16 or 64.
    pub length_bits: u8,
    /// The header's bytes, masking key included.
    #[serde(with = "hex::serde")]
    pub header: Vec<u8>,
    /// The payload's bytes as on the wire (masked if `masked`): the first ones, up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub payload: Vec<u8>,
    /// How many payload bytes crossed the wire. Less than `length` if the frame was given up because of a violation, or
    /// cut off by the end of the line.
    pub payload_bytes: u64,
    /// The place in its message; `null` for control frames and for frames that break the order.
    pub position: Option<Position>,
    pub violations: Vec<Violation>,
}

/// A data frame's place in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Messages of this connection and party, counted from 1.
    pub message: u64,
    /// Fragments of the message, counted from 1.
    pub fragment: u32,
    pub kind: MessageKind,
    /// Whether this fragment ends it.
    pub last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Text,
    Binary,
}

/// A broken rule, or a limit passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// A stable name of the rule.
    pub rule: Cow<'static, str>,
    /// Section of RFC 6455.
    pub section: Cow<'static, str>,
    /// What was wrong, in a sentence.
    pub explanation: String,
    /// The close code that answers it.
    pub close_code: u16,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Who sent the first close frame; `null` if none was sent.
    pub first: Option<Party>,
    /// The code of that frame; `null` if it had none, or if there was no frame.
    pub code: Option<u16>,
    pub reason: String,
    /// Whether both ends sent a close frame.
    pub clean: bool,
    pub cause: Cause,
    /// What each end sent.
    pub client: Count,
    pub server: Count,
}

/// What brought the end about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Both ends said goodbye.
    ClosingHandshake,
    /// The client broke a rule, and the relay failed the connection.
    Violation,
    /// The client broke no rule, but a frame or message was over the relay's limit, and the relay failed the connection.
    TooBig,
    /// The client's line ended without the goodbye of both.
    LineEnded,
    /// The line broke: reset, or unreachable.
    LineBroke,
    /// The client did not answer the relay's close frame in time.
    NoCloseAnswer,
    /// The client stopped reading, and the relay gave up waiting.
    NotReading,
    /// Nothing came for as long as the relay allows.
    Idle,
    /// The relay shut down.
    Shutdown,
}

/// Frames and the bytes they took, headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub frames: u64,
    pub bytes: u64,
}

impl Frame {
    /// A frame that `from` sent. `wire_payload` is the front of its payload as on the wire; `payload_bytes` says how
    /// many crossed it.
    #[must_use]
    pub fn new(from: Sender, header: &FrameHeader, wire_payload: Vec<u8>, payload_bytes: u64) -> Self {
        Self {
            from: from.into(),
            fin: header.fin,
            rsv1: header.rsv.rsv1,
            rsv2: header.rsv.rsv2,
            rsv3: header.rsv.rsv3,
            opcode: header.opcode.nibble(),
            masked: header.masking_key.is_some(),
            masking_key: header.masking_key.map(|key| key.0),
            length: header.length.bytes,
            length_bits: header.length.form.bits(),
            header: header.encode().to_vec(),
            payload: wire_payload,
            payload_bytes,
            position: None,
            violations: Vec::new(),
        }
    }

    /// The header, read again from its bytes; `None` only if whoever made this frame left them out.
    #[must_use]
    pub fn parsed_header(&self) -> Option<FrameHeader> {
        FrameHeader::parse(&self.header)
    }

    /// The kept payload with the mask taken off.
    #[must_use]
    pub fn unmasked_payload(&self) -> Vec<u8> {
        let mut payload = self.payload.clone();
        if let Some(key) = self.masking_key {
            wire::mask::MaskingKey(key).apply(&mut payload, 0);
        }
        payload
    }

    /// Whether the relay kept less of the payload than crossed the wire.
    #[must_use]
    pub fn truncated(&self) -> bool {
        (self.payload.len() as u64) < self.payload_bytes
    }

    #[must_use]
    pub fn opcode(&self) -> wire::opcode::Opcode {
        wire::opcode::Opcode::from_nibble(self.opcode)
    }

    /// Bytes on the wire, header included.
    #[must_use]
    pub fn wire_bytes(&self) -> u64 {
        self.header.len() as u64 + self.payload_bytes
    }
}

impl From<MessagePosition> for Position {
    fn from(position: MessagePosition) -> Self {
        let kind = match position.kind {
            wire::message::MessageKind::Text => MessageKind::Text,
            wire::message::MessageKind::Binary => MessageKind::Binary,
        };
        Self { message: position.message, fragment: position.fragment, kind, last: position.last }
    }
}

impl From<&wire::violation::Violation> for Violation {
    fn from(violation: &wire::violation::Violation) -> Self {
        Self {
            rule: violation.rule().into(),
            section: violation.section().into(),
            explanation: violation.to_string(),
            close_code: violation.close_code().0,
        }
    }
}
