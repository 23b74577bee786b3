//! Tells the page around this one how high it is, so that its frame can have the same height:
//! `{ type: "framescope.height", height: 512 }`, in CSS pixels.

use super::Fit;
use crate::site;
use js_sys::{JSON, Reflect};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

/// The height of a piece that fills its frame: it shows a few rows of frames beside their bytes.
const COMFORTABLE: u32 = 640;

/// Tells the height of `root` now and whenever it changes.
pub(super) fn tell(root: NodeRef<html::Div>, fit: Fit) {
    let Some(element) = root.get_untracked() else { return };
    if fit == Fit::Frame {
        return send(COMFORTABLE);
    }
    let watched = element.clone();
    let mut told = 0;
    let changed = Closure::<dyn FnMut()>::new(move || {
        let height = watched.get_bounding_client_rect().height().ceil() as u32;
        if height != told {
            told = height;
            send(height);
        }
    });
    let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) else { return };
    observer.observe(&element);
    let kept = StoredValue::new_local((observer, changed));
    on_cleanup(move || {
        kept.try_with_value(|(observer, _)| observer.disconnect());
    });
}

/// Sends the message to the page around, if it is of a site that may embed this one. A browser delivers it to no other.
fn send(height: u32) {
    let Some(parent) = window().parent().ok().flatten().filter(|parent| *parent != window()) else { return };
    let Ok(message) = JSON::parse(&format!("{{\"type\":\"framescope.height\",\"height\":{height}}}")) else { return };
    let own = window().location().origin().unwrap_or_default();
    let allowed = site::embedding_sites().into_iter().chain([own]);
    // Firefox does not say which page is around. A message to another site than that is not delivered.
    for origin in allowed.filter(|origin| around().is_none_or(|around| around == *origin)) {
        // This fails only for something that is no origin.
        let _ = parent.post_message(&message, &origin);
    }
}

/// The origin of the page around, if the browser says so.
fn around() -> Option<String> {
    let origins = Reflect::get(&window().location(), &"ancestorOrigins".into()).ok()?;
    Reflect::get_u32(&origins, 0).ok()?.as_string()
}
