//! Saves the connect bar, alone or with what the session does: its rules, its script, and the texts that are sent next.

use super::connection::{Connection, SavedSetup};
use super::item::{Item, What};
use super::name_fields::NameFields;
use super::state::Saved;
use crate::address::setup::Setup;
use crate::lab::Lab;
use crate::lab::inspector::tools::Fields;
use crate::net::api;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::SessionId;
use serde_json::Value;

#[component]
pub(super) fn SaveConnection(fields: Fields) -> impl IntoView {
    let saved = expect_context::<Saved>();
    let lab = expect_context::<Lab>();
    let (name, folder) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let whole = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (name, folder) = (name.get_untracked().trim().to_owned(), folder.get_untracked().trim().to_owned());
        let whole = whole.get_untracked();
        spawn_local(async move {
            let what = match untrack(|| connection(lab, fields)) {
                Ok(connection) if whole => setup(lab, fields, connection).await.map(What::Setup),
                other => other.map(What::Connection),
            };
            let outcome = what.and_then(|what| saved.put(Item { name, folder, what }));
            // The sheet may be closed.
            let _ = error.try_set(outcome.err());
        });
    };
    view! {
        <form class="editing" on:submit=save novalidate>
            <NameFields id="connection" name folder/>
            <button type="submit" class="small">"Save the connect bar"</button>
            <label class="tick wide">
                <input type="checkbox" prop:checked=whole on:change=move |event| whole.set(event_target_checked(&event))/>
                "With the rules and the script of this session, and the next messages"
            </label>
            <p id="connection-note" class="note wide" aria-live="polite">
                {move || match error.get() {
                    Some(why) => view! { <span class="error">{why}</span> }.into_any(),
                    None => view! {
                        "URL, route, server behavior and subprotocols are saved, but not the name of the session. The URL and the \
                         subprotocols can have variables, such as "
                        <code>"?token={{token}}"</code>
                        "."
                    }
                    .into_any(),
                }}
            </p>
        </form>
    }
}

/// The connect bar.
fn connection(lab: Lab, fields: Fields) -> Result<Connection, String> {
    let of_url = Setup::of_url(&fields.url.get(), lab.session_id().as_ref());
    Setup { subprotocols: fields.protocols.get(), ..of_url }.fragment().map(|setup| Connection { setup })
}

/// The connect bar with what the session does.
async fn setup(lab: Lab, fields: Fields, connection: Connection) -> Result<SavedSetup, String> {
    let rules = lab.rules.with_untracked(|rules| {
        let rules: Option<Value> = rules.as_ref().and_then(|rules| serde_json::from_str(rules.json()).ok());
        rules.filter(|rules| rules.as_array().is_some_and(|rules| !rules.is_empty()))
    });
    let script = match untrack(|| lab.session_id()) {
        Some(session) => script(&session).await?,
        None => None,
    };
    let first = fields.text.get_untracked();
    let messages = std::iter::once(first).chain(fields.next.get_untracked()).collect();
    Ok(SavedSetup { connection, rules, script, messages })
}

/// The script of a session, if it has one.
async fn script(session: &SessionId) -> Result<Option<Value>, String> {
    match api::get(&format!("/api/sessions/{session}/script")).await {
        Ok((200, body)) => Ok(serde_json::from_str(&body).ok()),
        Ok((404, _)) => Ok(None),
        Ok((status, body)) => Err(format!("The relay did not give the script: {}", api::words_of(status, &body))),
        Err(error) => Err(error.words("The script")),
    }
}
