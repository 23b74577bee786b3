//! A server's response to a forwarded request, as far as it arrives. The bytes are kept as they are on the wire.

use crate::listen::Stream;
use crate::upstream::explain_alert;
use std::time::Duration;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};
use wire::handshake::body::{BodyError, Framing};
use wire::handshake::head::{HeadError, ResponseHead, values};

/// How many bytes of a body are recorded.
const MAX_BODY: usize = 16 << 10;
/// How long the body may take to arrive after its head.
const BODY: Duration = Duration::from_secs(2);
/// The most interim responses before the response itself. All together are limited like a head.
const MAX_INTERIM: usize = 16;

/// How large a head may be, and until when it may arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseLimits {
    head: usize,
    time: Duration,
    until: Instant,
}

impl ResponseLimits {
    /// `head` is in bytes: the value of `--max-head`. The time begins now.
    pub(crate) fn new(head: usize, time: Duration) -> Self {
        Self { head, time, until: Instant::now() + time }
    }
}

/// A head and, unless it is a 101, the body.
pub(crate) struct HandshakeResponse {
    /// The interim responses before it.
    pub(crate) interim: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) head: ResponseHead,
    /// Why the body is incomplete; `None` if it is complete.
    pub(crate) incomplete: Option<IncompleteBody>,
}

/// What arrived instead of a response.
pub(crate) struct NoResponse {
    pub(crate) interim: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fault: ResponseFault,
}

/// Why there is no response. The text continues a sentence, with the server as its subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ResponseFault {
    #[error("ended the connection without an answer; it may require TLS: try wss instead of ws, or ws instead of wss")]
    NoAnswer,
    #[error("ended the connection in the middle of its response head")]
    HeadCut,
    #[error("ended TLS right after its handshake: {0}")]
    Tls(String),
    #[error("did not answer the request within {0} seconds; check that it is a WebSocket server")]
    Timeout(u64),
    #[error("did not finish its response head within {0} seconds")]
    HeadTimeout(u64),
    #[error("sent something that is not HTTP ({0}); check that it is a WebSocket server")]
    NotHttp(&'static str),
    #[error("sent a response head of more than {0} bytes; --max-head raises this limit")]
    HeadTooLarge(usize),
    #[error("sent a response head with more header lines than the relay accepts: {0}")]
    TooManyHeaders(HeadError),
    #[error("sent more than {MAX_INTERIM} interim responses (1xx) and no final one")]
    TooManyInterim,
}

/// Why a body is incomplete. The text continues a sentence, with the response as its subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum IncompleteBody {
    #[error("has a body of more than {MAX_BODY} bytes, of which the relay keeps the first {MAX_BODY}")]
    TooLarge,
    #[error("has a body that had not ended after {} seconds", BODY.as_secs())]
    TooSlow,
    #[error("ended before the end of its body")]
    Cut,
    #[error("{0}")]
    Invalid(BodyError),
}

impl ResponseFault {
    /// The stable name of the refusal.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            Self::NoAnswer | Self::HeadCut => "upstream-ended",
            Self::Tls(_) => "upstream-tls",
            Self::Timeout(_) | Self::HeadTimeout(_) => "upstream-timeout",
            Self::NotHttp(_) => "upstream-not-http",
            Self::HeadTooLarge(_) | Self::TooManyHeaders(_) | Self::TooManyInterim => "upstream-head-too-large",
        }
    }
}

impl HandshakeResponse {
    /// Skips interim responses, and reads a head and, unless it is a 101, the body.
    pub(crate) async fn read(stream: &mut Stream, limits: ResponseLimits) -> Result<Self, NoResponse> {
        let (mut interim, mut bytes) = (Vec::new(), Vec::new());
        match Self::read_head(stream, limits, &mut interim, &mut bytes).await {
            Ok(head) => {
                let mut this = Self { interim, bytes, head, incomplete: None };
                if this.head.status != 101 {
                    this.incomplete = this.read_body(stream).await.err();
                }
                Ok(this)
            }
            Err(fault) => Err(NoResponse { interim, bytes, fault }),
        }
    }

