//! The code and the reason of a close frame.

use crate::lab::draft;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub(super) fn CloseFields(code: RwSignal<String>, reason: RwSignal<String>) -> impl IntoView {
    let bad_reason = move || {
        let code = draft::close_code(&code.get()).ok().flatten();
        draft::close_reason(&reason.get(), code).is_err()
    };
    view! {
        <label class="inline" for="draft-code">
            "Code"
        </label>
        <TextInput
            id="draft-code"
            class="mono code"
            inputmode="numeric"
            value=code
            on_input=move |text| code.set(text)
            invalid=Signal::derive(move || draft::close_code(&code.get()).is_err())
            described_by="draft-note"
        />
        <label class="inline" for="draft-reason">
            "Reason"
        </label>
        <TextInput
            id="draft-reason"
            placeholder="none"
            value=reason
            on_input=move |text| reason.set(text)
            invalid=Signal::derive(bad_reason)
            described_by="draft-note"
        />
    }
}
