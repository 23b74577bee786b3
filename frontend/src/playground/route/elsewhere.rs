//! Another server, by way of the relay, which shows both hops then.

use super::choice::Choice;
use super::setting::Setting;
use crate::address::route::Through;
use crate::address::settings::Settings;
use crate::ui::offer::Offer;
use leptos::prelude::*;

/// What the relay's query may say besides where to.
const PASS: (&str, &str, &str) =
    ("pass", "origin,user-agent", "Lines of the browser’s request that are passed on, parted by commas.");
const HEADER: (&str, &str, &str) = ("header", "Authorization: Bearer …", "A line that the relay puts in by itself.");

#[component]
pub(super) fn Elsewhere(choice: Choice) -> impl IntoView {
    let allowed = choice.routes.with_value(|routes| routes.relay_to.clone());
    if allowed.is_empty() {
        return view! {
            <p class="note">
                "This relay leads to no other server. Start it with " <code>"--relay-to wss://host"</code>
                " for each one that it may lead to; then the page shows what travels on both hops."
            </p>
        }
        .into_any();
    }
    let to = Memo::new(move |_| choice.is_relayed().then(|| choice.form.settings().value("to")).flatten());
    let prefix = move |url: String| {
        let (name, chosen) = (url.clone(), url.clone());
        let chosen = Signal::derive(move || to.with(|to| to.as_ref().is_some_and(|to| to.starts_with(&chosen))));
        view! {
            <Offer chosen choose=move || ask(choice, "to", &url)>
                <b class="mono">{name}</b>
                <span class="prose">"Allowed, with all that lies below it."</span>
            </Offer>
        }
    };
    view! {
        <p class="what">"The relay opens the connection itself, and passes frames on one by one."</p>
        <ul class="presets" aria-labelledby="way-elsewhere">{allowed.into_iter().map(prefix).collect_view()}</ul>
        <Show when=move || choice.is_relayed()>
            <fieldset class="box-settings">
                <legend>"The other server"</legend>
                {[("to", "wss://host/path", "Its URL."), PASS, HEADER]
                    .into_iter()
                    .map(|field| view! { <Field choice field/> })
                    .collect_view()}
            </fieldset>
        </Show>
    }
    .into_any()
}

#[component]
fn Field(choice: Choice, field: (&'static str, &'static str, &'static str)) -> impl IntoView {
    let (name, example, words) = field;
    let value = Memo::new(move |_| choice.form.settings().value(name).unwrap_or_default());
    let set = move |name: &str, value: &str| ask(choice, name, value);
    view! { <Setting of="relay" name=name.to_owned() example=example.to_owned() value what=words.to_owned() set/> }
}

/// Says something in the query of the relay, on the way to which the URL leads then.
fn ask(choice: Choice, name: &str, value: &str) {
    let relayed = untrack(|| choice.is_relayed());
    let mut settings = if relayed { untrack(|| choice.form.settings()) } else { Settings::default() };
    settings.set(name, value);
    choice.go(choice.secure(), Through::Relay, settings);
}
