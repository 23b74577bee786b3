//! What an observer may ask of the relay's side of a connection.

use crate::ConnectionNumber;
use serde::{Deserialize, Serialize};

/// A command, as a text message of the observer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The observer's own number for it; the answer bears it.
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
    /// Sends a ping; its payload has 125 bytes at the most.
    Ping(#[serde(with = "hex::serde")] Vec<u8>),
    /// Sends a pong that nobody asked for.
    Pong(#[serde(with = "hex::serde")] Vec<u8>),
    /// Begins the closing handshake.
    Close(CloseWith),
    /// Sends a frame whose every bit is given, right or wrong.
    Frame(Composed),
    /// Sends bytes as they are, whatever they mean.
    Raw(#[serde(with = "hex::serde")] Vec<u8>),
    /// Ends the TCP connection without a goodbye.
    Drop(DropBy),
    /// Stops reading what the client sends.
    Pause,
    /// Goes on reading.
    Resume,
    /// From now on behaves as these settings say, written as in a URL: `fragments=3&ping-every=1s`. Those of the opening
    /// handshake are refused; an empty text is a plain echo.
    Behave(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseWith {
    /// `null` for a close frame without a payload.
    pub code: Option<u16>,
    /// At most 123 bytes of UTF-8.
    #[serde(default)]
    pub reason: String,
}

/// How a TCP connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropBy {
    /// In good order, as far as TCP is concerned.
    Fin,
    /// At once; what is still on its way is lost.
    Reset,
}

/// A frame made by hand. What it leaves out is as in a frame in good order.
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
    /// Masks the payload with it, which a server must not.
    #[serde(default, with = "crate::encoding::hex_key")]
    pub masking_key: Option<[u8; 4]>,
    /// How many bits say the length: 7, 16 or 64; `null` for the shortest form.
    #[serde(default)]
    pub length_bits: Option<u8>,
    /// The length that the header claims; `null` for the true one.
    #[serde(default)]
    pub length: Option<u64>,
    #[serde(default, with = "hex::serde")]
    pub payload: Vec<u8>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// That of the command; `null` for a message that could not be read as one.
    pub id: Option<u64>,
    /// Why it was refused, in a sentence without capital and full stop; `null` if it was taken.
    pub refused: Option<String>,
}

fn set() -> bool {
    true
}

impl Command {
    /// A stable name, as in its JSON.
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
        }
    }
}

impl Composed {
    /// The header that it asks for.
    ///
    /// # Errors
    /// When there is no such opcode or length form, or the length does not fit the form.
    pub fn header(&self) -> Result<wire::header::FrameHeader, &'static str> {
        use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
        if self.opcode > 0xF {
            return Err("an opcode has four bits: 0 to 15");
        }
        let bytes = self.length.unwrap_or(self.payload.len() as u64);
        let (form, most) = match self.length_bits {
            None => (LengthForm::minimal(bytes), u64::MAX),
            Some(7) => (LengthForm::Bits7, 125),
            Some(16) => (LengthForm::Bits16, 0xFFFF),
            Some(64) => (LengthForm::Bits64, u64::MAX),
            Some(_) => return Err("a length is said in 7, 16 or 64 bits"),
        };
        if bytes > most {
            return Err("the length does not fit its form: 7 bits hold up to 125, 16 up to 65535");
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
