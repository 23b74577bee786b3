//! The head of an HTTP/1.1 request or response, and where each of its parts sits. RFC 9112 §2–5.

use std::ops::Range;
use thiserror::Error;

/// More header lines than any browser sends.
const MAX_HEADERS: usize = 100;

/// A place in the head's bytes.
pub type Span = Range<usize>;

/// Name and value of one header line, without the colon and the space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    pub name: Span,
    pub value: Span,
}

/// Where the parts of a request head sit in the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    pub method: Span,
    pub target: Span,
    /// The `x` of `HTTP/1.x`.
    pub minor_version: u8,
    pub headers: Vec<HeaderLine>,
    /// The length of the head in bytes, its empty line included.
    pub len: usize,
}

/// Where the parts of a response head sit in the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub reason: Span,
    /// The `x` of `HTTP/1.x`.
    pub minor_version: u8,
    pub headers: Vec<HeaderLine>,
    /// The length of the head in bytes, its empty line included.
    pub len: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeadError {
    #[error("this is no HTTP/1.1 head: {0}; a handshake begins with a line such as `GET /path HTTP/1.1`")]
    NotHttp(&'static str),
    #[error("more than {MAX_HEADERS} header lines; send fewer")]
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
    /// Reads a request head from the front of `bytes`; `None` while it is not all there.
    ///
    /// # Errors
    /// When the bytes cannot become a head, however they go on.
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
    /// Reads a response head from the front of `bytes`; `None` while it is not all there.
    ///
    /// # Errors
    /// When the bytes cannot become a head, however they go on.
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

/// The values of every line called `name`, in order; names compare without regard to case.
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

/// Where `part` sits in `whole`; httparse hands out slices of what it was given. An empty part sits at the front.
fn span(whole: &[u8], part: &[u8]) -> Span {
    if part.is_empty() {
        return 0..0;
    }
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}
