//! A button that copies a text and confirms it.

use crate::ui::clipboard::Copied;
use crate::ui::icon::{CHECK, COPY, Icon};
use leptos::prelude::*;

#[component]
pub fn CopyButton(
    /// The text to copy.
    #[prop(into)]
    text: Signal<String>,
    /// The label of the button.
    words: &'static str,
) -> impl IntoView {
    let copied = Copied::new();
    // The text that was copied last. A different text counts as not copied.
    let last = RwSignal::new(String::new());
    let state = move || copied.get().filter(|_| text.get() == last.get());
    let copy = move |_| {
        let text = text.get_untracked();
        copied.copy(&text);
        last.set(text);
    };
    view! {
        <button type="button" class="small copy" on:click=copy>
            {move || view! { <Icon path=if state() == Some(true) { CHECK } else { COPY }/> }}
            <span aria-live="polite">
                {move || match state() {
                    None => words,
                    Some(true) => "Copied",
                    Some(false) => "Not copied: select the text and copy it",
                }}
            </span>
        </button>
    }
}
