//! Buttons that copy the addresses of the session: the full one, and the one that only watches.

use crate::ui::clipboard::Copied;
use crate::ui::icon::{CHECK, COPY, EYE, Icon};
use crate::{address::target, lab::Lab};
use leptos::prelude::*;
use observation::SessionId;

/// What the full link allows.
const FULL: &str = "Anyone with this link can see and use this session. The relay deletes idle sessions.";
/// What the watch-only link allows.
const WATCH: &str =
    "Anyone with this link can see and export this session, but cannot connect, send or control anything.";

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
    let watches = move || lab.session_id().is_some_and(|id| id.is_watch_only());
    view! {
        <Show when=move || !watches()>
            <WatchLink/>
        </Show>
        <Show when=move || lab.session_id().is_some()>
            <button
                type="button"
                class="chip"
                on:click=copy
                title=move || if watches() { WATCH } else { FULL }
            >
                <span class="wide">"session "</span>
                <b>{move || lab.session_id().map(|id| short(&id))}</b>
                {move || view! { <Icon path=if copied.get() == Some(true) { CHECK } else { COPY }/> }}
                <span class="wide" aria-live="polite">{words}</span>
                <span class="hidden">" to this session"</span>
            </button>
        </Show>
    }
}

/// Copies the watch-only link, once the relay has told it.
#[component]
fn WatchLink() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let copied = Copied::new();
    let link = move || lab.hello.with(|hello| hello.as_ref().map(|hello| target::session_url(&hello.watch)));
    let copy = move |_| {
        if let Some(link) = untrack(link) {
            copied.copy(&link);
        }
    };
    // Without a clipboard, the link itself can be copied.
    let words = move || match copied.get() {
        None => "Copy watch-only link".to_owned(),
        Some(true) => "Copied".to_owned(),
        Some(false) => link().unwrap_or_default(),
    };
    view! {
        <Show when=move || lab.hello.with(Option::is_some)>
            <button type="button" class="chip watch" on:click=copy title=WATCH>
                {move || view! { <Icon path=if copied.get() == Some(true) { CHECK } else { EYE }/> }}
                <span class="wide" aria-live="polite">{words}</span>
                <span class="hidden">" for watching this session"</span>
            </button>
        </Show>
    }
}

/// The beginning of a name.
fn short(id: &SessionId) -> String {
    let name = id.as_str();
    let length = if id.is_watch_only() { 12 } else { 6 };
    format!("{}…", &name[..length])
}
