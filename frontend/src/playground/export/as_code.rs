//! Code for the same connection in several languages, written by the relay.

use crate::address::settings::escaped;
use crate::net::api::{self, ApiError};
use crate::playground::export::connection::ConnectionRecipe;
use crate::ui::copy_button::CopyButton;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

/// The JSON of `/api/snippets`.
#[derive(Deserialize)]
struct Said {
    snippets: Vec<Snippet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Snippet {
    title: String,
    code: String,
    /// The file name, if the code has to be saved.
    file: Option<String>,
    /// The command that runs it.
    run: String,
}

/// The languages, by their titles.
const LANGUAGES: [&str; 4] = ["JavaScript", "Python", "Rust", "websocat"];

#[component]
pub fn AsCode(
    recipe: ConnectionRecipe,
    /// Where the setup comes from.
    source: String,
    keep_tokens: bool,
) -> impl IntoView {
    let snippets = RwSignal::new(None::<Result<Vec<Snippet>, ApiError>>);
    let address = address(&recipe, keep_tokens);
    let fetch = move || {
        let address = address.clone();
        snippets.set(None);
        spawn_local(async move {
            let said = api::read::<Said>(&address).await.map(|said| said.snippets);
            // The signal is gone if the visitor has closed the sheet.
            let _ = snippets.try_set(Some(said));
        });
    };
    fetch();
    let chosen = RwSignal::new(0);
    let fetch = StoredValue::new(fetch);
    let body = move || match snippets.get() {
        None => view! { <p class="note" role="status">"Loading the code…"</p> }.into_any(),
        Some(Err(error)) => view! {
            <p class="card bad" role="alert">
                {error.words("The code")}
                <button type="button" class="small" on:click=move |_| fetch.with_value(|fetch| fetch())>
                    "Retry"
                </button>
            </p>
        }
        .into_any(),
        Some(Ok(snippets)) => {
            let title = LANGUAGES[chosen.get()];
            match snippets.into_iter().find(|snippet| snippet.title == title) {
                Some(snippet) => view! { <SnippetView snippet/> }.into_any(),
                None => view! { <p class="note">{format!("The relay has no code for {title}.")}</p> }.into_any(),
            }
        }
    };
    view! {
        <section aria-labelledby="as-code">
            <h3 id="as-code">"Code"</h3>
            <p class="note">
                {format!("From {source}. Run it anywhere: its connection appears in this session. Keep the code private, because the URL contains the session’s name.")}
            </p>
            <Tabs label="Language" id="language" tabs=&LANGUAGES chosen/>
            <div id="language-panel" role="tabpanel" aria-label="Code">
                {body}
            </div>
        </section>
    }
}

#[component]
fn SnippetView(snippet: Snippet) -> impl IntoView {
    let Snippet { code, file, run, .. } = snippet;
    let how = match file {
        Some(file) => view! { "Save it as " <code>{file}</code> ", then run " <code>{run}</code> }.into_any(),
        None => format!("To run it, {run}.").into_any(),
    };
    view! {
        <div class="code-line">
            <p class="note">{how}</p>
            <CopyButton text=Signal::stored(code.clone()) words="Copy code"/>
        </div>
        <pre class="snippet" tabindex="0" role="region" aria-label="The code">
            <code>{code}</code>
        </pre>
    }
}

/// The address of the code for it.
fn address(recipe: &ConnectionRecipe, keep_tokens: bool) -> String {
    let subprotocols = recipe.subprotocols.split(',').map(str::trim).filter(|name| !name.is_empty());
    let items = subprotocols
        .map(|name| ("subprotocol", name))
        .chain(recipe.messages.iter().map(|text| ("message", text.as_str())));
    let items = items.map(|(name, value)| format!("&{name}={}", escaped(value)));
    let keep = if keep_tokens { "&secrets=keep" } else { "" };
    format!("/api/snippets?url={}{}{keep}", escaped(&recipe.url), items.collect::<String>())
}
