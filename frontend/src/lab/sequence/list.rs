//! The rows under their heads, and what the bar above says about them. Only the rows in view are in the document.

use super::heads::Heads;
use super::lifelines;
use super::place::PlaceKeeper;
use super::row::{HEIGHT, RowView, element_id};
use super::search::{Search, key_of, number_of};
use crate::lab::Lab;
use crate::ui::format;
use crate::ui::scope::Scope;
use leptos::html;
use leptos::prelude::*;
use observation::sequence::{Row, RowKey};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// Rows in the document above and below those in view.
const MARGIN: usize = 8;

/// A row that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shown {
    /// Its place among the rows that are shown.
    index: usize,
    /// Its number in the record.
    number: usize,
    row: Row,
}

/// The part of the list in view, in pixels.
#[derive(Clone, Copy)]
struct Window {
    top: RwSignal<usize>,
    height: RwSignal<usize>,
}

/// The heads and the rows that match the filter.
#[component]
pub fn List(search: Search) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let window = Window { top: RwSignal::new(0), height: RwSignal::new(0) };
    let visible = Memo::new(move |_| {
        let first = window.top.get() / HEIGHT;
        let count = window.height.get() / HEIGHT + 1;
        let range = first.saturating_sub(MARGIN)..(first + count + MARGIN).min(search.shown(lab));
        lab.record.with(|record| {
            let row = |index| {
                let number = search.number(lab, index)?;
                let row = record.sequence.get(number.checked_sub(record.sequence.first_number())?)?;
                Some(Shown { index, number, row })
            };
            range.filter_map(row).collect::<Vec<Shown>>()
        })
    });
    let middle = Memo::new(move |_| {
        visible.with(|rows| lab.record.with(|record| lifelines::middle(record, rows.iter().map(|shown| shown.row.key))))
    });
    view! {
        <div class="lanes" class:hops=move || middle.with(Option::is_some)>
            <Heads middle/>
            <Rows search window visible/>
        </div>
    }
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
fn Rows(search: Search, window: Window, visible: Memo<Vec<Shown>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let list = NodeRef::<html::Div>::new();
    // At the end of the list, new rows scroll the view. Scrolled up, it stays.
    let at_end = StoredValue::new(true);
    let total = Memo::new(move |_| search.shown(lab));
    let keeper = PlaceKeeper::new(lab, search);
    let remember = move || keeper.remember(window.top.get_untracked(), window.height.get_untracked());
    let measure = move || {
        if let Some(list) = list.get_untracked() {
            window.top.set(pixels(list.scroll_top()));
            window.height.set(pixels(list.client_height()));
            remember();
        }
    };
    let scrolled = move || {
        let before = window.top.get_untracked();
        measure();
        let top = window.top.get_untracked();
        let bottom = top + window.height.get_untracked();
        if bottom + HEIGHT / 2 >= total.get_untracked() * HEIGHT {
            // A list that is still filtered has an end that is none.
            if keeper.is_settled() {
                at_end.set_value(true);
            }
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
    let shows = Memo::new(move |_| (search.text.with(|text| text.trim().to_owned()), search.hides()));
    Effect::new(move |before: Option<(String, bool)>| {
        let now = shows.get();
        if before.is_some_and(|before| before != now) && keeper.changed(at_end.get_value()) {
            at_end.set_value(false);
        }
        if let Some(top) = keeper.due() {
            request_animation_frame(move || scroll_top(list, top));
        }
        now
    });
    let index_of = move |key: RowKey| search.index_of(lab, number_of(lab, key)?);
    let go_to = move |index: usize| {
        if let Some(key) = search.number(lab, index).and_then(|number| key_of(lab, number)) {
            lab.inspect(key);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let Some(last) = total.get_untracked().checked_sub(1) else { return };
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
            request_animation_frame(move || {
                scroll_to(list, index);
                scrolled();
            });
        }
    });
    let is_drawn = move |key: RowKey| visible.with(|rows| rows.iter().any(|shown| shown.row.key == key));
    let active = move || lab.selected.get().filter(|&key| is_drawn(key)).map(|key| place.id(&element_id(key)));
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
                <For each=move || visible.get() key=Shown::clone children=move |Shown { index, number, row }| {
                    view! { <RowView row index number total search/> }
                }/>
            </div>
            <p class="nothing" hidden=move || { total.get() > 0 || !search.progress.with(|progress| progress.is_done) }>
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

fn scroll_top(list: NodeRef<html::Div>, top: usize) {
    if let (Some(list), Ok(top)) = (list.try_get_untracked().flatten(), i32::try_from(top)) {
        list.set_scroll_top(top);
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
