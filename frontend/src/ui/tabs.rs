//! A row of tabs; arrow keys move between them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// One tab: its value, its words.
pub type Tab<T> = (T, &'static str);

#[component]
pub fn Tabs<T>(
    /// What the tabs choose between, for screen readers.
    label: &'static str,
    /// Prefix of the tabs' ids; the panel they control is `{id}-panel`.
    id: &'static str,
    tabs: Vec<Tab<T>>,
    chosen: RwSignal<T>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let values: Vec<T> = tabs.iter().map(|(value, _)| *value).collect();
    let last = values.len().saturating_sub(1);
    let on_key = move |event: web_sys::KeyboardEvent| {
        let now = values.iter().position(|value| *value == chosen.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => {
                if now == last {
                    0
                } else {
                    now + 1
                }
            }
            "ArrowLeft" => {
                if now == 0 {
                    last
                } else {
                    now - 1
                }
            }
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        chosen.set(values[next]);
        let button = document().get_element_by_id(&format!("{id}-{next}"));
        if let Some(button) = button.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            // An element that cannot take the focus leaves it where it is.
            let _ = button.focus();
        }
    };
    view! {
        <div role="tablist" class="tabs" aria-label=label on:keydown=on_key>
            {tabs
                .into_iter()
                .enumerate()
                .map(|(index, (value, words))| {
                    view! {
                        <button
                            type="button"
                            role="tab"
                            id=format!("{id}-{index}")
                            aria-controls=format!("{id}-panel")
                            aria-selected=move || (chosen.get() == value).to_string()
                            tabindex=move || if chosen.get() == value { "0" } else { "-1" }
                            on:click=move |_| chosen.set(value)
                        >
                            {words}
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}
