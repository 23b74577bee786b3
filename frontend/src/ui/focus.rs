//! Moving the keyboard focus.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Focuses the element with this id; `false` if there is none.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
