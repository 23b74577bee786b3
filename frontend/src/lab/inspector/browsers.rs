//! What Chromium and Firefox did when the same settings were recorded, beside what this browser did.

use crate::lab::Lab;
use crate::net::loaded::{Loaded, load_json};
use crate::ui::fetched::part;
use leptos::prelude::*;
use observation::reactions::{Browser, Reaction};
use observation::{Deliberate, Seq};
use std::sync::Arc;

const PATH: &str = "/api/behaviours/reactions";

/// Empty if nothing was deliberate. The reactions are loaded when the visitor opens it.
#[component]
pub fn Browsers(did: Vec<(Seq, Deliberate)>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (seq, act) = did.into_iter().next()?;
    let request = lab.record.with_untracked(|record| {
        let connection = record.transcript.get(seq)?.connection;
        let opening = record.transcript.opening(connection).map(|opening| opening.request.clone());
        opening.or_else(|| record.transcript.refusal(connection).map(|refusal| refusal.request.clone()))
    })?;
    let known = RwSignal::new(Loaded::<Vec<Browser>>::NotRequested);
    let learn = move || {
        if known.with_untracked(Loaded::is_missing) {
            load_json(known, PATH);
        }
    };
    let request = StoredValue::new(request);
    let what = StoredValue::new(act.what);
    let draw = move |browsers: Arc<Vec<Browser>>| {
        let reaction = |browser: &Browser| {
            let found = request.with_value(|request| what.with_value(|what| browser.reaction(what, request).cloned()));
            found.map(|reaction| (format!("{} {}", browser.name, browser.version), reaction))
        };
        let found: Vec<_> = browsers.iter().filter_map(reaction).collect();
        if found.is_empty() {
            return view! { <p class="note">"No browser was recorded with these settings."</p> }.into_any();
        }
        let item = |(name, reaction)| view! { <dt>{name}</dt><dd><Recorded reaction/></dd> };
        view! { <dl class="aftermath">{found.into_iter().map(item).collect_view()}</dl> }.into_any()
    };
    Some(view! {
        <details class="hint" on:toggle=move |_| learn()>
            <summary>"What Chromium and Firefox do"</summary>
            {move || part(known.get(), "The recorded reactions", "", learn, draw)}
        </details>
    })
}

#[component]
fn Recorded(reaction: Reaction) -> impl IntoView {
    let Reaction { script, wire, console, .. } = reaction;
    let console = if console.is_empty() { "nothing".to_owned() } else { console };
    view! {
        <ul class="events">
            <li>"JavaScript was told: " {script.join(", ")}</li>
            <li>"The wire carried: " {wire.join(", ")}</li>
            <li>"The console said: " {console}</li>
        </ul>
    }
}
