//! What is around the field of the filter: its error, help with examples, and a strip with the hits.

use super::saved::Saved;
use super::search::{Search, key_of, number_of};
use crate::lab::Lab;
use crate::lab::filter::FilterError;
use crate::ui::enter::is_enter;
use crate::ui::format;
use crate::ui::icon::{DOWN, Icon, UP};
use crate::ui::scope::Scope;
use leptos::prelude::*;

/// Examples of filters, and what each finds.
const EXAMPLES: [(&str, &str); 10] = [
    ("hello", "rows with this text; capital letters do not matter"),
    ("\"two words\"", "a text with spaces"),
    ("/id=[0-9]+/", "a regular expression; /…/i ignores capital letters"),
    ("-opcode:ping", "everything but pings: a minus excludes"),
    ("from:client kind:text", "text messages from the client: all terms must match"),
    ("size:>1k", "messages of more than 1,000 bytes; also size:<10 and size:1k..2k"),
    ("after:2s before:5s", "by the time since the connection began"),
    ("json:$.type=ping", "JSON with this value at this place"),
    ("field:event=chat", "messages with this decoded field"),
    ("is:wrong", "broken rules; also is:deliberate, is:compressed, is:fragmented, is:intercepted, is:noted"),
];

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

/// Inside the field, at its end: a button that opens examples and the saved filters.
#[component]
pub fn Help(search: Search) -> impl IntoView {
    let place = Scope::here();
    let open = RwSignal::new(false);
    let close = move || {
        open.set(false);
        place.focus("filter-help");
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    };
    let take = move |text: &str| {
        search.text.set(text.to_owned());
        open.set(false);
        place.focus("filter");
    };
    let example = move |(text, what): (&'static str, &'static str)| {
        view! {
            <li>
                <button type="button" class="mono" on:click=move |_| take(text)>
                    {text}
                </button>
                <span>{what}</span>
            </li>
        }
    };
    view! {
        <button
            type="button"
            id=place.id("filter-help")
            class="help"
            aria-label="Help with filters"
            aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            "?"
        </button>
        <div class="filter-help" role="group" aria-label="Help with filters" hidden=move || !open.get() on:keydown=on_key>
            <ul>{EXAMPLES.into_iter().map(example).collect_view()}</ul>
            <Saved text=search.text take=Callback::new(move |(text,): (String,)| take(&text))/>
        </div>
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
