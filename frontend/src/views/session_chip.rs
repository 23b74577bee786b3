//! The session's name, and a button that copies its address.

use crate::store::{Lab, target};
use crate::ui::icon::{CHECK, COPY, Icon};
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn SessionChip() -> impl IntoView {
    let lab = expect_context::<Lab>();
    // What the last try to copy came to.
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let Some(address) = lab.session_id().map(|id| target::session_url(&id)) else { return };
        if !window().is_secure_context() {
            // Browsers give no clipboard to a page that came over plain http from another machine.
            copied.set(Some(false));
            return;
        }
        let writing = window().navigator().clipboard().write_text(&address);
        spawn_local(async move {
            let done = wasm_bindgen_futures::JsFuture::from(writing).await.is_ok();
            // The page may have been left meanwhile.
            let _ = copied.try_set(Some(done));
        });
    };
    let words = move || match copied.get() {
        None => "copy link",
        Some(true) => "copied",
        Some(false) => "copy the address bar",
    };
    view! {
        <Show when=move || lab.session_id().is_some()>
            <button
                type="button"
                class="chip"
                on:click=copy
                title="Whoever has this link sees this session. It is private otherwise, and ends when it has been idle."
            >
                <span class="wide">"session "</span>
                <b>{move || lab.session_id().map(|id| format!("{}…", &id.as_str()[..6]))}</b>
                {move || view! { <Icon path=if copied.get() == Some(true) { CHECK } else { COPY }/> }}
                <span class="wide" aria-live="polite">{words}</span>
                <span class="hidden">" of this session"</span>
            </button>
        </Show>
    }
}
