//! Close codes. RFC 6455 §7.4.

use std::fmt;

/// The status code of a close frame. RFC 6455 §7.4.
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
    pub const SERVICE_RESTART: Self = Self(1012);
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether an endpoint may put this code into a close frame. RFC 6455 §7.4.1 and §7.4.2, and the IANA registry.
    #[must_use]
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// Whether a browser's `WebSocket.close(code)` accepts this code. For any other it throws `InvalidAccessError`.
    /// WebSockets Standard, §3.1.
    #[must_use]
    pub fn browser_may_send(self) -> bool {
        matches!(self.0, 1000 | 3000..=4999)
    }

    /// The registered meaning of the code, or the purpose of its range, in lower case. RFC 6455 §7.4 and the IANA registry.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self.0 {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1004 => "reserved",
            1005 => "no status received (never sent on the wire)",
            1006 => "abnormal closure (never sent on the wire)",
            1007 => "invalid payload data",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "missing extension",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            1015 => "TLS handshake failed (never sent on the wire)",
            1016..=2999 => "reserved for future versions of the protocol",
            3000 => "unauthorized",
            3003 => "forbidden",
            3008 => "timeout",
            3001 | 3002 | 3004..=3007 | 3009..=3999 => "for libraries and frameworks, not registered",
            4000..=4999 => "for private use by the application",
            _ => "not a valid close code",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
