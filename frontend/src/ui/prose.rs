//! A sentence with `code` in it, as the relay writes them.

use leptos::prelude::*;

#[component]
pub fn Prose(#[prop(into)] text: String) -> impl IntoView {
    let parts: Vec<(bool, String)> =
        text.split('`').enumerate().map(|(index, part)| (index % 2 == 1, part.to_owned())).collect();
    let part = |(is_code, part): (bool, String)| {
        if is_code { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    };
    view! { <span class="prose">{parts.into_iter().map(part).collect_view()}</span> }
}
