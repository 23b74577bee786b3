//! The reaction of a server to a client's bytes: the relay over a socket, tungstenite in memory.

use super::LIMIT;
use crate::support::{Raw, soon};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The complete messages that were echoed: whether each is text, and its content.
    pub(super) messages: Vec<(bool, Vec<u8>)>,
    pub(super) pongs: Vec<Vec<u8>>,
    /// The code of its close frame, 1005 if that had none; `None` if the connection ended without one.
    pub(super) end: Option<u16>,
    /// The reason in its close frame.
    pub(super) reason: String,
}

impl Outcome {
    /// Reads what a server sent. The connection may have ended inside the last frame.
    fn read(mut bytes: &[u8]) -> Self {
        let mut outcome = Self::default();
        let mut open: Option<(bool, Vec<u8>)> = None;
        while let Some((first, payload)) = frame(&mut bytes) {
            match first & 0x0F {
                opcode @ 0..=2 => {
                    let (text, mut content) = open.take().unwrap_or((opcode == 1, Vec::new()));
                    content.extend_from_slice(payload);
                    if first & 0x80 == 0 {
                        open = Some((text, content));
                    } else {
                        outcome.messages.push((text, content));
                    }
                }
                8 => {
                    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    outcome.end = Some(code);
                    outcome.reason = String::from_utf8(payload.get(2..).unwrap_or_default().to_vec()).unwrap();
                }
                0xA => outcome.pongs.push(payload.to_vec()),
                opcode => panic!("a server sent opcode {opcode}"),
            }
        }
        outcome
    }
}

/// The frame at the start of `bytes`, if it is complete.
fn frame<'b>(bytes: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match second {
        126 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?,
        127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length) as usize, rest))?,
        length => (length.into(), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((first, payload))
}

/// Sends `bytes` in pieces of `cut`, and reads until the connection ends.
pub(super) async fn relay(address: SocketAddr, bytes: &[u8], cut: usize) -> Outcome {
    let raw = Raw::open(address, "/echo").await;
    let (mut reading, mut writing) = raw.0.into_split();
    let write = async {
        for piece in bytes.chunks(cut) {
            // The relay may have failed the connection already.
            if writing.write_all(piece).await.is_err() {
                return;
            }
        }
        let _ = writing.shutdown().await;
    };
    let mut answer = Vec::new();
    let (_, read) = soon(async { tokio::join!(write, reading.read_to_end(&mut answer)) }).await;
    read.unwrap();
    Outcome::read(&answer)
}

/// The reaction of tungstenite's server, in a loop that echoes every message.
pub(super) fn tungstenite(bytes: &[u8]) -> Outcome {
    let limit = usize::try_from(LIMIT).unwrap();
    let config = WebSocketConfig::default().max_frame_size(Some(limit)).max_message_size(Some(limit));
    let line = Line { input: bytes, output: Vec::new() };
    let mut socket = WebSocket::from_raw_socket(line, Role::Server, Some(config));
    let error = loop {
        let step = socket.read().and_then(|message| match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message),
            _ => Ok(()),
        });
        if let Err(error) = step {
            break error;
        }
    };
    let _ = socket.flush();
    let mut outcome = Outcome::read(&socket.get_ref().output);
    // tungstenite leaves the close frame after an error to its user. These are the codes for its errors. RFC 6455 §7.4.1.
    outcome.end = match error {
        Error::ConnectionClosed => outcome.end,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(1002),
        Error::Utf8(_) => Some(1007),
        Error::Capacity(_) => Some(1009),
        other => panic!("tungstenite: {other}"),
    };
    outcome
}

/// A connection in memory.
struct Line<'b> {
    input: &'b [u8],
    output: Vec<u8>,
}

impl Read for Line<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut self.input, room)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut self.output, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
