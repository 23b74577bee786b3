//! The help of the filter: a button in its field, with examples and the saved filters. It is above the rest of the page, because the
//! sequence may be lower than it.

use super::saved::Saved;
use super::search::Search;
use crate::ui::scope::Scope;
use leptos::ev;
use leptos::html::{Button, Div};
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

/// Between the help and the button, and to the edges of the window, in pixels.
const GAP: f64 = 8.0;
/// With less room below the button, the help may be above it.
const LOW: f64 = 240.0;
const WIDTH: f64 = 480.0;

/// Where the help is in the window, in pixels. It has `top` or `bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    top: Option<f64>,
    bottom: Option<f64>,
    right: f64,
    most_height: f64,
}

impl Place {
    /// At a button with these edges, in a window of this size.
    fn at([top, right, bottom]: [f64; 3], [width, height]: [f64; 2]) -> Self {
        let (above, below) = (top - 2.0 * GAP, height - bottom - 2.0 * GAP);
        let right = (width - right).min(width - GAP - WIDTH.min(width - 2.0 * GAP)).max(GAP);
        match below >= LOW || below >= above {
            true => Self { top: Some(bottom + GAP), bottom: None, right, most_height: below },
            false => Self { top: None, bottom: Some(height - top + GAP), right, most_height: above },
        }
    }
}

#[component]
pub(super) fn Help(search: Search) -> impl IntoView {
    let scope = Scope::here();
    let (button, help) = (NodeRef::<Button>::new(), NodeRef::<Div>::new());
    // While it is open.
    let place = RwSignal::new(None::<Place>);
    let is_open = move || place.with(Option::is_some);
    let here = move || {
        let edges = button.get_untracked()?.get_bounding_client_rect();
        let window = document().document_element()?;
        let size = [window.client_width(), window.client_height()].map(f64::from);
        Some(Place::at([edges.top(), edges.right(), edges.bottom()], size))
    };
    let show = move |to: Option<Place>| {
        let Some(help) = help.get_untracked() else { return };
        let was_open = place.with_untracked(Option::is_some);
        place.set(to);
        // Neither fails: it is on the page, and it changes only here.
        let _ = match (was_open, to.is_some()) {
            (false, true) => help.show_popover(),
            (true, false) => help.hide_popover(),
            _ => Ok(()),
        };
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            show(None);
            scope.focus("filter-help");
        }
    };
    let resized = window_event_listener(ev::resize, move |_| {
        if untrack(is_open) {
            show(here());
        }
    });
    on_cleanup(move || resized.remove());
    let take = move |text: &str| {
        search.text.set(text.to_owned());
        show(None);
        scope.focus("filter");
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
    let pixels =
        move |of: fn(Place) -> Option<f64>| move || place.get().and_then(of).map(|number| format!("{number}px"));
    view! {
        <button
            type="button"
            id=scope.id("filter-help")
            class="help"
            aria-label="Help with filters"
            aria-expanded=move || is_open().to_string()
            on:click=move |_| show(if untrack(is_open) { None } else { here() })
            node_ref=button
        >
            "?"
        </button>
        <div
            class="filter-help"
            role="group"
            aria-label="Help with filters"
            popover="manual"
            style:top=pixels(|place| place.top)
            style:bottom=pixels(|place| place.bottom)
            style:right=pixels(|place| Some(place.right))
            style:max-height=pixels(|place| Some(place.most_height))
            on:keydown=on_key
            node_ref=help
        >
            <ul>{EXAMPLES.into_iter().map(example).collect_view()}</ul>
            <Saved text=search.text take=Callback::new(move |(text,): (String,)| take(&text))/>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn the_help_is_where_there_is_room() {
        let below = Place::at([100.0, 1200.0, 124.0], [1280.0, 600.0]);
        assert_eq!(below, Place { top: Some(132.0), bottom: None, right: 80.0, most_height: 460.0 });
        let above = Place::at([450.0, 1200.0, 474.0], [1280.0, 600.0]);
        assert_eq!(above, Place { top: None, bottom: Some(158.0), right: 80.0, most_height: 434.0 });
        // A narrow window has all of its width.
        assert_eq!(Place::at([100.0, 200.0, 124.0], [360.0, 740.0]).right, 8.0);
        assert_eq!(Place::at([100.0, 358.0, 124.0], [360.0, 740.0]).right, 8.0);
    }
}
