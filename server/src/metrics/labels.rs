//! The values of labels whose source has more values than a label should have.

use observation::event::{Cause, Party};
use wire::close::CloseCode;

/// A close code, or the group that it belongs to. A visitor can send any of 65,536 codes.
pub(super) fn code(code: Option<CloseCode>) -> &'static str {
    match code.map(|code| code.0) {
        None => "none",
        Some(1000) => "1000",
        Some(1001) => "1001",
        Some(1002) => "1002",
        Some(1003) => "1003",
        Some(1007) => "1007",
        Some(1008) => "1008",
        Some(1009) => "1009",
        Some(1011) => "1011",
        Some(1012) => "1012",
        Some(1013) => "1013",
        Some(3000..=3999) => "3000-3999",
        Some(4000..=4999) => "4000-4999",
        Some(_) => "other",
    }
}

pub(super) fn party(party: Party) -> &'static str {
    match party {
        Party::Client => "client",
        Party::Server => "server",
    }
}

pub(super) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ClosingHandshake => "closing-handshake",
        Cause::Violation => "violation",
        Cause::TooBig => "too-big",
        Cause::ConnectionEnded => "connection-ended",
        Cause::ConnectionLost => "connection-lost",
        Cause::NoCloseAnswer => "no-close-answer",
        Cause::NotReading => "not-reading",
        Cause::NotAccepted => "not-accepted",
        Cause::OutOfMemory => "out-of-memory",
        Cause::Idle => "idle",
        Cause::Dropped => "dropped",
        Cause::Reset => "reset",
        Cause::NoPong => "no-pong",
        Cause::OtherLeg => "other-side",
        Cause::DeliberateClose => "deliberate-close",
        Cause::Shutdown => "shutdown",
        Cause::RelayLost => "relay-lost",
        Cause::Operator => "operator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_close_codes_have_few_groups() {
        let groups: BTreeSet<_> = (0..=u16::MAX).map(|number| code(Some(CloseCode(number)))).collect();
        assert_eq!(groups.len(), 13, "{groups:?}");
        assert_eq!(code(None), "none");
    }
}
