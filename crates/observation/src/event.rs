//! What can be seen of a connection.

use crate::command::DropBy;
use crate::encoding::{self, named::named};
use crate::route::{Asked, Records, Route, Tunnel};
use crate::{Act, Deliberate};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wire::Sender;
use wire::header::FrameHeader;
use wire::message::MessagePosition;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A request came to something in between, and waits there for the answer of another leg.
    Asked(Asked),
    /// A request was accepted: from here on only frames travel.
    Opening(Opening),
    /// A request was answered with anything else.
    Refusal(Refusal),
    /// A line to a middlebox in front of TLS. What crosses it are [`Records`].
    Tunnel(Tunnel),
    /// What crossed the line below its encryption.
    Records(Records),
    Frame(Frame),
    /// Something was done on purpose that is no frame of its own.
    Act(Act),
    /// The connection has ended.
    Closed(Closed),
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Client,
    Server,
}

named!(Party: "client" => Party::Client, "server" => Party::Server);

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// From the request line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// From the status line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// The extensions that the client offered, in its order, and what became of each.
    pub offers: Vec<Offer>,
    /// The parameters of permessage-deflate, if it was agreed on.
    pub deflate: Option<Deflate>,
    /// When the request had come, in microseconds since the session began.
    pub requested_us: u64,
    /// What is odd about the response on purpose.
    pub deliberate: Vec<Deliberate>,
    #[serde(default)]
    pub route: Route,
}

/// An extension that a client offered. RFC 6455 §9.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// As the client wrote it, its parameters included.
    pub offer: String,
    /// What the response says to it; `null` if it was declined.
    pub answer: Option<String>,
    /// Why it was declined, in a sentence without capital and full stop; `null` if it was not.
    pub declined: Option<String>,
}

/// How messages are compressed on a connection. RFC 7692 §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deflate {
    /// Whether each message of an end is compressed by itself, without those before it as context.
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    /// The size of each end's window as a power of two: 8–15.
    pub server_max_window_bits: u8,
    pub client_max_window_bits: u8,
}

/// A request that was not upgraded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// Head and body, or whatever else went out; empty if nothing did.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    /// `null` where the answer is no HTTP, or there is none.
    pub status: Option<u16>,
    /// A stable name of the reason.
    pub rule: Cow<'static, str>,
    /// The reason in a sentence.
    pub explanation: String,
    /// The section of RFC 6455 behind it, if it is the protocol's rule and not the relay's own limit.
    pub section: Option<Cow<'static, str>>,
    /// When the request had come, in microseconds since the session began.
    pub requested_us: u64,
    /// Why it was refused on purpose; empty if it was not.
    pub deliberate: Vec<Deliberate>,
    #[serde(default)]
    pub route: Route,
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
    /// What the payload adds to the content of its message, if that is compressed; `null` if not.
    pub inflated: Option<Inflated>,
    /// The place in its message; `null` for control frames and for frames that break the order.
    pub position: Option<Position>,
    /// For a frame of the relay's, what a strict client would say.
    pub violations: Vec<Violation>,
    /// Why the relay sent it on purpose as it is; `null` for a frame that only follows from what the client sent.
    pub deliberate: Option<Deliberate>,
}

/// What a compressed payload holds. A client's frame adds what can be inflated once it is there; what a fragment leaves
/// inside the compressor's state comes with a later one. A fragment of the relay's own says what went into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inflated {
    /// The first bytes, up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub payload: Vec<u8>,
    /// How many there were.
    pub bytes: u64,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Text,
    Binary,
}

named!(MessageKind: "text" => MessageKind::Text, "binary" => MessageKind::Binary);

/// A broken rule, or a limit passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// A stable name of the rule.
    pub rule: Cow<'static, str>,
    /// The RFC that has it: 6455, or 7692 for compression.
    pub rfc: u16,
    /// Its section there.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Both ends said goodbye.
    ClosingHandshake,
    /// The client broke a rule, and the relay failed the connection.
    Violation,
    /// The client broke no rule, but a frame or message was over the relay's limit, and the relay failed the connection.
    TooBig,
    /// The client's line ended without the goodbye of both; on the far leg of a way, the server's.
    LineEnded,
    /// The line broke: reset, or unreachable.
    LineBroke,
    /// The client did not answer the relay's close frame in time.
    NoCloseAnswer,
    /// The client stopped reading, and the relay gave up waiting.
    NotReading,
    /// The client broke no rule, but sent a kind of message that this connection does not take, and the relay failed it.
    NotAccepted,
    /// The relay had no memory left for a message that had not arrived whole.
    OutOfRoom,
    /// Nothing came for as long as the relay allows, or the connection's behaviour.
    Idle,
    /// The relay ended the line on purpose, without a goodbye: in good order, as far as TCP is concerned.
    Dropped,
    /// The same with a reset.
    Reset,
    /// The relay's ping was not answered in the time that the connection's behaviour gives.
    NoPong,
    /// What is beyond the thing in between ended first: the server behind it, or the client in front.
    OtherLeg,
    /// The relay closed on purpose.
    Left,
    /// The relay shut down.
    Shutdown,
}

named!(Cause: "closing-handshake" => Cause::ClosingHandshake, "violation" => Cause::Violation, "too-big" => Cause::TooBig, "line-ended" => Cause::LineEnded, "line-broke" => Cause::LineBroke, "no-close-answer" => Cause::NoCloseAnswer, "not-reading" => Cause::NotReading, "not-accepted" => Cause::NotAccepted, "out-of-room" => Cause::OutOfRoom, "idle" => Cause::Idle, "dropped" => Cause::Dropped, "reset" => Cause::Reset, "no-pong" => Cause::NoPong, "other-leg" => Cause::OtherLeg, "left" => Cause::Left, "shutdown" => Cause::Shutdown);

/// Frames and the bytes they took, headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub frames: u64,
    pub bytes: u64,
}

impl From<DropBy> for Cause {
    fn from(by: DropBy) -> Self {
        match by {
            DropBy::Fin => Self::Dropped,
            DropBy::Reset => Self::Reset,
        }
    }
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
            inflated: None,
            position: None,
            violations: Vec::new(),
            deliberate: None,
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

    /// What the kept payload means: unmasked, and inflated if it is compressed.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.inflated.as_ref().map_or_else(|| self.unmasked_payload(), |inflated| inflated.payload.clone())
    }

    /// How many bytes of content it carried.
    #[must_use]
    pub fn content_bytes(&self) -> u64 {
        self.inflated.as_ref().map_or(self.payload_bytes, |inflated| inflated.bytes)
    }

    /// Whether the relay kept less of the payload than crossed the wire.
    #[must_use]
    pub fn truncated(&self) -> bool {
        (self.payload.len() as u64) < self.payload_bytes
    }

    /// Whether the relay kept less of the content than it carried.
    #[must_use]
    pub fn content_truncated(&self) -> bool {
        self.inflated.as_ref().map_or(self.truncated(), |inflated| (inflated.payload.len() as u64) < inflated.bytes)
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

impl From<&wire::deflate::Agreed> for Deflate {
    fn from(agreed: &wire::deflate::Agreed) -> Self {
        Self {
            server_no_context_takeover: agreed.server_no_context_takeover,
            client_no_context_takeover: agreed.client_no_context_takeover,
            server_max_window_bits: agreed.server_max_window_bits,
            client_max_window_bits: agreed.client_max_window_bits,
        }
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
