//! Saves an opened recording with the notes that were pinned to it on the page.

use crate::lab::Lab;
use crate::ui::object_url::ObjectUrl;
use leptos::prelude::*;
use observation::{Document, Event, Observation, Seq};
use wasm_bindgen::JsCast;

/// A link that downloads the recording as JSON. It appears when the notes have changed since the file was opened.
#[component]
pub(super) fn SaveLink(
    lab: Lab,
    /// The file without its observations.
    head: Document,
) -> impl IntoView {
    let newest_note = move || lab.record.with(|record| record.transcript.newest_note());
    let opened = untrack(newest_note);
    let has_changed = Memo::new(move |_| newest_note() != opened);
    // Created on demand and released with the view.
    let link = RwSignal::new_local(None::<ObjectUrl>);
    let head = StoredValue::new_local(head);
    let save = move |event: web_sys::MouseEvent| {
        let document = Document { observations: observations(lab), ..head.get_value() };
        let url = serde_json::to_vec(&document).ok().and_then(|json| ObjectUrl::of(&json, "application/json"));
        let anchor = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        if let (Some(url), Some(anchor)) = (url, anchor) {
            // A constant name: setting it cannot fail.
            let _ = anchor.set_attribute("href", url.as_str());
            link.set(Some(url));
        }
    };
    view! {
        <Show when=move || has_changed.get()>
            <a class="button small" download="framescope-with-notes.json" href="data:," on:click=save>
                "Save the recording"
            </a>
        </Show>
    }
}

/// All that is kept, without notes that were replaced or removed.
fn observations(lab: Lab) -> Vec<Observation> {
    lab.record.with_untracked(|record| {
        let transcript = &record.transcript;
        let in_force = |note: Seq, event: &Event| match event {
            Event::Note(observation::Note { about, .. }) => transcript.note_number(*about) == Some(note),
            _ => true,
        };
        let kept = transcript.iter().filter(|seen| in_force(seen.seq, &seen.event));
        kept.map(|seen| (**seen).clone()).collect()
    })
}
