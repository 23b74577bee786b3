//! Saves a recorded conversation, to be replayed later.

use super::item::{Item, What, said};
use super::state::Saved;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;
use replay::Conversation;

/// A name, and the button that saves.
pub(in crate::workbench) fn save_replay(conversation: &Conversation) -> AnyView {
    let said = StoredValue::new(said(conversation));
    let saved = Saved::load();
    let name = RwSignal::new(String::new());
    let outcome = RwSignal::new(None::<Result<(), String>>);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (name, what) = (name.get_untracked().trim().to_owned(), What::Replay(said.get_value()));
        outcome.set(Some(saved.put(Item { name, folder: String::new(), what })));
    };
    let words = move || match outcome.get() {
        None => ().into_any(),
        Some(Ok(())) => "Saved. Saved… in the composer has it.".into_any(),
        Some(Err(why)) => view! { <span class="error">{why}</span> }.into_any(),
    };
    view! {
        <form class="save-replay" on:submit=save novalidate>
            <label for="replay-name">"Save as"</label>
            <TextInput id="replay-name" value=name on_input=move |text| name.set(text) described_by="replay-saved"/>
            <button type="submit" class="small">
                "Save this replay"
            </button>
            <p id="replay-saved" class="note" aria-live="polite">
                {move || saved.error.get().map_or_else(words, |why| view! { <span class="error">{why}</span> }.into_any())}
            </p>
        </form>
    }
    .into_any()
}
