//! The rows under their heads, and what the bar above says about them. Only the rows in view are in the document.

use super::heads::Heads;
use super::lifelines;
use super::row::{HEIGHT, RowView, element_id};
use crate::lab::Lab;
use crate::lab::store::filter::Filter;
use crate::ui::format;
use crate::ui::scope::Scope;
use leptos::html;
use leptos::prelude::*;
use observation::sequence::{Row, RowKey};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// Rows in the document above and below those in view.
const MARGIN: usize = 8;

/// The rows that match the filter.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    /// All of them.
    All(usize),
    Some(Vec<usize>),
}

impl Shown {
    fn len(&self) -> usize {
        match self {
            Self::All(len) => *len,
            Self::Some(rows) => rows.len(),
        }
    }

    /// The index in the record of the row at `index`.
    fn row(&self, index: usize) -> Option<usize> {
        match self {
            Self::All(len) => (index < *len).then_some(index),
            Self::Some(rows) => rows.get(index).copied(),
        }
    }

    /// The index at which a row of the record is shown.
    fn index_of(&self, row: usize) -> Option<usize> {
        match self {
            Self::All(len) => (row < *len).then_some(row),
            Self::Some(rows) => rows.binary_search(&row).ok(),
        }
    }
}

/// The part of the list in view, in pixels.
#[derive(Clone, Copy)]
struct Window {
    top: RwSignal<usize>,
    height: RwSignal<usize>,
}

/// The heads and the rows that match the filter.
#[component]
pub fn List(filter_text: RwSignal<String>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let filter = Memo::new(move |_| Filter::parse(&filter_text.get()));
    let shown = Memo::new(move |_| {
        lab.record.with(|record| match filter.get() {
            Ok(filter) if !filter.is_empty() => {
                let fits = |&index: &usize| record.sequence.get(index).is_some_and(|row| filter.matches(record, &row));
                Shown::Some((0..record.sequence.len()).filter(fits).collect())
            }
            _ => Shown::All(record.sequence.len()),
        })
    });
    let window = Window { top: RwSignal::new(0), height: RwSignal::new(0) };
    let visible = Memo::new(move |_| {
        let first = window.top.get() / HEIGHT;
        let count = window.height.get() / HEIGHT + 1;
        shown.with(|shown| {
            let range = first.saturating_sub(MARGIN)..(first + count + MARGIN).min(shown.len());
            lab.record.with(|record| {
                let row = |index| Some((index, record.sequence.get(shown.row(index)?)?));
                range.filter_map(row).collect::<Vec<(usize, Row)>>()
            })
        })
    });
    let middle = Memo::new(move |_| {
        visible.with(|rows| lab.record.with(|record| lifelines::middle(record, rows.iter().map(|(_, row)| row.key))))
    });
    view! {
        <div class="lanes" class:hops=move || middle.with(Option::is_some)>
            <Heads middle/>
            <Rows shown window visible/>
        </div>
    }
}

/// What is wrong with the filter.
pub fn filter_error(text: &str) -> Option<String> {
    Filter::parse(text).err()
}

/// How much there is, and the last round trip.
#[component]
pub fn Summary() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let total = Memo::new(move |_| {
        lab.record.with(|record| {
            let total = record.transcript.total();
            (total.frames, total.bytes)
        })
    });
    // The last one on this page's connection.
    let round_trip = Memo::new(move |_| {
        let socket = lab.socket.with(|socket| socket.as_ref().map(|socket| socket.number))?;
        lab.record.with(|record| {
            let trip = record.transcript.round_trips().of(record.sequence.connection(socket)?).next_back()?;
            Some((trip.us, trip.is_uncertain))
        })
    });
    move || {
        let (frames, bytes) = total.get();
        let trip = round_trip.get().map(|(us, is_uncertain)| {
            format!(" · ping {} ms{}", format::milliseconds(us), if is_uncertain { "?" } else { "" })
        });
        (frames > 0).then(|| {
            let words =
                format!("{} · {}{}", format::plural(frames, "frame"), format::size(bytes), trip.unwrap_or_default());
            view! { <span class="muted one-line">{words}</span> }
        })
    }
}

