//! The names of the columns and of the lifelines.

use super::lifelines;
use crate::lab::Lab;
use leptos::prelude::*;

#[component]
pub fn Heads(
    /// What is between client and server.
    middle: Memo<Option<String>>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let imported = Memo::new(move |_| lab.record.with(|record| record.imported));
    view! {
        <div class="heads" aria-hidden="true">
            <span>"ms"</span>
            <span>"JavaScript saw"</span>
            <span class="ends">
                <b>{move || if imported.get() { "Client" } else { "Browser" }}</b>
                {move || middle.get().map(|name| view! { <b class="one-line">{name}</b> })}
                <b>{move || middle.with(|middle| lifelines::server(middle.as_deref(), imported.get()))}</b>
            </span>
            <span>"the wire carried"</span>
        </div>
    }
}
