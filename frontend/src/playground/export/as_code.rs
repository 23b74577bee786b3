//! The same connection as code, in several languages, which the relay writes.

use crate::address::settings::escaped;
use crate::net::api::{self, ApiError};
use crate::playground::export::connection::Taken;
use crate::ui::copy_button::CopyButton;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

/// As the relay says it at `/api/snippets`.
#[derive(Deserialize)]
struct Said {
    snippets: Vec<Snippet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Snippet {
    title: String,
    code: String,
    /// What to save it as, if it has to be a file.
    file: Option<String>,
    /// How to run it, in one line.
    run: String,
}

/// The languages, by their titles.
const LANGUAGES: [&str; 4] = ["JavaScript", "Python", "Rust", "websocat"];

#[component]
pub fn AsCode(
    taken: Taken,
    /// Where it comes from.
    source: String,
) -> impl IntoView {
    let snippets = RwSignal::new(None::<Result<Vec<Snippet>, ApiError>>);
    let address = address(&taken);
    let fetch = move || {
        let address = address.clone();
        snippets.set(None);
        spawn_local(async move {
            let said = api::read::<Said>(&address).await.map(|said| said.snippets);
            // The sheet may have been closed meanwhile.
            let _ = snippets.try_set(Some(said));
        });
    };
    fetch();
    let chosen = RwSignal::new(0);
    let fetch = StoredValue::new(fetch);
    let body = move || match snippets.get() {
        None => view! { <p class="note" role="status">"Asking the relay for the code…"</p> }.into_any(),
        Some(Err(error)) => view! {
            <p class="card bad" role="alert">
                {error.words("The code")}
                <button type="button" class="small" on:click=move |_| fetch.with_value(|fetch| fetch())>
                    "Try again"
                </button>
            </p>
        }
        .into_any(),
        Some(Ok(snippets)) => {
            let title = LANGUAGES[chosen.get()];
            match snippets.into_iter().find(|snippet| snippet.title == title) {
                Some(snippet) => view! { <SnippetView snippet/> }.into_any(),
                None => view! { <p class="note">{format!("The relay has no code in {title}.")}</p> }.into_any(),
            }
        }
    };
    view! {
        <section aria-labelledby="as-code">
            <h3 id="as-code">"As code"</h3>
            <p class="note">
                {format!("From {source}. Run it elsewhere, and its connection shows up in this session. Keep it to yourself: the URL has the session’s name in it.")}
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
            <CopyButton text=Signal::stored(code.clone()) words="Copy the code"/>
        </div>
        <pre class="snippet" tabindex="0" role="region" aria-label="The code">
            <code>{code}</code>
        </pre>
    }
}

/// Where the relay has the code for it.
fn address(taken: &Taken) -> String {
    let subprotocols = taken.subprotocols.split(',').map(str::trim).filter(|name| !name.is_empty());
    let items = subprotocols
        .map(|name| ("subprotocol", name))
        .chain(taken.messages.iter().map(|text| ("message", text.as_str())));
    let items = items.map(|(name, value)| format!("&{name}={}", escaped(value)));
    format!("/api/snippets?url={}{}", escaped(&taken.url), items.collect::<String>())
}