#[component]
fn Rows(shown: Memo<Shown>, window: Window, visible: Memo<Vec<(usize, Row)>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let list = NodeRef::<html::Div>::new();
    // At the end of the list, new rows scroll the view. Scrolled up, it stays.
    let at_end = StoredValue::new(true);
    let total = Signal::derive(move || shown.with(Shown::len));
    let measure = move || {
        if let Some(list) = list.get_untracked() {
            window.top.set(pixels(list.scroll_top()));
            window.height.set(pixels(list.client_height()));
        }
    };
    let scrolled = move || {
        let before = window.top.get_untracked();
        measure();
        let top = window.top.get_untracked();
        let bottom = top + window.height.get_untracked();
        if bottom + HEIGHT / 2 >= shown.with_untracked(Shown::len) * HEIGHT {
            at_end.set_value(true);
        } else if top < before {
            // Otherwise the list went to its end, and more rows arrived before this event.
            at_end.set_value(false);
        }
    };
    let to_end = move || {
        if let Some(list) = list.try_get_untracked().flatten() {
            list.set_scroll_top(list.scroll_height());
        }
    };
    observe_size(list, move || {
        // A list at its end stays at its end when it gets smaller.
        if at_end.get_value() {
            to_end();
        }
        measure();
    });
    Effect::new(move || {
        total.track();
        if at_end.get_value() {
            request_animation_frame(to_end);
        }
    });
    let index_of = move |key: RowKey| {
        let row = lab.record.with_untracked(|record| record.sequence.position(key))?;
        shown.with_untracked(|shown| shown.index_of(row))
    };
    let go_to = move |index: usize| {
        let row = shown.with_untracked(|shown| shown.row(index));
        let key = row.and_then(|row| lab.record.with_untracked(|record| record.sequence.get(row))).map(|row| row.key);
        if let Some(key) = key {
            lab.inspect(key);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let Some(last) = shown.with_untracked(Shown::len).checked_sub(1) else { return };
        let now = lab.selected.get_untracked().and_then(index_of);
        let page = window.height.get_untracked() / HEIGHT;
        let next = match (event.key().as_str(), now) {
            ("ArrowDown", None) | ("Home", _) => 0,
            ("ArrowUp", None) | ("End", _) => last,
            ("ArrowDown", Some(now)) => (now + 1).min(last),
            ("ArrowUp", Some(now)) => now.saturating_sub(1),
            ("PageDown", now) => (now.unwrap_or(0) + page).min(last),
            ("PageUp", now) => now.unwrap_or(0).saturating_sub(page),
            ("Enter", Some(_)) => {
                lab.inspecting.set(true);
                place.focus("inspector");
                return;
            }
            _ => return,
        };
        event.prevent_default();
        go_to(next);
    };
    // The selected row is scrolled into view, also if the page selected it.
    Effect::new(move || {
        if let Some(index) = lab.selected.get().and_then(index_of) {
            request_animation_frame(move || scroll_to(list, index));
        }
    });
    let active =
        move || lab.selected.get().filter(|&key| index_of(key).is_some()).map(|key| place.id(&element_id(key)));
    view! {
        <div
            id=place.id("frames")
            class="rows"
            role="listbox"
            tabindex="0"
            aria-label="Frames, oldest first"
            aria-activedescendant=active
            node_ref=list
            on:scroll=move |_| scrolled()
            on:keydown=on_key
        >
            <div class="height" role="presentation" style:height=move || format!("{}px", total.get() * HEIGHT)>
                <div class="row lifelines" role="presentation">
                    <span class="lines"></span>
                </div>
                <For each=move || visible.get() key=|row| row.clone() children=move |(index, row)| {
                    view! { <RowView row index total/> }
                }/>
            </div>
            <p class="nothing" hidden=move || { total.get() > 0 }>
                "No rows match the filter."
            </p>
        </div>
    }
}

/// Scrolls a row into view, no further than needed.
fn scroll_to(list: NodeRef<html::Div>, index: usize) {
    let Some(list) = list.try_get_untracked().flatten() else { return };
    let (top, bottom) = (index * HEIGHT, (index + 1) * HEIGHT);
    let (view_top, height) = (pixels(list.scroll_top()), pixels(list.client_height()));
    let wanted = if top < view_top { Some(top) } else { (bottom > view_top + height).then(|| bottom - height) };
    if let Some(wanted) = wanted.and_then(|wanted| i32::try_from(wanted).ok()) {
        list.set_scroll_top(wanted);
    }
}

/// A length from the document, which is never negative.
fn pixels(length: i32) -> usize {
    usize::try_from(length).unwrap_or(0)
}

/// Calls `changed` now and whenever the element's size changes, until the view is gone.
fn observe_size(element: NodeRef<html::Div>, changed: impl Fn() + Copy + 'static) {
    let observer = StoredValue::new_local(None::<(web_sys::ResizeObserver, Closure<dyn FnMut()>)>);
    Effect::new(move || {
        let Some(element) = element.get() else { return };
        let closure = Closure::<dyn FnMut()>::new(changed);
        if let Ok(resize) = web_sys::ResizeObserver::new(closure.as_ref().unchecked_ref()) {
            resize.observe(&element);
            observer.set_value(Some((resize, closure)));
        }
    });
    on_cleanup(move || {
        if let Some(Some((resize, _))) = observer.try_update_value(Option::take) {
            resize.disconnect();
        }
    });
}
