//! The messages that rules hold, with the time that is left, and what to do with each.

use super::draft::FrameDraft;
use super::frame::FrameFields;
use super::waiting::{Held, Waiting, now};
use crate::lab::Lab;
use crate::playground::sending::Sending;
use crate::ui::format;
use leptos::prelude::*;
use observation::command::{AnswerHeld, Edited, Forward};
use observation::rule::Expiry;
use observation::sequence::RowKey;
use observation::{Command, Content, Party};
use std::time::Duration;
use wire::Sender;
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
        let then = if held.expiry == Expiry::Drop { "dropped" } else { "forwarded" };
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
        let sender = sender(&held);
        view! {
            <li>
                <button type="button" class="small" aria-pressed=move || is_current().to_string() on:click=move |_| chosen.set(Some(key))>
                    {format!("Message {number} from the {sender}, connection {connection}")}
                </button>
                " "
                <code class="one-line">{preview(&held.message)}</code>
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
                Some(held) => view! { <Decide held/> }.into_any(),
                None => {
                    view! {
                        <p class="nothing">
                            "No message is held. To hold messages, add a rule with the action “Hold until I decide” in the tab Rules."
                        </p>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

/// What to do with a held message.
#[component]
fn Decide(held: Held) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let Held { connection, number, ref message, seq, from, .. } = held;
    // What is not known completely cannot be edited.
    let is_whole = !message.is_truncated();
    let original = draft_of(message);
    let draft = RwSignal::new(original.clone());
    let compressed = message.compressed;
    let compress = RwSignal::new(compressed);
    let edited = move || {
        let frame = draft.with(FrameDraft::composed)?;
        Ok::<_, String>(Edited { frame, compress: compress.get() })
    };
    let wrong = move || edited().err();
    let is_original = move || draft.with(|draft| *draft == original) && compress.get() == compressed;
    let changed = Memo::new(move |_| is_whole && !is_original());
    let forward = move |_| {
        let edited = match (changed.get_untracked(), untrack(edited)) {
            (false, _) => None,
            (true, Ok(edited)) => Some(edited),
            (true, Err(_)) => return,
        };
        lab.command(connection, Command::Forward(Forward { held: number, edited }));
    };
    let discard = move |_| lab.command(connection, Command::Discard(number));
    let answer = move |_| {
        if let Ok(with) = untrack(edited) {
            lab.command(connection, Command::Answer(AnswerHeld { held: number, with }));
        }
    };
    let deflate = Memo::new(move |_| {
        lab.record.with(|record| record.transcript.opening(connection).is_some_and(|opening| opening.deflate.is_some()))
    });
    let role = Memo::new(move |_| if from == Party::Client { Sender::Client } else { Sender::Server });
    let editor = if is_whole {
        view! {
            <div class="draft">
                <FrameFields draft role deflate relay_masks=true/>
            </div>
            <Show when=move || deflate.get()>
                <label class="compress">
                    <input
                        type="checkbox"
                        prop:checked=compress
                        on:change=move |event| compress.set(event_target_checked(&event))
                    />
                    "Compress the payload (permessage-deflate)"
                </label>
            </Show>
        }
        .into_any()
    } else {
        let (kept, all) = (format::bytes(message.payload.len() as u64), format::bytes(message.bytes));
        let words = format!(
            "The relay recorded only the first {kept} of {all}, so you cannot edit this message. You can forward or drop it."
        );
        view! { <p class="note">{words}</p> }.into_any()
    };
    view! {
        <div class="decide" role="group" aria-label=format!("Held message {number}")>
            {ping_note(message)}
            {editor}
            <p class="error" role="status">
                {move || wrong().filter(|_| changed.get())}
            </p>
            <div class="buttons">
                <button type="button" class="primary by-rule" on:click=forward aria-disabled=move || (changed.get() && wrong().is_some()).to_string()>
                    {move || if changed.get() { "Forward the edited message" } else { "Forward" }}
                </button>
                <button type="button" class="small" on:click=discard>
                    "Drop"
                </button>
                {is_whole
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="small"
                                title="Drops the message, and sends the frame above back to its sender"
                                on:click=answer
                                aria-disabled=move || wrong().is_some().to_string()
                            >
                                "Answer with this instead"
                            </button>
                        }
                    })}
                <button type="button" class="small" on:click=move |_| lab.inspect(RowKey::Act(seq))>
                    "Show its row"
                </button>
            </div>
        </div>
    }
}

/// What a wait can cause, for a message that its sender expects an answer to.
fn ping_note(message: &Content) -> Option<impl IntoView + use<>> {
    (Opcode::from_nibble(message.opcode) == Opcode::Ping).then(|| {
        view! { <p class="note">"This is a ping. Its sender may close the connection if no pong comes back in time."</p> }
    })
}

fn sender(held: &Held) -> &'static str {
    if held.from == Party::Client { "client" } else { "server" }
}

/// The message as a frame to edit.
fn draft_of(message: &Content) -> FrameDraft {
    let text = String::from_utf8(message.payload.clone()).ok().filter(|_| message.opcode != Opcode::Binary.nibble());
    FrameDraft {
        opcode: message.opcode,
        in_hex: text.is_none(),
        payload: text.unwrap_or_else(|| format::hex(&message.payload)),
        ..FrameDraft::default()
    }
}

fn preview(message: &Content) -> String {
    match std::str::from_utf8(&message.payload) {
        Ok(text) if message.opcode != Opcode::Binary.nibble() => format::one_line(text, SHOWN),
        _ => format::bytes(message.bytes),
    }
}
