//! The composer: what to send, checked first, with the bytes that its header will have on the wire.

mod close;
mod drafts;
mod file;
mod form;
mod hex;
mod preview;
mod text;

use self::drafts::{KINDS, Kind};
use self::form::DraftForm;
use super::console::Console;
use super::sending::Sending;
use crate::lab::inspector::tools::Tools;
use crate::ui::later::{Later, later};
use crate::ui::tabs::Tabs;
use leptos::prelude::*;

later!(console: fn() -> AnyView = || view! { <Console/> }.into_any());

#[component]
pub fn Composer() -> impl IntoView {
    let Sending { kind: chosen, .. } = expect_context();
    let kind = Memo::new(move |_| KINDS[chosen.get()]);
    let relay = move || kind.get() == Kind::Relay;
    // Once opened, it stays, so that nothing typed into it is lost.
    let tools = expect_context::<Tools>();
    let opened = Memo::new(move |was| was == Some(&true) || relay());
    view! {
        <section class="composer" class:relay=relay aria-label="Send">
            <Tabs label="What to send" id="kind" tabs=&["Text", "Bytes", "File", "Close", "Relay sends…"] chosen/>
            <div id="kind-panel" role="tabpanel" aria-label="What to send">
                <DraftForm kind/>
                <Show when=move || opened.get()>
                    <RelaySide hidden=Signal::derive(move || !relay())/>
                </Show>
            </div>
            <button type="button" class="small open-saved" aria-haspopup="dialog" on:click=move |_| tools.show_saved()>
                "Saved…"
            </button>
        </section>
    }
}

/// The relay's side. Its code is loaded when it is first opened.
#[component]
fn RelaySide(hidden: Signal<bool>) -> impl IntoView {
    let console = Later::now(console);
    view! { <div hidden=hidden>{move || console.draw(|draw| draw())}</div> }
}
