//! Ready-made behaviors, each chosen with one click.

use crate::address::catalogue::{Catalogue, Preset};
use crate::address::settings::Settings;
use crate::playground::connect_form::ConnectForm;
use crate::ui::offer::Offer;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn Presets(catalogue: Arc<Catalogue>) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let chosen = {
        let catalogue = Arc::clone(&catalogue);
        Memo::new(move |_| {
            let settings = form.settings();
            let name = catalogue.preset(&settings).map(|preset| preset.name.clone());
            name.or_else(|| settings.is_plain_echo().then(|| echo().name))
        })
    };
    // A preset's name alone does not show the settings that it stands for.
    let by_name = Memo::new(move |_| form.settings().value(crate::address::catalogue::PRESET));
    let spell_out = {
        let catalogue = Arc::clone(&catalogue);
        move |_| form.ask(|settings| catalogue.spelt_out(&settings))
    };
    let presets = std::iter::once(echo()).chain(catalogue.presets.iter().cloned());
    let presets = presets.map(|preset| view! { <PresetButton preset chosen/> }).collect_view();
    view! {
        <ul class="presets">{presets}</ul>
        <p class="note" hidden=move || by_name.get().is_none()>
            "The URL names " <code>{by_name}</code> ", which stands for several settings. "
            <button type="button" class="small" on:click=spell_out>
                "Expand"
            </button>
        </p>
    }
}

/// What the relay does without settings.
fn echo() -> Preset {
    Preset {
        name: String::new(),
        title: "Echo".into(),
        query: String::new(),
        what: "The server returns every message unchanged and sends nothing else.".into(),
    }
}

#[component]
fn PresetButton(preset: Preset, chosen: Memo<Option<String>>) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let Preset { name, title, query, what } = preset;
    let settings = Settings::of_query(&query);
    let chosen = Signal::derive(move || chosen.with(|chosen| chosen.as_ref() == Some(&name)));
    view! {
        <Offer chosen choose=move || form.ask(|now| now.with_behaviour(&settings))>
            <b>{title}</b>
            <Prose text=what/>
            <code>{query}</code>
        </Offer>
    }
}
