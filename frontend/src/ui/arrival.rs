//! A reader who comes to another page of this app: what the document is called there, and where the keyboard is.

use super::focus::focus;
use leptos::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Names the document after what it shows, as long as that is shown.
pub fn title(words: &str) {
    let title = format!("{words} · Framescope");
    document().set_title(&title);
    on_cleanup(move || {
        // What is shown next may have named it already.
        if document().title() == title {
            document().set_title("Framescope");
        }
    });
}

/// Whether the reader comes from another page, and not by an address.
pub fn came_along() -> bool {
    static BEEN: AtomicBool = AtomicBool::new(false);
    BEEN.swap(true, Ordering::Relaxed)
}

/// Brings the element called `name` into view and the keyboard there, as soon as it can have it: its style may still be coming.
pub fn focus_when_seen(name: impl Into<String>) {
    /// Frames to wait; a few seconds.
    const PATIENCE: u32 = 300;
    fn again(name: String, left: u32) {
        request_animation_frame(move || {
            let Some(element) = document().get_element_by_id(&name) else { return };
            focus(&name);
            if document().active_element().is_some_and(|active| active == element) {
                element.scroll_into_view();
            } else if left > 0 {
                again(name, left - 1);
            }
        });
    }
    again(name.into(), PATIENCE);
}

/// Changes what stands inside the element called `place`. If the focus is in there and goes with it, the place itself gets it,
/// for which it needs a `tabindex`.
pub fn keep_focus(place: &'static str, change: impl FnOnce()) {
    let inside = move || {
        let focused = document().active_element()?;
        focused.closest(&format!("#{place}")).ok().flatten()
    };
    let was_inside = inside().is_some();
    change();
    if was_inside {
        request_animation_frame(move || {
            if inside().is_none() {
                focus(place);
            }
        });
    }
}
