//! A button that names the session and copies its address.

use crate::ui::clipboard::Copied;
use crate::ui::icon::{CHECK, COPY, Icon};
use crate::{address::target, lab::Lab};
use leptos::prelude::*;

#[component]
pub fn SessionChip() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let copied = Copied::new();
    let copy = move |_| {
        if let Some(id) = lab.session_id() {
            copied.copy(&target::session_url(&id));
        }
    };
    let words = move || match copied.get() {
        None => "Copy link",
        Some(true) => "Copied",
        Some(false) => "Copy the address bar",
    };
    view! {
        <Show when=move || lab.session_id().is_some()>
            <button
                type="button"
                class="chip"
                on:click=copy
                title="Anyone with this link can see and use this session. The relay deletes idle sessions."
            >
                <span class="wide">"session "</span>
                <b>{move || lab.session_id().map(|id| format!("{}…", &id.as_str()[..6]))}</b>
                {move || view! { <Icon path=if copied.get() == Some(true) { CHECK } else { COPY }/> }}
                <span class="wide" aria-live="polite">{words}</span>
                <span class="hidden">" to this session"</span>
            </button>
        </Show>
    }
}
