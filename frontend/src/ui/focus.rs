//! The keyboard's place on the page: it is moved on when what had it goes away.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Gives the focus to the element called `id`; `false` if there is none.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// To the rows, or where they will be.
pub fn focus_rows() {
    if !focus("frames") {
        focus("workspace");
    }
}

/// Whether the focus is nowhere: what had it has left the page.
pub fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// When the calling view goes and the focus went with it, it goes on to the rows.
pub fn keep_when_gone() {
    on_cleanup(|| {
        request_animation_frame(|| {
            if is_lost() {
                focus_rows();
            }
        });
    });
}
