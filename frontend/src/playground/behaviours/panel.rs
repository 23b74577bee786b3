//! All behaviors that the relay offers, and the query of the chosen ones.

use super::field::Group;
use super::presets::Presets;
use super::use_now::UseNow;
use crate::address::catalogue::Catalogue;
use crate::net::loaded::{Loaded, load_json};
use crate::playground::connect_form::ConnectForm;
use crate::ui::fetched::part;
use crate::ui::sheet::OpenSheet;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Loads the catalogue, unless it is here or on its way.
pub fn learn(form: ConnectForm) {
    if form.catalogue.with_untracked(Loaded::is_missing) {
        load_json(form.catalogue, "/api/behaviours");
    }
}

pub fn panel() -> AnyView {
    let form = expect_context::<ConnectForm>();
    // Not during drawing, which depends on the same signal.
    spawn_local(async move { learn(form) });
    let draw = |catalogue| view! { <Choices catalogue/> }.into_any();
    view! {
        {move || part(form.catalogue.get(), "The list of server behaviors", "sheet-body", move || learn(form), draw)}
        <Outcome/>
    }
    .into_any()
}

#[component]
fn Choices(catalogue: Arc<Catalogue>) -> impl IntoView {
    let groups = catalogue.groups().into_iter().map(|(group, settings)| {
        let settings = settings.into_iter().cloned().collect::<Vec<_>>();
        view! { <Group name=group.to_owned() settings faults=catalogue.faults.clone()/> }
    });
    let groups = groups.collect_view();
    view! {
        <div class="sheet-body">
            <p class="lead">
                "The URL of a lab connection sets how the relay behaves. Choose a behavior here or edit the URL: both do the same."
            </p>
            <h3>"Presets"</h3>
            <Presets catalogue/>
            <h3>"Individual settings"</h3>
            {groups}
        </div>
    }
}

/// The current query, and what to do with it.
#[component]
fn Outcome() -> impl IntoView {
    let sheet = expect_context::<OpenSheet>();
    let form = expect_context::<ConnectForm>();
    let query = Memo::new(move |_| form.settings().to_string());
    view! {
        <div class="sheet-foot">
            <p class="asked">
                <span class="hidden">"Query of the URL: "</span>
                <code>"?" {query}</code>
            </p>
            <UseNow/>
            <button type="button" class="primary" on:click=move |_| sheet.close()>
                "Done"
            </button>
        </div>
    }
}
