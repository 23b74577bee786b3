//! The keyboard's place on the page: it is moved on when what had it goes away.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Gives the focus to the element called `id`; `false` if there is none.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// To the rows, or to the button that brings some.
pub fn focus_rows() {
    if !focus("frames") && !focus("begin") {
        focus("workspace");
    }
}

/// For a button that takes its own view away: when that goes after the button was pressed, and the focus went with it, the
/// focus moves on to the rows. Call what comes back when the button is pressed.
pub fn moves_on() -> impl Fn() + Copy + 'static {
    let pressed = StoredValue::new(false);
    on_cleanup(move || {
        if pressed.try_get_value() == Some(true) {
            request_animation_frame(|| {
                if is_lost() {
                    focus_rows();
                }
            });
        }
    });
    move || pressed.set_value(true)
}

/// Whether the focus is nowhere: what had it has left the page.
fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}
