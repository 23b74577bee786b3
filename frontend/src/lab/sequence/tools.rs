//! What is around the field of the filter: its error, and a strip with the hits.

use super::search::{Search, key_of, number_of};
use crate::lab::Lab;
use crate::lab::filter::FilterError;
use crate::ui::enter::is_enter;
use crate::ui::format;
use crate::ui::icon::{DOWN, Icon, UP};
use leptos::prelude::*;

/// The piece that is wrong, and what to write instead.
#[component]
pub fn Error(search: Search) -> impl IntoView {
    let error = Memo::new(move |_| search.progress.with(|progress| progress.error.clone()));
    move || {
        let FilterError { piece, said } = error.get()?;
        let piece = (!piece.is_empty()).then(|| view! { <code>{format::one_line(&piece, 40)}</code> " " });
        Some(view! { {piece} {said} })
    }
}

/// How many hits there are, and buttons that go from one to the next.
#[component]
pub fn Hits(search: Search) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let progress = search.progress;
    let is_active = Memo::new(move |_| progress.with(|progress| progress.is_active));
    let selected = Memo::new(move |_| {
        progress.track();
        search.hit(lab.selected.get().and_then(|key| number_of(lab, key))?)
    });
    let words = move || {
        let (hits, is_done) = progress.with(|progress| (progress.hits as u64, progress.is_done));
        let all = format::plural(hits, "hit");
        match selected.get() {
            _ if !is_done => format!("{all} so far…"),
            Some(index) => format!("Hit {} of {}", format::count(index as u64 + 1), format::count(hits)),
            None => all,
        }
    };
    let none = move || progress.with(|progress| progress.hits == 0).to_string();
    view! {
        <Show when=move || is_active.get()>
            <div class="hits" role="group" aria-label="Hits of the filter">
                <span class="count" role="status">{words}</span>
                <button type="button" class="icon" aria-label="Previous hit" title="Shift+Enter in the filter" aria-disabled=none on:click=move |_| step(lab, search, false)>
                    <Icon path=UP/>
                </button>
                <button type="button" class="icon" aria-label="Next hit" title="Enter in the filter" aria-disabled=none on:click=move |_| step(lab, search, true)>
                    <Icon path=DOWN/>
                </button>
                <label>
                    <input
                        type="checkbox"
                        prop:checked=search.only_hits
                        on:change=move |event| search.only_hits.set(event_target_checked(&event))
                    />
                    "Hide other rows"
                </label>
            </div>
        </Show>
    }
}

/// In the field, Enter goes to the next hit, and with Shift to the one before.
pub fn on_key(lab: Lab, search: Search, event: &web_sys::KeyboardEvent) {
    if is_enter(event) {
        event.prevent_default();
        step(lab, search, !event.shift_key());
    }
}

/// Selects the next hit, or the one before.
fn step(lab: Lab, search: Search, forward: bool) {
    let now = lab.selected.get_untracked().and_then(|key| number_of(lab, key));
    let key = search.neighbor(now, forward).and_then(|number| key_of(lab, number));
    if let Some(key) = key {
        lab.inspect(key);
    }
}
