//! What to do with a held message: edit its frame, forward it, drop it, or answer it.

use crate::lab::Lab;
use crate::lab::frame_composer::{FrameDraft, FrameFields};
use crate::ui::format;
use leptos::prelude::*;
use observation::command::{AnswerHeld, Edited, Forward};
use observation::sequence::RowKey;
use observation::{Command, ConnectionNumber, Content, Party, Seq};
use wire::Sender;
use wire::opcode::Opcode;

/// What to do with a held message.
#[component]
pub(super) fn DecideMessage(
    connection: ConnectionNumber,
    number: u64,
    /// The observation that says that it is held.
    seq: Seq,
    from: Party,
    message: Content,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    // What is not known completely cannot be edited.
    let is_whole = !message.is_truncated();
    let original = draft_of(&message);
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
                <FrameFields id="relay" draft role deflate relay_masks=true/>
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
            {ping_note(&message)}
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
