//! What a server answers to a request that was passed on.

use crate::listen::Stream;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};
use wire::handshake::head::{ResponseHead, values};

/// The largest head that is taken, and the most of a body, in bytes.
const MAX_HEAD: usize = 16 << 10;
const MAX_BODY: usize = 16 << 10;
/// How long a body may take to come, once its head is there.
const BODY: Duration = Duration::from_secs(2);

/// As much of it as came.
pub(super) struct HandshakeResponse {
    pub(super) bytes: Vec<u8>,
    /// `None` where it is no HTTP.
    pub(super) head: Option<ResponseHead>,
}

impl HandshakeResponse {
    /// Reads an answer: its head, and behind one that is no 101 its body. What the line has is taken, whatever it is; an
    /// answer without a head has ended, broken, or is none.
    pub(super) async fn read(stream: &mut Stream) -> Self {
        let mut this = Self { bytes: Vec::new(), head: None };
        let mut part = [0; 4096];
        while this.bytes.len() < MAX_HEAD {
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return this,
                Ok(count) => this.bytes.extend_from_slice(&part[..count]),
            }
            match ResponseHead::parse(&this.bytes) {
                Ok(None) => {}
                Ok(Some(head)) => {
                    this.head = Some(head);
                    break;
                }
                Err(_) => return this,
            }
        }
        if let Some(head) = this.head.as_ref().filter(|head| head.status != 101) {
            let length = values(&this.bytes, &head.headers, "Content-Length").next();
            let length = length.and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
            let end = head.len + length.unwrap_or(MAX_BODY).min(MAX_BODY);
            let until = Instant::now() + BODY;
            while this.bytes.len() < end {
                match timeout_at(until, stream.read(&mut part)).await {
                    Ok(Ok(count @ 1..)) => this.bytes.extend_from_slice(&part[..count]),
                    _ => break,
                }
            }
            this.bytes.truncate(end);
        }
        this
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The head as text, its empty line included.
    pub(super) fn head_bytes(&self) -> &[u8] {
        &self.bytes[..self.head.as_ref().map_or(0, |head| head.len)]
    }

    /// What came behind the head.
    pub(super) fn rest(&self) -> Vec<u8> {
        self.bytes[self.head_bytes().len()..].to_vec()
    }

    /// The values of a header, as one list.
    pub(super) fn list(&self, name: &str) -> Option<String> {
        let head = self.head.as_ref()?;
        let all: Vec<_> = values(&self.bytes, &head.headers, name).map(String::from_utf8_lossy).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}
