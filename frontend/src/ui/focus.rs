//! The keyboard's place on the page: it is moved on when what had it goes away.

use super::place::Place;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Gives the focus to the element called `id`; `false` if there is none.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// To the rows of a page with one playground.
pub fn focus_rows() {
    Place::default().focus_rows();
}

/// For a view that goes away by itself: when the focus is in it then, it moves on to the rows. `selector` finds the view's
/// element from what is inside it.
pub fn moves_on_from(selector: &'static str) {
    // The reactive owner is cleaned up before the document changes, so the focus still is where it was.
    on_cleanup(move || {
        let focused = document().active_element();
        if focused.is_some_and(|element| element.closest(selector).is_ok_and(|view| view.is_some())) {
            request_animation_frame(|| {
                if is_lost() {
                    focus_rows();
                }
            });
        }
    });
}

/// Whether the focus is nowhere: what had it has left the page.
fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}
