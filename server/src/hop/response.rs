//! A server's response to a forwarded request.

use crate::listen::Stream;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};
use wire::handshake::head::{ResponseHead, values};

/// The largest head and the largest part of a body, in bytes.
const MAX_HEAD: usize = 16 << 10;
const MAX_BODY: usize = 16 << 10;
/// How long the body may take to arrive after its head.
const BODY: Duration = Duration::from_secs(2);

/// As much of the response as arrived.
pub(super) struct HandshakeResponse {
    pub(super) bytes: Vec<u8>,
    /// `None` if it is not HTTP.
    pub(super) head: Option<ResponseHead>,
}

impl HandshakeResponse {
    /// Reads a head and, unless it is a 101, the body. If the head is missing, the stream ended, failed, or is not
    /// HTTP.
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

    /// The head as text, including its empty line.
    pub(super) fn head_bytes(&self) -> &[u8] {
        &self.bytes[..self.head.as_ref().map_or(0, |head| head.len)]
    }

    /// What arrived after the head.
    pub(super) fn rest(&self) -> Vec<u8> {
        self.bytes[self.head_bytes().len()..].to_vec()
    }

    /// The values of a header, joined into one list.
    pub(super) fn list(&self, name: &str) -> Option<String> {
        let head = self.head.as_ref()?;
        let all: Vec<_> = values(&self.bytes, &head.headers, name).map(String::from_utf8_lossy).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}
