//! Typing a text message.

use crate::ui::enter::is_enter;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

#[component]
pub(super) fn TextField(text: RwSignal<String>) -> impl IntoView {
    let on_key = move |event: web_sys::KeyboardEvent| {
        // Enter sends, as in a chat. Shift+Enter starts a new line.
        if is_enter(&event) && !event.shift_key() {
            event.prevent_default();
            let field = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
            if let Some(form) = field.and_then(|field| field.form()) {
                // It fails if the form cannot be sent now, and then nothing is to be done.
                let _ = form.request_submit();
            }
        }
    };
    view! {
        <label class="hidden" for="draft-text">
            "Text message"
        </label>
        <textarea
            id="draft-text"
            rows="1"
            spellcheck="false"
            autocomplete="off"
            prop:value=text
            on:input=move |event| text.set(event_target_value(&event))
            on:keydown=on_key
            aria-describedby="draft-note"
        ></textarea>
    }
}
