//! The body of an HTTP/1.1 response to a GET: where it ends, and its content. RFC 9112 §6 and §7.1.

use super::head::{ResponseHead, values};
use crate::extension;
use std::borrow::Cow;
use thiserror::Error;

/// How the end of a body is marked. RFC 9112 §6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// The body has this many bytes.
    Length(u64),
    /// The body is a series of chunks. RFC 9112 §7.1.
    Chunked,
    /// The body ends with the connection.
    UntilClose,
}

/// Why the end of a body cannot be found. The text continues a sentence, with the response as its subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    #[error("has the invalid length `Content-Length: {0}`")]
    Length(String),
    #[error("has an invalid chunk in its body")]
    Chunk,
}

/// As much of a body as has arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body<'b> {
    /// Without the framing of chunks.
    pub content: Cow<'b, [u8]>,
    /// The number of bytes on the wire.
    pub len: usize,
    /// Whether it has ended. A body that ends with the connection never has.
    pub complete: bool,
}

impl Framing {
    /// The framing of the response with this head. `bytes` is what `head` was parsed from.
    ///
    /// # Errors
    /// If the length is invalid.
    pub fn of(bytes: &[u8], head: &ResponseHead) -> Result<Self, BodyError> {
        let all = |name| {
            let values = values(bytes, &head.headers, name).map(String::from_utf8_lossy);
            values.collect::<Vec<_>>().join(", ")
        };
        if matches!(head.status, 100..=199 | 204 | 304) {
            return Ok(Self::None);
        }
        if let Some(last) = extension::items(&all("Transfer-Encoding")).last() {
            let chunked = last.eq_ignore_ascii_case("chunked");
            return Ok(if chunked { Self::Chunked } else { Self::UntilClose });
        }
        let lengths = all("Content-Length");
        let mut items = extension::items(&lengths);
        let Some(first) = items.next() else {
            return if lengths.is_empty() { Ok(Self::UntilClose) } else { Err(BodyError::Length(lengths.clone())) };
        };
        // A length that is repeated without a difference is valid. RFC 9110 §8.6.
        let digits = first.bytes().all(|byte| byte.is_ascii_digit()) && items.all(|item| item == first);
        match first.parse() {
            Ok(length) if digits => Ok(Self::Length(length)),
            _ => Err(BodyError::Length(lengths.clone())),
        }
    }

    /// Reads as much of the body as is in `bytes`, which begin after the head.
    ///
    /// # Errors
    /// If a chunk is invalid.
    pub fn read(self, bytes: &[u8]) -> Result<Body<'_>, BodyError> {
        match self {
            Self::None => Ok(Body { complete: true, ..Body::default() }),
            Self::UntilClose => Ok(Body { content: bytes.into(), len: bytes.len(), complete: false }),
            Self::Length(length) => {
                let len = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
                Ok(Body { content: bytes[..len].into(), len, complete: len as u64 == length })
            }
            Self::Chunked => chunks(bytes),
        }
    }
}

/// The content of a response's body, as far as it is in `bytes`. An invalid body is returned as it is on the wire.
#[must_use]
pub fn content<'b>(bytes: &'b [u8], head: &ResponseHead) -> Cow<'b, [u8]> {
    let body = &bytes[head.len.min(bytes.len())..];
    let read = Framing::of(bytes, head).and_then(|framing| framing.read(body));
    read.map_or(body.into(), |read| read.content)
}

fn chunks(bytes: &[u8]) -> Result<Body<'_>, BodyError> {
    let (mut content, mut len) = (Vec::new(), 0);
    let complete = loop {
        let left = &bytes[len..];
        let size = httparse::parse_chunk_size(left).map_err(|_| BodyError::Chunk)?;
        let httparse::Status::Complete((line, size)) = size else { break false };
        if size == 0 {
            // The last chunk is followed by trailers and an empty line.
            let mut trailers = [httparse::EMPTY_HEADER; 16];
            match httparse::parse_headers(&left[line..], &mut trailers).map_err(|_| BodyError::Chunk)? {
                httparse::Status::Complete((trailers, _)) => len += line + trailers,
                httparse::Status::Partial => break false,
            }
            break true;
        }
        let data = &left[line..];
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        content.extend_from_slice(&data[..size.min(data.len())]);
        match data.get(size..).unwrap_or_default() {
            [b'\r', b'\n', ..] => len += line + size + 2,
            [] | [b'\r'] => break false,
            _ => return Err(BodyError::Chunk),
        }
    };
    let len = if complete { len } else { bytes.len() };
    Ok(Body { content: content.into(), len, complete })
}
