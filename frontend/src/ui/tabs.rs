//! A row of tabs; arrow keys move between them.

use super::scope::Scope;
use leptos::prelude::*;

#[component]
pub fn Tabs(
    /// What the tabs choose between, for screen readers.
    label: &'static str,
    /// Prefix of the tabs' ids; the panel they control is `{id}-panel`.
    id: &'static str,
    /// Their labels.
    tabs: &'static [&'static str],
    /// The index of the chosen tab.
    chosen: RwSignal<usize>,
) -> impl IntoView {
    let place = Scope::here();
    let last = tabs.len().saturating_sub(1);
    let on_key = move |event: web_sys::KeyboardEvent| {
        let now = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" if now == last => 0,
            "ArrowRight" => now + 1,
            "ArrowLeft" => now.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        chosen.set(next);
        place.focus(&format!("{id}-{next}"));
    };
    let tab = |(index, words): (usize, &&'static str)| {
        view! {
            <button
                type="button"
                role="tab"
                id=place.id(&format!("{id}-{index}"))
                aria-controls=place.id(&format!("{id}-panel"))
                aria-selected=move || (chosen.get() == index).to_string()
                tabindex=move || if chosen.get() == index { "0" } else { "-1" }
                on:click=move |_| chosen.set(index)
            >
                {*words}
            </button>
        }
    };
    view! {
        <div role="tablist" class="tabs" aria-label=label on:keydown=on_key>
            {tabs.iter().enumerate().map(tab).collect_view()}
        </div>
    }
}
