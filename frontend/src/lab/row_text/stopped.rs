//! A message or handshake that a rule stops at the relay: its arrow ends there.

use super::parts::{Arrow, PREVIEW, Stop, plain};
use crate::ui::format;
use observation::rule::HandshakePart;
use observation::{Act, Content, Origin, Party};
use wire::opcode::Opcode;

/// The arrow of what waits or goes no further. `None` for other acts.
pub(super) fn arrow(act: &Act) -> Option<Arrow> {
    let deliberate = &act.deliberate;
    let stop = match &*deliberate.what {
        "hold" | "delay" | "reorder" => Stop::Waits,
        "drop" => Stop::Ends,
        _ => return None,
    };
    if act.refused.is_some() || deliberate.by != Origin::Rule {
        return None;
    }
    let (from, text) = match (&act.intercepted, &act.handshake) {
        (Some(intercepted), _) => {
            let intercepted = intercepted.read().ok()?;
            (intercepted.from, text(&intercepted.before))
        }
        (None, Some(handshake)) => {
            let handshake = handshake.read().ok()?;
            let is_request = handshake.part == HandshakePart::Request;
            (if is_request { Party::Client } else { Party::Server }, first_line(&handshake.before))
        }
        (None, None) => return None,
    };
    Some(Arrow {
        badge: deliberate.what.to_ascii_uppercase(),
        badge_class: "by-rule",
        text,
        purpose: plain(&deliberate.explanation),
        stop: Some(stop),
        ..Arrow::of(from)
    })
}

/// `GET /path HTTP/1.1`
fn first_line(head: &[u8]) -> String {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    format::one_line(&String::from_utf8_lossy(line), PREVIEW)
}

fn text(content: &Content) -> String {
    match Opcode::from_nibble(content.opcode) {
        Opcode::Text => format::one_line(&String::from_utf8_lossy(&content.payload), PREVIEW),
        other => format!("{}, {}", other.name(), format::bytes(content.bytes)),
    }
}
