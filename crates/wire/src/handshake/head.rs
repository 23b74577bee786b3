//! Parses the head of an HTTP/1.1 request or response, and locates its parts. RFC 9112 §2–5.

use std::ops::Range;
use thiserror::Error;

/// The most header lines in a head. Browsers send fewer.
const MAX_HEADERS: usize = 100;

/// A range of the head's bytes.
pub type Span = Range<usize>;

/// The name and value of one header line, without the colon and surrounding whitespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    pub name: Span,
    pub value: Span,
}

/// The parts of a request head, as ranges of the bytes that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    pub method: Span,
    pub target: Span,
    /// The `x` of `HTTP/1.x`.
    pub minor_version: u8,
    pub headers: Vec<HeaderLine>,
    /// The length of the head in bytes, including its empty line.
    pub len: usize,
}

/// The parts of a response head, as ranges of the bytes that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub reason: Span,
    /// The `x` of `HTTP/1.x`.
    pub minor_version: u8,
    pub headers: Vec<HeaderLine>,
    /// The length of the head in bytes, including its empty line.
    pub len: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeadError {
    #[error("this is not an HTTP/1.1 head: {0}; a handshake starts with a line such as `GET /path HTTP/1.1`")]
    NotHttp(&'static str),
    #[error("the head has more than {MAX_HEADERS} header lines; send fewer")]
    TooManyHeaders,
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Self::TooManyHeaders,
            httparse::Error::HeaderName => Self::NotHttp("invalid header name"),
            httparse::Error::HeaderValue => Self::NotHttp("invalid header value"),
            httparse::Error::NewLine => Self::NotHttp("invalid line end"),
            httparse::Error::Status => Self::NotHttp("invalid status"),
            httparse::Error::Token => Self::NotHttp("invalid token"),
            httparse::Error::Version => Self::NotHttp("invalid HTTP version"),
        }
    }
}

impl RequestHead {
    /// Reads a request head from the front of `bytes`. `None` if it is incomplete.
    ///
    /// # Errors
    /// If no further bytes could make this a valid head.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(len) = request.parse(bytes)? else { return Ok(None) };
        Ok(Some(Self {
            method: span(bytes, request.method.unwrap_or_default().as_bytes()),
            target: span(bytes, request.path.unwrap_or_default().as_bytes()),
            minor_version: request.version.unwrap_or_default(),
            headers: lines(bytes, request.headers),
            len,
        }))
    }
}

impl ResponseHead {
    /// Reads a response head from the front of `bytes`. `None` if it is incomplete.
    ///
    /// # Errors
    /// If no further bytes could make this a valid head.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(len) = response.parse(bytes)? else { return Ok(None) };
        Ok(Some(Self {
            status: response.code.unwrap_or_default(),
            reason: span(bytes, response.reason.unwrap_or_default().as_bytes()),
            minor_version: response.version.unwrap_or_default(),
            headers: lines(bytes, response.headers),
            len,
        }))
    }
}

/// The values of all lines with the given name, in order. Names are case-insensitive.
pub fn values<'b>(bytes: &'b [u8], headers: &[HeaderLine], name: &str) -> impl Iterator<Item = &'b [u8]> {
    headers
        .iter()
        .filter(move |line| bytes[line.name.clone()].eq_ignore_ascii_case(name.as_bytes()))
        .map(|line| &bytes[line.value.clone()])
}

fn lines(bytes: &[u8], headers: &[httparse::Header<'_>]) -> Vec<HeaderLine> {
    let line = |header: &httparse::Header<'_>| HeaderLine {
        name: span(bytes, header.name.as_bytes()),
        value: span(bytes, header.value),
    };
    headers.iter().map(line).collect()
}

/// The range of `part` in `whole`. `part` must be a slice of `whole`, as those of httparse are. An empty part gives `0..0`.
fn span(whole: &[u8], part: &[u8]) -> Span {
    if part.is_empty() {
        return 0..0;
    }
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}
