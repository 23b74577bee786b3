//! What is inspected, in the inspector's bar.

use super::subject::{Subject, ends_of, selected};
use crate::lab::Lab;
use crate::lab::row_text::{self, Ends};
use crate::ui::format;
use leptos::prelude::*;
use observation::Leg;

pub fn title() -> AnyView {
    let lab = expect_context::<Lab>();
    let subject = selected(lab);
    let ends = move || lab.selected.get_untracked().map_or(Ends::of(None, "client"), |key| ends_of(lab, key));
    let leg = move || match ends().leg {
        None => String::new(),
        Some(Leg::Near) => "client side".into(),
        Some(Leg::Far) => "server side".into(),
    };
    let title = move || match subject.get().1 {
        Subject::Nothing => ("Inspector".to_owned(), None, String::new()),
        Subject::Opening { .. } | Subject::Asked(_) => ("Opening handshake".into(), None, leg()),
        Subject::Tunnel(_) => ("Connection to the middlebox".into(), Some(("TLS".to_owned(), "")), leg()),
        Subject::Records(records) => ("TLS records".into(), None, ends().arrow(records.from)),
        Subject::Refusal { refusal, .. } => {
            ("Refused".into(), refusal.status.map(|status| (status.to_string(), "bad")), leg())
        }
        Subject::Ending(closed) => {
            let badge = closed.code.map(|code| (code.to_string(), if closed.clean { "close" } else { "bad" }));
            ("Connection closed".into(), badge, leg())
        }
        Subject::Act(act) => ("Deliberate".into(), Some((act.deliberate.what.to_string(), "")), String::new()),
        Subject::Unseen => ("Seen only by the page".into(), None, String::new()),
        Subject::Gone => ("Dropped".into(), None, String::new()),
        Subject::Frame { frame, .. } => {
            let way = ends().arrow(frame.from);
            let badge = (row_text::badge(frame.opcode()), row_text::badge_class(&frame));
            ("Frame".into(), Some(badge), format!("{way}, {}", format::bytes(frame.wire_bytes())))
        }
    };
    let view = move || {
        let (words, badge, detail) = title();
        view! {
            <h2>{words}</h2>
            {badge.map(|(text, class)| view! { <em class=format!("op {class}")>{text}</em> })}
            <span class="muted one-line">{detail}</span>
        }
    };
    view.into_any()
}
