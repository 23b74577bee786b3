//! What to do with a held handshake: edit its head, forward it, or refuse it.

use super::head_draft::check;
use crate::lab::Lab;
use crate::lab::store::commands::Fate;
use crate::ui::enter::is_enter;
use leptos::prelude::*;
use observation::command::{Forward, ForwardHead, RefuseHeld};
use observation::encoding::latin1::to_text;
use observation::rule::HandshakePart;
use observation::sequence::RowKey;
use observation::{Command, ConnectionNumber, Seq};

/// The most lines of a head that are shown at once.
const ROWS: usize = 14;

#[component]
pub(super) fn DecideHandshake(
    connection: ConnectionNumber,
    number: u64,
    /// The observation that says that it is held.
    seq: Seq,
    part: HandshakePart,
    head: Vec<u8>,
    /// The headers whose values are not recorded.
    concealed: Vec<String>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    // Over HTTP/2, a response has fields and no head.
    let is_text = !head.starts_with(b":");
    let original = to_text(&head).replace("\r\n", "\n").trim_end().to_owned();
    let rows = (original.lines().count() + 1).min(ROWS);
    let draft = RwSignal::new(original.clone());
    let changed = Memo::new(move |_| is_text && draft.with(|draft| draft.trim_end_matches('\n') != original));
    // What the relay has refused, until it is changed.
    let tried = RwSignal::new(None::<(String, u64)>);
    let refused = move || {
        let (head, id) = tried.get()?;
        let asked = lab.commands.with(|commands| commands.recent().find(|asked| asked.id == id).cloned())?;
        match asked.fate {
            Fate::Refused(why) if draft.with(|draft| *draft == head) => Some(sentence(&why)),
            _ => None,
        }
    };
    let wrong = Memo::new(move |_| changed.get().then(|| draft.with(|draft| check(part, draft)).err()).flatten());
    let error = Memo::new(move |_| wrong.get().or_else(refused));
    let forward = move |_| {
        if !changed.get_untracked() {
            lab.command(connection, Command::Forward(Forward { held: number, edited: None }));
        } else if wrong.with_untracked(Option::is_none) {
            let head = draft.get_untracked();
            lab.command(connection, Command::ForwardHead(ForwardHead { held: number, head: head.clone() }));
            let id = lab.commands.with_untracked(|commands| commands.last("forward-head").map(|asked| asked.id));
            tried.set(id.map(|id| (head, id)));
        }
    };
    let status = RwSignal::new("403".to_owned());
    let code = Memo::new(move |_| status.get().trim().parse().ok().filter(|status| (400..=599).contains(status)));
    let refuse = move || {
        if let Some(status) = code.get_untracked() {
            lab.command(connection, Command::Refuse(RefuseHeld { held: number, status }));
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        // Otherwise Enter would send what the console has composed.
        if is_enter(&event) {
            event.prevent_default();
            refuse();
        }
    };
    let label = match part {
        HandshakePart::Request => "The request to the server",
        HandshakePart::Response => "The response to the client",
    };
    let names = concealed.join(", ");
    view! {
        <div class="decide" role="group" aria-label=format!("Held handshake {number}")>
            <label for="held-head">{label}</label>
            <textarea
                id="held-head"
                class="mono"
                rows=rows.to_string()
                spellcheck="false"
                autocomplete="off"
                readonly=!is_text
                prop:value=draft
                on:input=move |event| draft.set(event_target_value(&event))
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-errormessage="held-head-error"
                aria-describedby="held-head-note"
            ></textarea>
            <p id="held-head-error" class="error" aria-live="polite">
                {error}
            </p>
            <div id="held-head-note" class="note">
                {note(part, is_text)}
                {(!concealed.is_empty())
                    .then(|| format!(" The relay does not record the value of {names}. A line that you do not change goes on with its real value."))}
            </div>
            <div class="buttons">
                <button type="button" class="primary by-rule" on:click=forward aria-disabled=move || wrong.with(Option::is_some).to_string()>
                    {move || if changed.get() { "Forward the edited head" } else { "Forward" }}
                </button>
                <span class="refuse">
                    <button type="button" class="small" on:click=move |_| refuse() aria-disabled=move || code.get().is_none().to_string()>
                        "Refuse"
                    </button>
                    <label for="held-status">"with status"</label>
                    <input
                        id="held-status"
                        type="text"
                        class="mono"
                        inputmode="numeric"
                        autocomplete="off"
                        prop:value=status
                        on:keydown=on_key
                        on:input=move |event| status.set(event_target_value(&event))
                        aria-invalid=move || code.get().is_none().then_some("true")
                        aria-errormessage="held-status-error"
                    />
                </span>
                <button type="button" class="small" on:click=move |_| lab.inspect(RowKey::Act(seq))>
                    "Show its row"
                </button>
            </div>
            <p id="held-status-error" class="error" aria-live="polite">
                {move || code.get().is_none().then_some("Write a status from 400 to 599, such as 403.")}
            </p>
        </div>
    }
}

/// What can change in the head.
fn note(part: HandshakePart, is_text: bool) -> &'static str {
    match part {
        _ if !is_text => {
            "This client uses HTTP/2, whose responses have fields and no head. You can forward it or refuse it, but not edit it."
        }
        HandshakePart::Request => {
            "You can change the path, the query and the headers, except those that the relay sets for its own connection: Host, Connection and Sec-WebSocket-Key. A client that waits too long gives up."
        }
        HandshakePart::Response => {
            "You can change everything, also so that the client must fail the connection. Compression can change only if both ends can still read all messages. A status other than 101 refuses the handshake."
        }
    }
}

/// The relay’s words as a sentence.
fn sentence(why: &str) -> String {
    let mut chars = why.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().replace('`', ""))
}
