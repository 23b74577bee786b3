//! All that can be chosen, and the URL that comes of it.

use super::field::Group;
use super::presets::Presets;
use super::use_now::UseNow;
use crate::address::catalogue::{Catalogue, Learnt};
use crate::net::api;
use crate::playground::connect_form::ConnectForm;
use crate::ui::sheet::OpenSheet;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Has the relay say what it can do, if it has not yet.
pub fn learn(form: ConnectForm) {
    let learnt = form.learnt;
    if matches!(learnt.get_untracked(), Learnt::Coming | Learnt::All(_)) {
        return;
    }
    learnt.set(Learnt::Coming);
    spawn_local(async move {
        let said = match api::read::<Catalogue>("/api/behaviours").await {
            Ok(catalogue) => Learnt::All(Arc::new(catalogue)),
            Err(error) => Learnt::Failed(error),
        };
        // The page may have been left meanwhile.
        let _ = learnt.try_set(said);
    });
}

pub fn panel() -> AnyView {
    let form = expect_context::<ConnectForm>();
    // Not while this is being drawn, which depends on it.
    spawn_local(async move { learn(form) });
    let body = move || match form.learnt.get() {
        Learnt::Nothing | Learnt::Coming => {
            view! { <p class="note sheet-body" role="status">"Asking the relay what it can do…"</p> }.into_any()
        }
        Learnt::Failed(error) => view! {
            <p class="card bad sheet-body" role="alert">
                {error.words("The list of behaviours")}
                <button type="button" class="small" on:click=move |_| learn(form)>
                    "Try again"
                </button>
            </p>
        }
        .into_any(),
        Learnt::All(catalogue) => view! { <Choices catalogue/> }.into_any(),
    };
    view! {
        {body}
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
                "A lab connection’s URL says how the relay behaves on it. Choose a behaviour here or write the URL yourself: both are the same."
            </p>
            <h3>"Ready-made"</h3>
            <Presets catalogue/>
            <h3>"Piece by piece"</h3>
            {groups}
        </div>
    }
}

/// The query as it stands now, and what to do with it.
#[component]
fn Outcome() -> impl IntoView {
    let sheet = expect_context::<OpenSheet>();
    let form = expect_context::<ConnectForm>();
    let query = Memo::new(move |_| form.settings().to_string());
    view! {
        <div class="sheet-foot">
            <p class="asked">
                <span class="hidden">"The URL’s query: "</span>
                <code>"?" {query}</code>
            </p>
            <UseNow/>
            <button type="button" class="primary" on:click=move |_| sheet.close()>
                "Done"
            </button>
        </div>
    }
}
