//! The page of the playground: one session, its connections and their frames.

use super::banner::Banner;
use super::composer::Composer;
use super::export::Export;
use super::link_rules::set_rules_of_link;
use super::next_messages::Planned;
use super::sending::Sending;
use super::session::{EmbeddedSession, start_session};
use super::session_chip::SessionChip;
use super::welcome::Welcome;
use super::{connect_bar::ConnectBar, connect_form::ConnectForm};
use crate::address::setup::Setup;
use crate::lab::inspector::tools::{Fields, Tools};
use crate::lab::inspector::{ChosenPart, DecideHeld, Inspector};
use crate::lab::sequence::SequenceView;
use crate::lab::{FeedState, Lab};
use crate::shell::top_bar::TopBar;
use crate::site;
use crate::ui::scope::focus_rows;
use crate::workbench::Workbench;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use observation::SessionId;

/// The playground of the session in the address. A different address gets a new playground. The address of an embedded playground
/// stays, so its session is only kept here.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let params = use_params_map();
    let embedded = EmbeddedSession::default();
    provide_context(embedded);
    let name = Memo::new(move |_| params.with(|params| params.get("session")).or_else(|| embedded.name()));
    move || view! { <Playground name=name.get()/> }
}

#[component]
fn Playground(
    /// The name in the address; `None` if the session still has to be created.
    name: Option<String>,
) -> impl IntoView {
    let id = name.as_deref().and_then(SessionId::parse);
    let watches = id.as_ref().is_some_and(SessionId::is_watch_only);
    let lab = Lab::new(id.clone());
    let (setup, left_out) = use_location().hash.with_untracked(|fragment| Setup::of_fragment(fragment));
    provide_context(lab);
    let form = ConnectForm::new(lab, &setup);
    provide_context(form);
    let planned = Planned::new(setup.messages);
    provide_context(planned);
    let fields = Fields { url: form.url, protocols: form.protocols, text: planned.text, next: planned.next };
    provide_context(Tools::new(Some(fields)));
    provide_context(ChosenPart::new());
    let left_out = RwSignal::new(left_out);
    let sending = Sending::new();
    provide_context(sending);
    if !watches {
        provide_context(DecideHeld(Callback::new(move |(connection, number)| {
            // On a narrow screen, the inspector covers the composer.
            lab.inspecting.set(false);
            sending.decide(connection, number);
        })));
        if let Some(id) = id.clone().filter(|_| !setup.rules.is_empty()) {
            set_rules_of_link(id, setup.rules, left_out);
        }
    }
    match (name, id) {
        (None, _) => start_session(lab),
        (Some(_), None) => lab.feed.set(FeedState::Expired),
        (Some(_), Some(_)) => {}
    }
    let skip = |event: web_sys::MouseEvent| {
        event.prevent_default();
        focus_rows();
    };
    let top = (!site::is_embedded()).then(|| {
        view! {
            <TopBar>
                <Export/>
                <SessionChip/>
            </TopBar>
        }
    });
    view! {
        <div class="app playground">
            <a class="skip" href="#workspace" on:click=skip>
                "Skip to frames"
            </a>
            {top}
            <Banner left_out/>
            <Show when=move || !watches fallback=|| view! { <Watching/> }>
                <ConnectBar/>
            </Show>
            <main id="workspace" tabindex="-1" class="workspace" class:inspecting=move || lab.inspecting.get()>
                <h1 class="hidden">"Playground"</h1>
                <SequenceView>
                    <Welcome/>
                </SequenceView>
                <Inspector/>
            </main>
            <Show when=move || !watches>
                <Composer/>
            </Show>
            <Workbench/>
        </div>
    }
}

/// What a visitor with a watch-only link can do, in the place of the connect bar.
#[component]
fn Watching() -> impl IntoView {
    view! {
        <p class="watching">
            <b>"You are watching this session. "</b>
            "You see what happens in it and can export it. To connect, send or control the relay, you need the full link."
        </p>
    }
}
