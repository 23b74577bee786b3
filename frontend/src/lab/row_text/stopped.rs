//! A message that a rule stops at the relay: its arrow ends there.

use super::parts::{Arrow, PREVIEW, Stop, plain};
use crate::ui::format;
use observation::{Act, Content, Origin};
use wire::opcode::Opcode;

/// The arrow of a message that waits or goes no further. `None` for other acts.
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
    let intercepted = act.intercepted.as_ref()?.read().ok()?;
    Some(Arrow {
        badge: deliberate.what.to_ascii_uppercase(),
        badge_class: "by-rule",
        text: text(&intercepted.before),
        purpose: plain(&deliberate.explanation),
        stop: Some(stop),
        ..Arrow::of(intercepted.from)
    })
}

fn text(content: &Content) -> String {
    match Opcode::from_nibble(content.opcode) {
        Opcode::Text => format::one_line(&String::from_utf8_lossy(&content.payload), PREVIEW),
        other => format!("{}, {}", other.name(), format::bytes(content.bytes)),
    }
}
