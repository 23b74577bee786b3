//! The messages and handshakes that rules hold, with the time that is left. What to do with each is below the list.

use super::held_handshake::DecideHandshake;
use super::held_message::DecideMessage;
use super::waiting::{Held, HeldThing, Waiting, now};
use crate::lab::Lab;
use crate::playground::sending::Sending;
use crate::ui::format;
use leptos::prelude::*;
use observation::Party;
use observation::rule::{Expiry, HandshakePart};
use std::time::Duration;
use wire::opcode::Opcode;

/// The most characters of a text that is shown in the list.
const SHOWN: usize = 60;

#[component]
pub(super) fn HeldPanel() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let Sending { held: chosen, .. } = expect_context();
    let waiting = Memo::new(move |before: Option<&Waiting>| {
        let before = before.cloned().unwrap_or_default();
        lab.record.with(|record| before.go_on(record))
    });
    let clock = RwSignal::new(now());
    let ticks = set_interval_with_handle(move || clock.set(now()), Duration::from_secs(1));
    on_cleanup(move || drop(ticks.map(|ticks| ticks.clear())));
    // The session's time, in microseconds.
    let now_us = move || lab.began.get().map(|began| (clock.get() - began) * 1000.0);
    let shown = Memo::new(move |_| {
        let now_us = now_us().unwrap_or_default();
        waiting.with(|waiting| waiting.in_time(now_us))
    });
    // The chosen message, or the one that has waited longest.
    let current = Memo::new(move |_| {
        shown.with(|held| {
            let is_chosen = |held: &&Held| Some(held.key()) == chosen.get();
            held.iter().find(is_chosen).or(held.first()).cloned()
        })
    });
    let row = move |held: Held| {
        let key = held.key();
        let is_current = move || current.with(|current| current.as_ref().is_some_and(|of| of.key() == key));
        let then = match (held.expiry, &held.what) {
            (Expiry::Forward, _) => "forwarded",
            (Expiry::Drop, HeldThing::Message { .. }) => "dropped",
            (Expiry::Drop, HeldThing::Handshake { .. }) => "refused",
        };
        let (until_us, ends_us) = (held.until_us, held.ends_us);
        let left = move || {
            let now_us = now_us()?;
            let seconds = |at_us: u64| ((at_us as f64 - now_us) / 1_000_000.0).max(0.0).ceil();
            let ends = ends_us.map(|ends_us| {
                let left = seconds(ends_us);
                view! { " " <span class="ends">{format!("the connection times out in {left} s if nothing else is sent")}</span> }
            });
            Some(view! { <span class="left">{format!("{then} in {} s", seconds(until_us))}</span> {ends} })
        };
        let (number, connection) = (held.number, held.connection.0);
        let name = match &held.what {
            HeldThing::Message { from: Party::Client, .. } => format!("Message {number} from the client"),
            HeldThing::Message { from: Party::Server, .. } => format!("Message {number} from the server"),
            HeldThing::Handshake { part: HandshakePart::Request, .. } => "Handshake request to the server".to_owned(),
            HeldThing::Handshake { part: HandshakePart::Response, .. } => "Handshake response to the client".to_owned(),
        };
        view! {
            <li>
                <button type="button" class="small" aria-pressed=move || is_current().to_string() on:click=move |_| chosen.set(Some(key))>
                    {format!("{name}, connection {connection}")}
                </button>
                " "
                <code class="one-line">{preview(&held.what)}</code>
                " "
                {left}
            </li>
        }
    };
    view! {
        <div class="held">
            <ol class="rule-list" aria-label="Held messages">
                {move || shown.get().into_iter().map(row).collect_view()}
            </ol>
            {move || match current.get() {
                Some(Held { connection, number, seq, what, .. }) => match what {
                    HeldThing::Message { from, content } => {
                        view! { <DecideMessage connection number seq from message=content/> }.into_any()
                    }
                    HeldThing::Handshake { part, head, concealed } => {
                        view! { <DecideHandshake connection number seq part head concealed/> }.into_any()
                    }
                },
                None => {
                    view! {
                        <p class="nothing">
                            "No message is held. To hold messages or handshakes, add a rule with the action “Hold until I decide” in the tab Rules."
                        </p>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

fn preview(what: &HeldThing) -> String {
    match what {
        HeldThing::Message { content, .. } => match std::str::from_utf8(&content.payload) {
            Ok(text) if content.opcode != Opcode::Binary.nibble() => format::one_line(text, SHOWN),
            _ => format::bytes(content.bytes),
        },
        HeldThing::Handshake { head, .. } => {
            let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            format::one_line(&String::from_utf8_lossy(line), SHOWN)
        }
    }
}
