//! Makes a recorded session ([`Document`]) from a file of another program: a capture or a HAR file. Bytes in, a document out.
//!
//! | module | content |
//! |---|---|
//! | [`limits`] | how much of a file is read |
//! | `recorder` | collects what was read as numbered observations |
//! | `handshake` | an opening or a refusal from the texts of a request and its response |
//! | `clock` | times of day |
//! | `har` | HAR files with `_webSocketMessages`, as Chrome, Playwright and mitmproxy write them |
//! | `capture` | pcap and pcapng: packets, TCP connections, and the WebSockets in them |
//!
//! # What a document has
//!
//! A capture has the bytes of the wire, so its document has the same frames as one that the relay records. A HAR file has
//! messages: each becomes one frame whose header is made up, with the masking key 0 if the client sent it.
//!
//! The document lists what could not be read and where ([`observation::document::Import`]). A file in which nothing can be read
//! is an [`ImportError`]. TLS is not decrypted: the document, or the error, says which connections are encrypted.
//!
//! The crate uses no clock and no file, and no input makes it panic. What it keeps and how long it works is limited by the size
//! of the file and by [`Limits`].

mod capture;
mod clock;
mod handshake;
mod har;
pub mod limits;
mod recorder;

pub use limits::Limits;

use observation::Document;
use observation::document::ReadError;
use std::time::Duration;
use thiserror::Error;

/// Why nothing can be read from a file. The text has no capital letter at its start and no full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    #[error(
        "the file has {bytes} bytes, but the limit is {limit}: export or capture less, for example a single connection"
    )]
    TooLarge { bytes: u64, limit: u64 },
    #[error("the file is empty: choose a capture (pcap or pcapng), a HAR file, or a session that was exported as JSON")]
    Empty,
    #[error("the file is compressed ({0}): decompress it first")]
    Compressed(&'static str),
    #[error(
        "the file is not a capture (pcap or pcapng), a HAR file, or a session that was exported as JSON: choose one of these"
    )]
    Unknown,
    #[error(transparent)]
    Document(#[from] ReadError),
    #[error("the file is not valid JSON ({0}): it may be incomplete, so export it again")]
    NotJson(String),
    #[error("the file has no `log` with `entries`, so it is not a HAR file: export it again")]
    NotHar,
    #[error(
        "none of the requests in the HAR file ({entries}) is a WebSocket: record while the page opens its WebSocket, and export again"
    )]
    NoWebSocketInHar { entries: usize },
    #[error("the capture is damaged ({0}): capture again, or repair it with `pcapfix`")]
    Damaged(&'static str),
    #[error("the capture has no WebSocket: {0}")]
    NoWebSocketInCapture(String),
}

/// Reads a file: a capture, a HAR file, or a document. `now` is the time since 1970.
///
/// # Errors
/// If nothing can be read from it.
pub fn import(bytes: &[u8], limits: &Limits, now: Duration) -> Result<Document, ImportError> {
    if bytes.len() as u64 > limits.file {
        return Err(ImportError::TooLarge { bytes: bytes.len() as u64, limit: limits.file });
    }
    match Kind::of(bytes)? {
        Kind::Pcap => capture::read_pcap(bytes, limits, now),
        Kind::Pcapng => capture::read_pcapng(bytes, limits, now),
        Kind::Json(text) => json(text, limits, now),
    }
}

/// What the first bytes of a file say that it is.
enum Kind<'b> {
    Pcap,
    Pcapng,
    Json(&'b str),
}

impl<'b> Kind<'b> {
    fn of(bytes: &'b [u8]) -> Result<Self, ImportError> {
        match bytes {
            [] => return Err(ImportError::Empty),
            // pcapng §4.1
            [0x0A, 0x0D, 0x0D, 0x0A, ..] => return Ok(Self::Pcapng),
            // pcap §4: microseconds or nanoseconds, in both orders of bytes, and Kuznetzov's variant.
            [0xD4, 0xC3, 0xB2, 0xA1, ..]
            | [0x4D, 0x3C, 0xB2, 0xA1, ..]
            | [0xA1, 0xB2, 0xC3, 0xD4, ..]
            | [0xA1, 0xB2, 0x3C, 0x4D, ..]
            | [0x34, 0xCD, 0xB2, 0xA1, ..] => return Ok(Self::Pcap),
            [0x1F, 0x8B, ..] => return Err(ImportError::Compressed("gzip")),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => return Err(ImportError::Compressed("zstd")),
            [0x04, 0x22, 0x4D, 0x18, ..] => return Err(ImportError::Compressed("lz4")),
            [b'P', b'K', 0x03, 0x04, ..] => return Err(ImportError::Compressed("zip")),
            _ => {}
        }
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let begins = text.trim_ascii_start().first();
        match std::str::from_utf8(text) {
            Ok(text) if begins == Some(&b'{') => Ok(Self::Json(text)),
            Err(error) if begins == Some(&b'{') => Err(ImportError::NotJson(error.to_string())),
            _ => Err(ImportError::Unknown),
        }
    }
}

/// A document has a `format`, and a HAR file a `log`.
fn json(text: &str, limits: &Limits, now: Duration) -> Result<Document, ImportError> {
    #[derive(serde::Deserialize)]
    struct Outline<'t> {
        #[serde(borrow)]
        log: Option<&'t serde_json::value::RawValue>,
        #[serde(borrow)]
        format: Option<&'t serde_json::value::RawValue>,
    }
    let outline: Outline<'_> = serde_json::from_str(text).map_err(|error| ImportError::NotJson(error.to_string()))?;
    match outline {
        Outline { format: Some(_), .. } => {
            let limit = usize::try_from(limits.file).unwrap_or(usize::MAX);
            Ok(Document::read(text, limit)?)
        }
        Outline { log: Some(log), .. } => har::read(log.get(), limits, now),
        Outline { log: None, format: None } => Err(ImportError::Unknown),
    }
}
