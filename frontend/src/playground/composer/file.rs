//! Choosing a file to send as one binary message.

use crate::ui::chosen_file::{chosen_file, dropped_file};
use crate::ui::format;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::rc::Rc;

/// The largest file that the page reads, in bytes.
const MAX_FILE: u64 = 64 << 20;

#[derive(Clone, Default)]
pub(super) enum FileDraft {
    #[default]
    None,
    Reading(String),
    Ready {
        name: String,
        bytes: Rc<[u8]>,
    },
    Unreadable(String),
}

#[component]
pub(super) fn FileField(file: RwSignal<FileDraft, LocalStorage>) -> impl IntoView {
    let choose = move |event: web_sys::Event| {
        if let Some(chosen) = chosen_file(&event) {
            read(chosen, file);
        }
    };
    let drop_in = move |event: web_sys::DragEvent| {
        event.prevent_default();
        if let Some(dropped) = dropped_file(&event) {
            read(dropped, file);
        }
    };
    let words = move || match file.get() {
        FileDraft::Ready { name, bytes } => format!("{name}, {}", format::bytes(bytes.len() as u64)),
        FileDraft::Reading(name) => format!("{name}…"),
        FileDraft::None | FileDraft::Unreadable(_) => "Choose a file or drop one here".into(),
    };
    view! {
        <label class="drop" on:dragover=move |event| event.prevent_default() on:drop=drop_in>
            <input type="file" class="hidden" on:change=choose aria-describedby="draft-note"/>
            <span>{words}</span>
        </label>
    }
}

fn read(chosen: web_sys::File, file: RwSignal<FileDraft, LocalStorage>) {
    let name = chosen.name();
    if chosen.size() > MAX_FILE as f64 {
        let limit = format::size(MAX_FILE);
        file.set(FileDraft::Unreadable(format!(
            "{name} is larger than {limit}, the limit of this page. Choose a smaller file."
        )));
        return;
    }
    file.set(FileDraft::Reading(name.clone()));
    spawn_local(async move {
        let read = wasm_bindgen_futures::JsFuture::from(chosen.array_buffer()).await;
        let draft = match read {
            Ok(buffer) => FileDraft::Ready { name, bytes: js_sys::Uint8Array::new(&buffer).to_vec().into() },
            Err(_) => FileDraft::Unreadable(format!("The browser could not read {name}. Choose it again.")),
        };
        // The signal is gone if the visitor has left the page.
        let _ = file.try_set(draft);
    });
}
