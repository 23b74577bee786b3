//! The definitions of a lesson's terms. One shows beside its term when the reader points at the term, focuses it or taps it.

use crate::site;
use curriculum::glossary::Definition;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

/// The class of the definitions' area.
const AREA: &str = "terms";
/// Where the ids of definitions start, as the relay writes them into links.
const ID: &str = "definition-";
/// The width of a definition, and its distance from the edge, in CSS pixels.
const WIDTH: f64 = 340.0;
const MARGIN: f64 = 12.0;

/// The definition that is shown.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    /// The id of the definition.
    id: String,
    place: Place,
    /// Whether the reader tapped the term. A second tap opens the glossary.
    tapped: bool,
}

/// Where a definition is, in the coordinates of the area.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    left: f64,
    top: f64,
    width: f64,
    /// Whether it ends at `top` instead of beginning there.
    above: bool,
}

/// The text of a lesson, with the definitions of its terms. `on_click` gets the clicks in it, except the first tap on a term.
#[component]
pub(super) fn LessonText(
    terms: Vec<Definition>,
    on_click: impl Fn(ev::MouseEvent) + 'static,
    children: Children,
) -> impl IntoView {
    let shown = RwSignal::new(None::<Shown>);
    // Whether the reader last used a finger: a touch also focuses and clicks.
    let touches = StoredValue::new(false);
    let hide = move || shown.set(None);
    let is_shown = move |term: &Element| {
        shown.with_untracked(|shown| shown.as_ref().map(|shown| &shown.id) == definition_of(term).as_ref())
    };
    let over = move |event: ev::PointerEvent| {
        if event.pointer_type() == "touch" {
            return;
        }
        match (term_at(event.target()), closest(event.target(), ".definition")) {
            (Some(term), _) => shown.set(place_at(&term, false)),
            (None, Some(_)) => {}
            (None, None) if focused_term().is_some_and(|term| is_shown(&term)) => {}
            (None, None) => hide(),
        }
    };
    let down = move |event: ev::PointerEvent| touches.set_value(event.pointer_type() == "touch");
    let focus = move |event: ev::FocusEvent| {
        if let Some(term) = term_at(event.target()).filter(|_| !touches.get_value()) {
            shown.set(place_at(&term, false));
        }
    };
    let click = move |event: ev::MouseEvent| {
        let Some(term) = term_at(event.target()).filter(|term| touches.get_value() && !is_shown(term)) else {
            return on_click(event);
        };
        event.prevent_default();
        shown.set(place_at(&term, true));
    };
    let pressed = window_event_listener(ev::keydown, move |event| {
        touches.set_value(false);
        if event.key() == "Escape" {
            hide();
        }
    });
    // A touch outside of the term and its definition.
    let away = window_event_listener(ev::pointerdown, move |event| {
        if term_at(event.target()).is_none() && closest(event.target(), ".definition").is_none() {
            hide();
        }
    });
    on_cleanup(move || {
        pressed.remove();
        away.remove();
    });
    let definition = move |Definition { id, short, .. }: Definition| {
        let id = format!("{ID}{id}");
        let short = format!("<span>{short}</span>");
        let own = id.clone();
        let mine = Memo::new(move |_| shown.with(|shown| shown.clone().filter(|shown| shown.id == own)));
        let pixels = move |of: fn(Place) -> f64| move || mine.get().map(|shown| format!("{}px", of(shown.place)));
        view! {
            <div
                id=id
                role="tooltip"
                class="definition"
                class:above=move || mine.get().is_some_and(|shown| shown.place.above)
                hidden=move || mine.get().is_none()
                style:left=pixels(|place| place.left)
                style:top=pixels(|place| place.top)
                style:width=pixels(|place| place.width)
            >
                <div>
                    <span class="prose-block" inner_html=site::html(&short)></span>
                    {move || mine.get().filter(|shown| shown.tapped).map(|_| view! {
                        <span class="muted">" Tap the term again to open the glossary."</span>
                    })}
                </div>
            </div>
        }
    };
    view! {
        <main class=format!("lesson {AREA}") on:pointerover=over on:pointerdown=down on:focusin=focus on:focusout=move |_| hide() on:click=click>
            {children()}
            {terms.into_iter().map(definition).collect_view()}
        </main>
    }
}

fn closest(target: Option<EventTarget>, selector: &str) -> Option<Element> {
    target.and_then(|target| target.dyn_into::<Element>().ok())?.closest(selector).ok().flatten()
}

/// The link to a term at the target of an event.
fn term_at(target: Option<EventTarget>) -> Option<Element> {
    closest(target, "a.term")
}

fn focused_term() -> Option<Element> {
    document().active_element()?.closest("a.term").ok().flatten()
}

/// The id of the definition of a term.
fn definition_of(term: &Element) -> Option<String> {
    term.get_attribute("aria-describedby")
}

/// The definition of `term`, below it, or above it in the lower half of the window.
fn place_at(term: &Element, tapped: bool) -> Option<Shown> {
    let id = definition_of(term)?;
    let term = term.dyn_ref::<HtmlElement>()?;
    let area = term.closest(&format!(".{AREA}")).ok().flatten()?.dyn_into::<HtmlElement>().ok()?;
    let ((left, top), (_, area_top)) = (offset(term, Some(&area)), offset(&area, None));
    let area_width = f64::from(area.offset_width());
    let width = WIDTH.min(area_width - 2.0 * MARGIN);
    let height = f64::from(term.offset_height());
    let below_window_top = area_top + top + height - window().scroll_y().ok()?;
    let above = below_window_top > window().inner_height().ok()?.as_f64()? / 2.0;
    let place = Place {
        left: left.clamp(MARGIN, (area_width - width - MARGIN).max(MARGIN)),
        top: if above { top } else { top + height },
        width,
        above,
    };
    Some(Shown { id, place, tapped })
}

/// Where `element` is in `area`, or in the document: left and top.
fn offset(element: &HtmlElement, area: Option<&Element>) -> (f64, f64) {
    let (mut left, mut top, mut at) = (0, 0, Some(element.clone()));
    while let Some(element) = at.filter(|element| Some(element.unchecked_ref::<Element>()) != area) {
        left += element.offset_left();
        top += element.offset_top();
        at = element.offset_parent().and_then(|parent| parent.dyn_into().ok());
    }
    (left.into(), top.into())
}
