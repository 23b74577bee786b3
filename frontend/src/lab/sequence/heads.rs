//! The names of the columns and of the lifelines.

use super::lifelines;
use leptos::prelude::*;

#[component]
pub fn Heads(
    /// What is between client and server.
    middle: Memo<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="heads" aria-hidden="true">
            <span>"ms"</span>
            <span>"JavaScript saw"</span>
            <span class="ends">
                <b>"Browser"</b>
                {move || middle.get().map(|name| view! { <b class="one-line">{name}</b> })}
                <b>{move || middle.with(|middle| lifelines::server(middle.as_deref()))}</b>
            </span>
            <span>"the wire carried"</span>
        </div>
    }
}
