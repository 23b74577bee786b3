//! Frames as the relay saw them.

use crate::deliberate::Deliberate;
use crate::encoding::{self, named::named};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wire::Sender;
use wire::header::FrameHeader;
use wire::message::MessagePosition;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Client,
    Server,
}

named!(Party: "client" => Party::Client, "server" => Party::Server);

impl Party {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
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
    /// Payload length in bytes, according to the header.
    pub length: u64,
    /// How many bits the header uses for the length: 7, 16 or 64.
    pub length_bits: u8,
    /// The header's bytes, including the masking key.
    #[serde(with = "hex::serde")]
    pub header: Vec<u8>,
    /// The payload as on the wire (masked if `masked`), up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub payload: Vec<u8>,
    /// How many payload bytes crossed the wire. Less than `length` if the frame was abandoned because of a violation or cut
    /// off by the end of the connection.
    pub payload_bytes: u64,
    /// What the payload adds to the content of its message; `null` if the message is not compressed.
    pub inflated: Option<Inflated>,
    /// The position in its message; `null` for control frames and for frames that break the order.
    pub position: Option<Position>,
    /// The rules that the frame breaks. For a frame of the relay, those that a strict client would report.
    pub violations: Vec<Violation>,
    /// Why the relay deliberately sent this frame; `null` if the frame is a regular response to what the client sent.
    pub deliberate: Option<Deliberate>,
}

/// The content of a compressed payload. For a client's frame, this is what can be inflated once the frame has arrived; content
/// that is still inside the compressor's state comes with a later fragment. For a fragment of the relay, it is the content that
/// the relay compressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inflated {
    /// The first bytes, up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub payload: Vec<u8>,
    /// How many bytes of content there were.
    pub bytes: u64,
}

/// The position of a data frame in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The number of the message in its connection and direction, from 1.
    pub message: u64,
    /// The number of the fragment in its message, from 1.
    pub fragment: u32,
    pub kind: MessageKind,
    /// Whether this is the last fragment.
    pub last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Text,
    Binary,
}

named!(MessageKind: "text" => MessageKind::Text, "binary" => MessageKind::Binary);

/// A broken rule or an exceeded limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// A stable, machine-readable name of the rule.
    pub rule: Cow<'static, str>,
    /// The number of the RFC that defines it: 6455, or 7692 for compression.
    pub rfc: u16,
    /// The section of that RFC.
    pub section: Cow<'static, str>,
    /// What was wrong, in a sentence.
    pub explanation: String,
    /// The close code to fail the connection with.
    pub close_code: u16,
}

impl Frame {
    /// A frame that `from` sent. `wire_payload` is the start of its payload as on the wire, and `payload_bytes` how many payload
    /// bytes crossed the wire.
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
            inflated: None,
            position: None,
            violations: Vec::new(),
            deliberate: None,
        }
    }

    /// Parses the header's bytes. `None` if they are incomplete, which the relay never produces.
    #[must_use]
    pub fn parsed_header(&self) -> Option<FrameHeader> {
        FrameHeader::parse(&self.header)
    }

    /// The kept payload, unmasked.
    #[must_use]
    pub fn unmasked_payload(&self) -> Vec<u8> {
        let mut payload = self.payload.clone();
        if let Some(key) = self.masking_key {
            wire::mask::MaskingKey(key).apply(&mut payload, 0);
        }
        payload
    }

    /// The kept content: the payload unmasked, and inflated if it is compressed.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.inflated.as_ref().map_or_else(|| self.unmasked_payload(), |inflated| inflated.payload.clone())
    }

    /// How many bytes of content the frame carried.
    #[must_use]
    pub fn content_bytes(&self) -> u64 {
        self.inflated.as_ref().map_or(self.payload_bytes, |inflated| inflated.bytes)
    }

    /// Whether the relay kept only the start of the payload.
    #[must_use]
    pub fn truncated(&self) -> bool {
        (self.payload.len() as u64) < self.payload_bytes
    }

    /// Whether the relay kept only the start of the content.
    #[must_use]
    pub fn content_truncated(&self) -> bool {
        self.inflated.as_ref().map_or(self.truncated(), |inflated| (inflated.payload.len() as u64) < inflated.bytes)
    }

    #[must_use]
    pub fn opcode(&self) -> wire::opcode::Opcode {
        wire::opcode::Opcode::from_nibble(self.opcode)
    }

    /// Bytes on the wire, including the header.
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
            rfc: violation.rfc(),
            section: violation.section().into(),
            explanation: violation.to_string(),
            close_code: violation.close_code().0,
        }
    }
}
