//! Typing the bytes of a binary message in hex.

use crate::lab::draft;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub(super) fn HexField(hex: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="hidden" for="draft-hex">
            "Bytes in hex"
        </label>
        <TextInput
            id="draft-hex"
            class="mono"
            placeholder="48 65 6c 6c 6f"
            value=hex
            on_input=move |text| hex.set(text)
            invalid=Signal::derive(move || draft::hex(&hex.get()).is_err())
            described_by="draft-note"
        />
    }
}
