//! The payload of a close frame. RFC 6455 §5.5.1.

use crate::violation::Violation;

pub use crate::close_code::CloseCode;

/// The longest close reason in bytes: the 125 bytes of a control frame minus two for the code. RFC 6455 §5.5.
pub const MAX_REASON: usize = 123;

/// The content of a close frame, read as far as its bytes allow.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ClosePayload {
    /// `None` if the payload has fewer than two bytes.
    pub code: Option<CloseCode>,
    /// The reason. Invalid UTF-8 is replaced by U+FFFD.
    pub reason: String,
}

impl ClosePayload {
    /// Reads an unmasked close payload. The violation is the first rule that it breaks.
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

/// The payload of a close frame with `code` and `reason`. A reason longer than [`MAX_REASON`] bytes is cut between characters.
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
