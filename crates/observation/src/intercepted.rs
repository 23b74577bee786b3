//! What a rule, or an observer who decided about a held message, changed: what it was and what it became.

use crate::encoding;
use crate::frame::Party;
use crate::rule::Expiry;
use serde::{Deserialize, Serialize};

/// The record of one step: a message was held, went on, went on with another content, or went no further.
///
/// [`Deliberate::what`](crate::Deliberate::what) beside it names the step: that of a [`Then`](crate::rule::Then), or `forward`,
/// `discard` and `answer` for what became of a held message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intercepted {
    /// The position of the rule in the list at that time, from 1.
    pub rule: usize,
    /// Its name. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who sent the message.
    pub from: Party,
    /// The number by which observers decide about the message; its connection counts from 1. `null` if the message does not wait
    /// for anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// When the wait ends by itself, in microseconds since the session began. `null` if the message does not wait any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<u64>,
    /// When the connection ends by itself if nothing more is sent on it, in microseconds since the session began: it is idle for too long,
    /// or a pong is missing. `null` if the wait ends before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_us: Option<u64>,
    /// What happens when the wait ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// What the sender sent.
    pub before: Content,
    /// What went on instead. Empty if nothing did, and while the message waits.
    pub after: Vec<Content>,
}

/// The content of a message or control frame, decompressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// 0–15. RFC 6455 §5.2.
    pub opcode: u8,
    /// The first bytes, up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub payload: Vec<u8>,
    /// How many bytes there were.
    pub bytes: u64,
    /// Whether it was compressed on the wire. RFC 7692.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
}

impl Content {
    /// Keeps at most `cap` bytes of `payload`.
    #[must_use]
    pub fn new(opcode: u8, payload: &[u8], compressed: bool, cap: usize) -> Self {
        let kept = payload[..payload.len().min(cap)].to_vec();
        Self { opcode, payload: kept, bytes: payload.len() as u64, compressed }
    }

    /// Whether only the beginning was kept.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        (self.payload.len() as u64) < self.bytes
    }
}
