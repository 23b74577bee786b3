//! What the settings of a run ask of the relay, in the relay's own words, for whoever wants to read it.

use crate::address::catalogue::{Catalogue, Known, Learnt};
use crate::address::settings::Settings;
use crate::course::reading::fetch_again;
use leptos::prelude::*;

const PATH: &str = "/api/behaviours";

#[component]
pub(super) fn Meaning(query: RwSignal<String>) -> impl IntoView {
    let known = RwSignal::new(Learnt::<Catalogue>::Nothing);
    let learn = move |_| {
        if matches!(known.get_untracked(), Learnt::Nothing | Learnt::Failed(_)) {
            known.set(Learnt::Coming);
            fetch_again(PATH.into(), known);
        }
    };
    let some = Memo::new(move |_| !query.with(|query| query.trim().is_empty()));
    let words = move || match known.get() {
        Learnt::Nothing | Learnt::Coming => view! { <p class="note">"Loading…"</p> }.into_any(),
        Learnt::Failed(error) => view! { <p class="note">{error.words("What they mean")}</p> }.into_any(),
        Learnt::All(catalogue) => query.with(|query| list(&catalogue, &Settings::of_query(query.trim()))).into_any(),
    };
    view! {
        <details class="hint meaning" hidden=move || !some.get() on:toggle=learn>
            <summary>"What this asks of the server"</summary>
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
    view! { <dl class="given">{rows}</dl> }
}

fn what(catalogue: &Catalogue, name: &str, value: &str) -> String {
    let preset =
        || catalogue.presets.iter().find(|preset| name == crate::address::catalogue::PRESET && preset.name == value);
    let known = |known: &Known| known.what.clone();
    let setting = || catalogue.settings.iter().find(|known| known.name == name).map(known);
    preset()
        .map(|preset| preset.what.clone())
        .or_else(setting)
        .unwrap_or_else(|| "The relay does not know this one, and will say so.".into())
}
