//! The messages of a link: one is in the composer, and the next follows when it has been sent.

use crate::ui::format;
use leptos::prelude::*;
use std::collections::VecDeque;

/// The text in the composer, and the ones that follow.
#[derive(Clone, Copy)]
pub struct Planned {
    /// The text in the composer.
    pub text: RwSignal<String>,
    pub next: RwSignal<VecDeque<String>>,
}

impl Planned {
    pub fn new(messages: Vec<String>) -> Self {
        let mut next = VecDeque::from(messages);
        let text = next.pop_front().unwrap_or_else(|| "Hello".into());
        Self { text: RwSignal::new(text), next: RwSignal::new(next) }
    }

    /// Moves on to the next text, after one has been sent.
    pub fn advance(self) {
        if let Some(text) = self.next.try_update(VecDeque::pop_front).flatten() {
            self.text.set(text);
        }
    }

    /// All texts in order.
    pub fn messages(self) -> Vec<String> {
        std::iter::once(self.text.get()).chain(self.next.get()).collect()
    }
}

#[component]
pub fn NextMessages() -> impl IntoView {
    let planned = expect_context::<Planned>();
    let next = planned.next;
    view! {
        <Show when=move || next.with(|next| !next.is_empty())>
            <div class="next">
                <b>"Next"</b>
                <ol aria-label="Next messages">
                    {move || next.get().into_iter().map(|text| view! { <li>{format::one_line(&text, 40)}</li> }).collect_view()}
                </ol>
                <button type="button" class="small" on:click=move |_| next.update(VecDeque::clear)>
                    "Clear"
                </button>
            </div>
        </Show>
    }
}
