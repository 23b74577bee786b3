//! Saved connections and setups.

use super::connection::{Connection, SavedSetup};
use super::item::{Item, What};
use super::items::Items;
use super::save_connection::SaveConnection;
use super::state::Saved;
use crate::lab::Lab;
use crate::lab::inspector::tools::{Fields, Tools};
use crate::net::api;
use crate::ui::sheet::OpenSheet;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::SessionId;

#[component]
pub(super) fn Connections() -> impl IntoView {
    let saved = expect_context::<Saved>();
    let lab = expect_context::<Lab>();
    let sheet = expect_context::<OpenSheet>();
    let Some(fields) = expect_context::<Tools>().fields else {
        return view! { <p class="note">"A recording has no connect bar. Open the playground to use saved connections."</p> }
            .into_any();
    };
    let error = RwSignal::new(None::<String>);
    let act = move |item: Item| {
        let Some(session) = lab.session_id() else { return };
        spawn_local(async move {
            let outcome = match &item.what {
                What::Connection(connection) => fill_in(saved, fields, &session, connection),
                What::Setup(setup) => set_up(saved, fields, &session, setup).await,
                What::Message(_) | What::Frame(_) | What::Replay(_) => Ok(()),
            };
            match outcome {
                // The connect bar is behind the sheet.
                Ok(()) => sheet.close(),
                // The sheet may be closed.
                Err(why) => drop(error.try_set(Some(why))),
            }
        });
    };
    view! {
        <Items
            label="Saved connections"
            none="No connections are saved yet. Fill in the connect bar, and save it here."
            kind=|what| matches!(what, What::Connection(_) | What::Setup(_))
            verb="Use"
            act=Callback::new(act)
        />
        <p class="error" role="alert">
            {move || error.get()}
        </p>
        <SaveConnection fields/>
    }
    .into_any()
}

/// Fills in the connect bar.
fn fill_in(saved: Saved, fields: Fields, session: &SessionId, connection: &Connection) -> Result<(), String> {
    let setup = connection.filled(|text, escape| saved.fill_escaped(text, escape))?;
    fields.url.set(setup.url(session));
    fields.protocols.set(setup.subprotocols);
    Ok(())
}

/// Sets the rules and the script of the session, and fills in the connect bar and the messages.
async fn set_up(saved: Saved, fields: Fields, session: &SessionId, setup: &SavedSetup) -> Result<(), String> {
    let rules = setup.rules.as_ref().map_or_else(|| "[]".to_owned(), ToString::to_string);
    put(session, "rules", &rules).await?;
    if let Some(script) = &setup.script {
        put(session, "script", &script.to_string()).await?;
    }
    fill_in(saved, fields, session, &setup.connection)?;
    let mut messages = setup.messages.iter().cloned();
    if let Some(first) = messages.next() {
        fields.text.set(first);
        fields.next.set(messages.collect());
    }
    Ok(())
}

async fn put(session: &SessionId, what: &str, json: &str) -> Result<(), String> {
    match api::put(&format!("/api/sessions/{session}/{what}"), json).await {
        Ok((200 | 204, _)) => Ok(()),
        Ok((status, body)) => Err(format!("The relay refused the {what}: {}", api::words_of(status, &body))),
        Err(error) => Err(error.words("The relay’s answer")),
    }
}
