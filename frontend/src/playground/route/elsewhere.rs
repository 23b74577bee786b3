//! Another server, reached through the relay, which then shows both sides of the hop.

use super::choice::Choice;
use super::setting::Setting;
use crate::address::route::Through;
use crate::address::settings::Settings;
use crate::ui::offer::Offer;
use leptos::prelude::*;

/// What the query of a relayed connection may set besides its target: name, example, explanation.
const PASS: (&str, &str, &str) =
    ("pass", "origin,user-agent", "Request headers of the browser that the relay forwards, separated by commas.");
const HEADER: (&str, &str, &str) =
    ("header", "Authorization: Bearer …", "A header that the relay adds to its own request.");

#[component]
pub(super) fn Elsewhere(choice: Choice) -> impl IntoView {
    let allowed = choice.routes.with_value(|routes| routes.relay_to.clone());
    if allowed.is_empty() {
        return view! {
            <p class="note">
                "This relay does not connect to other servers. Start it with " <code>"--relay-to wss://host"</code>
                " for each server that you allow. The page then shows the traffic on both sides of the relay."
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
                <span class="prose">"This URL and everything below it is allowed."</span>
            </Offer>
        }
    };
    view! {
        <p class="what">"The relay opens its own connection to the server and forwards every frame."</p>
        <ul class="presets" aria-labelledby="route-elsewhere">{allowed.into_iter().map(prefix).collect_view()}</ul>
        <Show when=move || choice.is_relayed()>
            <fieldset class="middlebox-settings">
                <legend>"Other server"</legend>
                {[("to", "wss://host/path", "The URL of the server."), PASS, HEADER]
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

/// Sets a value in the query and makes the URL lead through the relay.
fn ask(choice: Choice, name: &str, value: &str) {
    let relayed = untrack(|| choice.is_relayed());
    let mut settings = if relayed { untrack(|| choice.form.settings()) } else { Settings::default() };
    settings.set(name, value);
    choice.go(choice.secure(), Through::Relay, settings);
}
