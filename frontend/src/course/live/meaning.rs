//! Explains the behavior settings of a run, in the relay's own words.

use crate::address::catalogue::{Catalogue, Known, PRESET};
use crate::address::settings::Settings;
use crate::net::loaded::{Loaded, load_json};
use crate::ui::fetched::part;
use leptos::prelude::*;
use std::sync::Arc;

const PATH: &str = "/api/behaviours";

#[component]
pub(super) fn Meaning(query: RwSignal<String>) -> impl IntoView {
    let known = RwSignal::new(Loaded::<Catalogue>::NotRequested);
    let learn = move || {
        if known.with_untracked(Loaded::is_missing) {
            load_json(known, PATH);
        }
    };
    let some = Memo::new(move |_| !query.with(|query| query.trim().is_empty()));
    let draw = move |catalogue: Arc<Catalogue>| {
        query.with(|query| list(&catalogue, &Settings::of_query(query.trim()))).into_any()
    };
    let words = move || part(known.get(), "The list of behaviors", "", learn, draw);
    view! {
        <details class="hint meaning" hidden=move || !some.get() on:toggle=move |_| learn()>
            <summary>"What these settings do"</summary>
            {words}
        </details>
    }
}

fn list(catalogue: &Catalogue, settings: &Settings) -> impl IntoView + use<> {
    let row = |name: &str| {
        let value = settings.value(name).unwrap_or_default();
        let said = if value.is_empty() { name.to_owned() } else { format!("{name}={value}") };
        view! {
            <dt class="mono">{said}</dt>
            <dd>{what(catalogue, name, &value)}</dd>
        }
    };
    let rows: Vec<_> = settings.names().map(row).collect();
    view! { <dl class="values">{rows}</dl> }
}

fn what(catalogue: &Catalogue, name: &str, value: &str) -> String {
    let preset = || catalogue.presets.iter().find(|preset| name == PRESET && preset.name == value);
    let known = |known: &Known| known.what.clone();
    let setting = || catalogue.settings.iter().find(|known| known.name == name).map(known);
    preset()
        .map(|preset| preset.what.clone())
        .or_else(setting)
        .unwrap_or_else(|| "The relay does not know this setting and will refuse the request.".into())
}
