//! Commands of an observer to the relay's side of a connection, also of the connections that the relay forwards.

use crate::ConnectionNumber;
use serde::{Deserialize, Serialize};

/// A command for one connection. An observer sends it as a text message with this JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// A number of the observer's choice. The answer repeats it.
    pub id: u64,
    pub connection: ConnectionNumber,
    pub command: Command,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Sends a text message.
    Text(String),
    /// Sends a binary message.
    Binary(#[serde(with = "hex::serde")] Vec<u8>),
    /// Sends a ping with a payload of at most 125 bytes.
    Ping(#[serde(with = "hex::serde")] Vec<u8>),
    /// Sends an unsolicited pong.
    Pong(#[serde(with = "hex::serde")] Vec<u8>),
    /// Starts the closing handshake.
    Close(CloseWith),
    /// Sends a frame in which every bit can be set, valid or not.
    Frame(Composed),
    /// Sends raw bytes.
    Raw(#[serde(with = "hex::serde")] Vec<u8>),
    /// Ends the TCP connection without a close frame.
    Drop(DropBy),
    /// Stops reading what the other end sends.
    Pause,
    /// Resumes reading.
    Resume,
    /// Changes the behavior. The settings have the format of a URL query: `fragments=3&ping-every=1s`. Settings of the opening
    /// handshake are refused. An empty text selects the plain echo. Only connections to the lab have a behavior.
    Behave(String),
    /// Forwards a held message, as it is or edited, or a held handshake as it is.
    Forward(Forward),
    /// Drops the held message with this number. A handshake is refused with 403.
    Discard(u64),
    /// Drops a held message and answers it in the other end's place.
    Answer(AnswerHeld),
    /// Forwards a held handshake with another head.
    ForwardHead(ForwardHead),
    /// Refuses a held handshake: the client gets this status instead.
    Refuse(RefuseHeld),
}

/// A held message goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// Its number, from [`Intercepted::held`](crate::Intercepted::held).
    pub held: u64,
    /// What goes on instead; `null` for the message as it was sent.
    #[serde(default)]
    pub edited: Option<Edited>,
}

/// The answer to a held message, as if the other end had sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerHeld {
    /// The number of the held message, which goes no further.
    pub held: u64,
    pub with: Edited,
}

/// A held handshake goes on, edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardHead {
    /// Its number, from [`InterceptedHandshake::held`](crate::InterceptedHandshake::held).
    pub held: u64,
    /// The head that goes on instead: the request or status line, and one header in each line after it. Lines end with LF or CRLF,
    /// and an empty one at the end can be left out. One character for each byte (ISO-8859-1). A header whose value is concealed goes
    /// on with its real value if the line is not changed.
    pub head: String,
}

/// A held handshake goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefuseHeld {
    /// Its number.
    pub held: u64,
    /// What the client gets: 400–599.
    pub status: u16,
}

/// A frame in place of a held message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// If it has no masking key, the relay masks the frame wherever the protocol requires that.
    pub frame: Composed,
    /// Whether the relay compresses the payload with the connection's permessage-deflate, and sets RSV1.
    #[serde(default)]
    pub compress: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseWith {
    /// `null` for a close frame without a payload.
    pub code: Option<u16>,
    /// The reason, at most 123 bytes of UTF-8.
    #[serde(default)]
    pub reason: String,
}

/// How to end a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropBy {
    /// A regular end: all data is delivered first.
    Fin,
    /// An immediate end: data still in transit is lost.
    Reset,
}

/// A frame composed by hand. Fields that are left out have the values of a valid frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composed {
    #[serde(default = "set")]
    pub fin: bool,
    #[serde(default)]
    pub rsv1: bool,
    #[serde(default)]
    pub rsv2: bool,
    #[serde(default)]
    pub rsv3: bool,
    /// 0–15. RFC 6455 §5.2.
    pub opcode: u8,
    /// Masks the payload with this key, which a client must do and a server must not.
    #[serde(default, with = "crate::encoding::hex_key")]
    pub masking_key: Option<[u8; 4]>,
    /// How many bits the header uses for the length: 7, 16 or 64; `null` for the shortest form.
    #[serde(default)]
    pub length_bits: Option<u8>,
    /// The length in the header; `null` for the length of the payload.
    #[serde(default)]
    pub length: Option<u64>,
    #[serde(default, with = "hex::serde")]
    pub payload: Vec<u8>,
}

/// The relay's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The id of the command; `null` if the message was not a valid command.
    pub id: Option<u64>,
    /// Why the command was refused, without a capital letter at the start and without a full stop; `null` if it was accepted.
    pub refused: Option<String>,
}

fn set() -> bool {
    true
}

impl Command {
    /// The stable name of the command, as in its JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Close(_) => "close",
            Self::Frame(_) => "frame",
            Self::Raw(_) => "raw",
            Self::Drop(_) => "drop",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Behave(_) => "behave",
            Self::Forward(_) => "forward",
            Self::Discard(_) => "discard",
            Self::Answer(_) => "answer",
            Self::ForwardHead(_) => "forward-head",
            Self::Refuse(_) => "refuse",
        }
    }
}

impl Composed {
    /// The header of the frame.
    ///
    /// # Errors
    /// If the opcode or length form does not exist, or if the length does not fit the form.
    pub fn header(&self) -> Result<wire::header::FrameHeader, &'static str> {
        use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
        if self.opcode > 0xF {
            return Err("an opcode has four bits; send a number from 0 to 15");
        }
        let bytes = self.length.unwrap_or(self.payload.len() as u64);
        let (form, most) = match self.length_bits {
            None => (LengthForm::minimal(bytes), u64::MAX),
            Some(7) => (LengthForm::Bits7, 125),
            Some(16) => (LengthForm::Bits16, 0xFFFF),
            Some(64) => (LengthForm::Bits64, u64::MAX),
            Some(_) => return Err("a length has 7, 16 or 64 bits"),
        };
        if bytes > most {
            return Err("the length does not fit its form; 7 bits hold up to 125, 16 bits up to 65535");
        }
        Ok(FrameHeader {
            fin: self.fin,
            rsv: Rsv { rsv1: self.rsv1, rsv2: self.rsv2, rsv3: self.rsv3 },
            opcode: wire::opcode::Opcode::from_nibble(self.opcode),
            masking_key: self.masking_key.map(wire::mask::MaskingKey),
            length: PayloadLength { bytes, form },
        })
    }
}