    async fn read_head(
        stream: &mut Stream,
        limits: ResponseLimits,
        interim: &mut Vec<u8>,
        bytes: &mut Vec<u8>,
    ) -> Result<ResponseHead, ResponseFault> {
        let (mut part, mut skipped) = ([0; 4096], 0);
        loop {
            match ResponseHead::parse(bytes) {
                // A 101 is final too. RFC 9110 §15.2.2.
                Ok(Some(head)) if (100..=199).contains(&head.status) && head.status != 101 => {
                    skipped += 1;
                    interim.extend(bytes.drain(..head.len));
                    if skipped > MAX_INTERIM {
                        return Err(ResponseFault::TooManyInterim);
                    }
                    if interim.len() > limits.head {
                        return Err(ResponseFault::HeadTooLarge(limits.head));
                    }
                    continue;
                }
                Ok(Some(head)) if head.len > limits.head => return Err(ResponseFault::HeadTooLarge(limits.head)),
                Ok(Some(head)) => return Ok(head),
                Ok(None) if bytes.len() >= limits.head => return Err(ResponseFault::HeadTooLarge(limits.head)),
                Ok(None) => {}
                Err(HeadError::NotHttp(what)) => return Err(ResponseFault::NotHttp(what)),
                Err(error @ HeadError::TooManyHeaders) => return Err(ResponseFault::TooManyHeaders(error)),
            }
            match timeout_at(limits.until, stream.read(&mut part)).await {
                Ok(Ok(count @ 1..)) => bytes.extend_from_slice(&part[..count]),
                Ok(Err(error)) if bytes.is_empty() => {
                    return Err(explain_alert(&error).map_or(ResponseFault::NoAnswer, ResponseFault::Tls));
                }
                Ok(_) if bytes.is_empty() => return Err(ResponseFault::NoAnswer),
                Ok(_) => return Err(ResponseFault::HeadCut),
                Err(_) if bytes.is_empty() => return Err(ResponseFault::Timeout(limits.time.as_secs())),
                Err(_) => return Err(ResponseFault::HeadTimeout(limits.time.as_secs())),
            }
        }
    }

    /// Reads the body to its end, and leaves out what follows it.
    async fn read_body(&mut self, stream: &mut Stream) -> Result<(), IncompleteBody> {
        let until = Instant::now() + BODY;
        let begin = self.head.len;
        let framing = Framing::of(&self.bytes, &self.head);
        let framing = framing.map_err(IncompleteBody::Invalid)?;
        let mut part = [0; 4096];
        loop {
            let body = framing.read(&self.bytes[begin..]).map_err(IncompleteBody::Invalid)?;
            let (len, complete) = (body.len, body.complete);
            if complete && len <= MAX_BODY {
                self.bytes.truncate(begin + len);
                return Ok(());
            }
            if self.bytes.len() - begin > MAX_BODY {
                self.bytes.truncate(begin + MAX_BODY);
                return Err(IncompleteBody::TooLarge);
            }
            match timeout_at(until, stream.read(&mut part)).await {
                Ok(Ok(count @ 1..)) => self.bytes.extend_from_slice(&part[..count]),
                Ok(_) if framing == Framing::UntilClose => return Ok(()),
                Ok(_) => return Err(IncompleteBody::Cut),
                Err(_) => return Err(IncompleteBody::TooSlow),
            }
        }
    }

    /// The head as text, including its empty line.
    pub(crate) fn head_bytes(&self) -> &[u8] {
        &self.bytes[..self.head.len]
    }

    /// What arrived after the head.
    pub(crate) fn rest(&self) -> Vec<u8> {
        self.bytes[self.head.len..].to_vec()
    }

    /// The values of a header, joined into one list.
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        let all: Vec<_> = values(&self.bytes, &self.head.headers, name).map(String::from_utf8_lossy).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}
