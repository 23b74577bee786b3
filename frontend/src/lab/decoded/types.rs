//! The types of Protocol Buffers that the visitor chooses: a file, and which of its messages this one is.

use super::choices::{self, Types};
use super::source::Source;
use crate::ui::chosen_file::chosen_file;
use crate::ui::later::later;
use crate::ui::scope::Scope;
use decode::Schema;
use decode::schema::MAX_FILE;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// Reads a file with types: its name and its content.
type Read = fn(&str, &[u8]) -> Result<Schema, String>;

later!(types: Read = Schema::read);

#[component]
pub(super) fn TypesView(source: Arc<Source>) -> impl IntoView {
    let place = Scope::here();
    let error = RwSignal::new(None::<String>);
    let choose = move |event: web_sys::Event| {
        if let Some(file) = chosen_file(&event) {
            read(file, error);
        }
    };
    let words = || choices::types().map_or("Choose a .proto file".to_owned(), |types| format!("Types: {}", types.file));
    let missing = || {
        let types = choices::types().filter(|types| !types.schema.missing.is_empty())?;
        let names: Vec<_> = types.schema.missing.iter().take(5).map(String::as_str).collect();
        let words = format!(
            "The file does not define {}. Their fields have no names. A descriptor set made with protoc --include_imports has all types.",
            names.join(", ")
        );
        Some(view! { <p class="note">{words}</p> })
    };
    view! {
        <div class="types">
            <label class="drop">
                <input
                    type="file"
                    class="hidden"
                    accept=".proto,.pb,.desc,.binpb,.protoset"
                    on:change=choose
                    aria-describedby=place.id("types-note")
                />
                <span>{words}</span>
            </label>
            {move || {
                let source = Arc::clone(&source);
                choices::types().map(|types| view! { <Names source types/> })
            }}
        </div>
        <p id=place.id("types-note") class="note">
            "A .proto file or a descriptor set names the fields. It stays in this browser."
        </p>
        {missing}
        <p class="error" role="alert">
            {move || error.get()}
        </p>
    }
}

/// The messages of the file.
#[component]
fn Names(source: Arc<Source>, types: Arc<Types>) -> impl IntoView {
    let id = Scope::here().id("message-type");
    let (of, all) = (Arc::clone(&source), Arc::clone(&types));
    let chosen = Memo::new(move |_| choices::message_type(&of, &all).unwrap_or_default());
    let choose = move |event| choices::choose_message_type(&source, event_target_value(&event));
    let option = |name: &str| {
        let (name, value) = (name.to_owned(), name.to_owned());
        let words = name.clone();
        view! {
            <option value=value selected=move || chosen.with(|chosen| *chosen == name)>
                {words}
            </option>
        }
    };
    view! {
        <label for=id.clone()>"Message type"</label>
        <select id=id on:change=choose>
            <option value="">"unknown"</option>
            {types.schema.message_names().map(option).collect_view()}
        </select>
    }
}

fn read(file: web_sys::File, error: RwSignal<Option<String>>) {
    let name = file.name();
    if file.size() > MAX_FILE as f64 {
        error.set(Some(format!(
            "{name} is larger than {MAX_FILE} bytes, the limit of this page. Choose a smaller file."
        )));
        return;
    }
    spawn_local(async move {
        let bytes = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
        let schema = match (bytes, types().await) {
            (Err(_), _) => Err(format!("The browser could not read {name}. Choose it again.")),
            (_, Err(_)) => {
                Err("The part of the page that reads types failed to load. Choose the file again. If the server was updated, reload the page.".into())
            }
            (Ok(buffer), Ok(read)) => read(&name, &js_sys::Uint8Array::new(&buffer).to_vec()),
        };
        match schema {
            Ok(schema) => {
                let _ = error.try_set(None);
                choices::set_types(Types { file: name, schema });
            }
            // The signal is gone if the visitor has left the page.
            Err(words) => drop(error.try_set(Some(words))),
        }
    });
}
