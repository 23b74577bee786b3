//! The page of the playground: one session, its connections and their frames.

use super::banner::Banner;
use super::composer::Composer;
use super::export::Export;
use super::next_messages::Planned;
use super::session::start_session;
use super::session_chip::SessionChip;
use super::welcome::Welcome;
use super::{connect_bar::ConnectBar, connect_form::ConnectForm};
use crate::address::setup::Setup;
use crate::lab::inspector::{ChosenPart, Inspector};
use crate::lab::sequence::SequenceView;
use crate::lab::{FeedState, Lab};
use crate::shell::top_bar::TopBar;
use crate::ui::scope::focus_rows;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use observation::SessionId;

/// The playground of the session in the address. A different address gets a new playground.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("session")));
    move || view! { <Playground name=name.get()/> }
}

#[component]
fn Playground(
    /// The name in the address; `None` if the session still has to be created.
    name: Option<String>,
) -> impl IntoView {
    let id = name.as_deref().and_then(SessionId::parse);
    let lab = Lab::new(id.clone());
    let (setup, left_out) = use_location().hash.with_untracked(|fragment| Setup::of_fragment(fragment));
    provide_context(lab);
    provide_context(ConnectForm::new(lab, &setup));
    provide_context(Planned::new(setup.messages));
    provide_context(ChosenPart::new());
    match (name, id) {
        (None, _) => start_session(lab),
        (Some(_), None) => lab.feed.set(FeedState::Expired),
        (Some(_), Some(_)) => {}
    }
    let skip = |event: web_sys::MouseEvent| {
        event.prevent_default();
        focus_rows();
    };
    view! {
        <div class="app playground">
            <a class="skip" href="#workspace" on:click=skip>
                "Skip to frames"
            </a>
            <TopBar>
                <Export/>
                <SessionChip/>
            </TopBar>
            <Banner left_out/>
            <ConnectBar/>
            <main id="workspace" tabindex="-1" class="workspace" class:inspecting=move || lab.inspecting.get()>
                <h1 class="hidden">"Playground"</h1>
                <SequenceView>
                    <Welcome/>
                </SequenceView>
                <Inspector/>
            </main>
            <Composer/>
        </div>
    }
}
