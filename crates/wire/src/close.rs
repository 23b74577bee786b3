//! Close codes and the payload of a close frame. RFC 6455 §5.5.1 and §7.4.

use crate::violation::Violation;
use std::fmt;

/// The most bytes a close reason may have: 125 of a control frame less two of the code. RFC 6455 §5.5.
pub const MAX_REASON: usize = 123;

/// A status code for closing. RFC 6455 §7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(pub u16);

impl CloseCode {
    pub const NORMAL: Self = Self(1000);
    pub const GOING_AWAY: Self = Self(1001);
    pub const PROTOCOL_ERROR: Self = Self(1002);
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    pub const NO_STATUS: Self = Self(1005);
    pub const ABNORMAL: Self = Self(1006);
    pub const INVALID_DATA: Self = Self(1007);
    pub const POLICY_VIOLATION: Self = Self(1008);
    pub const TOO_BIG: Self = Self(1009);
    pub const INTERNAL_ERROR: Self = Self(1011);
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether an endpoint may put this code into a close frame. RFC 6455 §7.4.1 and §7.4.2, and the IANA registry.
    #[must_use]
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// Whether a browser's `WebSocket.close(code)` takes this code; any other throws `InvalidAccessError`.
    /// WebSockets Standard, §3.1.
    #[must_use]
    pub fn browser_may_send(self) -> bool {
        matches!(self.0, 1000 | 3000..=4999)
    }

    /// The registered name in plain words, or what the range is for. RFC 6455 §7.4.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self.0 {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1004 => "reserved",
            1005 => "no status received (never on the wire)",
            1006 => "abnormal closure (never on the wire)",
            1007 => "invalid payload data",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "an extension was missing",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            1015 => "TLS handshake failed (never on the wire)",
            1016..=2999 => "kept for future versions of the protocol",
            3000..=3999 => "registered by a library or framework",
            4000..=4999 => "private to the application",
            _ => "not a close code",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a close frame says, read as far as its bytes allow.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ClosePayload {
    /// `None` when the payload is empty or one byte short of a code.
    pub code: Option<CloseCode>,
    /// The reason; bytes that are no UTF-8 are shown as U+FFFD.
    pub reason: String,
}

impl ClosePayload {
    /// Reads an unmasked close payload, and says what is wrong with it.
    #[must_use]
    pub fn parse(payload: &[u8]) -> (Self, Option<Violation>) {
        let Some((&code, reason)) = payload.split_first_chunk::<2>() else {
            let violation = (!payload.is_empty()).then_some(Violation::ClosePayloadOneByte);
            return (Self::default(), violation);
        };
        let code = CloseCode(u16::from_be_bytes(code));
        let violation = if !code.may_be_sent() {
            Some(Violation::CloseCodeNotAllowed(code))
        } else if std::str::from_utf8(reason).is_err() {
            Some(Violation::CloseReasonNotUtf8)
        } else {
            None
        };
        (Self { code: Some(code), reason: String::from_utf8_lossy(reason).into_owned() }, violation)
    }
}

/// The payload of a close frame with `code` and `reason`; a reason over [`MAX_REASON`] bytes is cut between characters.
#[must_use]
pub fn payload(code: CloseCode, reason: &str) -> Vec<u8> {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut bytes = Vec::with_capacity(2 + end);
    bytes.extend_from_slice(&code.0.to_be_bytes());
    bytes.extend_from_slice(&reason.as_bytes()[..end]);
    bytes
}
