//! A one-line text input. Nothing corrects, completes or capitalizes what is typed into it.

use leptos::prelude::*;

/// The value and every change to it belong to the caller.
#[component]
pub fn TextInput(
    #[prop(into)] id: String,
    /// `text` or `search`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional)] class: &'static str,
    /// The keyboard that a phone shows.
    #[prop(default = "text")]
    inputmode: &'static str,
    #[prop(optional, into)] placeholder: String,
    #[prop(into)] value: Signal<String>,
    on_input: impl FnMut(String) + 'static,
    #[prop(optional, into)] readonly: Signal<bool>,
    #[prop(optional, into)] invalid: Signal<bool>,
    /// The id of the element that describes the input.
    #[prop(into)]
    described_by: String,
) -> impl IntoView {
    let mut on_input = on_input;
    view! {
        <input
            id=id
            type=kind
            class=class
            inputmode=inputmode
            placeholder=placeholder
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            readonly=readonly
            prop:value=value
            on:input=move |event| on_input(event_target_value(&event))
            aria-invalid=move || invalid.get().then_some("true")
            aria-describedby=described_by
        />
    }
}
