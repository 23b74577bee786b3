//! The collection as a file.

use super::collection::{File, MAX_FILE};
use super::state::Saved;
use crate::ui::chosen_file::chosen_file;
use crate::ui::format;
use crate::ui::object_url::ObjectUrl;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub(super) fn CollectionFile() -> impl IntoView {
    let saved = expect_context::<Saved>();
    let outcome = RwSignal::new(None::<Result<String, String>>);
    let link = RwSignal::new_local(None::<ObjectUrl>);
    let export = move |event: web_sys::MouseEvent| {
        let items: Vec<_> = saved.items.with_untracked(|items| items.iter().map(|(_, item)| item.clone()).collect());
        let written = saved.variables.with_untracked(|variables| File::written(&items, variables));
        link.set(ObjectUrl::of_link(&event, written.as_bytes(), "application/json"));
    };
    let import = move |event: web_sys::Event| {
        let Some(file) = chosen_file(&event) else { return };
        spawn_local(async move {
            let read = read(file).await.and_then(|file| {
                let (items, variables) = (file.items.len() as u64, file.variables.len() as u64);
                saved.add(file)?;
                let (items, variables) = (format::plural(items, "item"), format::plural(variables, "variable"));
                Ok(format!("Imported {items} and {variables}."))
            });
            // The sheet may be closed.
            let _ = outcome.try_set(Some(read));
        });
    };
    view! {
        <p>
            "A file has everything that is saved, but no values of secret variables, and asterisks in place of tokens in URLs and subprotocols. \
             Messages and replays are exported as they are. An import replaces items with the same kind, name and folder."
        </p>
        <div class="script-acts">
            <a class="button small" href="data:," download="framescope-saved.json" on:click=export>
                "Export as a file"
            </a>
            <label class="button small file">
                <input type="file" class="hidden" accept=".json,application/json" on:change=import aria-describedby="file-note"/>
                "Import a file…"
            </label>
        </div>
        <p id="file-note" class="note" aria-live="polite">
            {move || match outcome.get() {
                None => ().into_any(),
                Some(Ok(words)) => words.into_any(),
                Some(Err(why)) => view! { <span class="error">{why}</span> }.into_any(),
            }}
        </p>
    }
}

async fn read(file: web_sys::File) -> Result<File, String> {
    if file.size() > MAX_FILE as f64 {
        return Err(format!("{} is larger than {}, the limit. Split it.", file.name(), format::size(MAX_FILE as u64)));
    }
    let text = wasm_bindgen_futures::JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    File::read(&text.ok_or_else(|| format!("The browser could not read {}. Choose it again.", file.name()))?)
}
