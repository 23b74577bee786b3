//! When a reader moves to another page of the app: the document's title, and the keyboard focus.

use super::focus::focus;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the document's title while the view is shown.
pub fn title(words: &str) {
    let title = format!("{words} · Framescope");
    document().set_title(&title);
    on_cleanup(move || {
        // The next view may have set it already.
        if document().title() == title {
            document().set_title("Framescope");
        }
    });
}

/// Whether the reader has moved to another page of the app since it was opened by its address.
static MOVED: AtomicBool = AtomicBool::new(false);

/// Notices when the reader moves to another page. The app calls it once, inside its router.
pub fn follow() {
    let path = use_location().pathname;
    let first = path.get_untracked();
    Effect::new(move || {
        if path.get() != first {
            MOVED.store(true, Ordering::Relaxed);
        }
    });
}

/// Whether the reader came from another page of the app, not from an address. For what a page draws later than itself.
pub fn came_along() -> bool {
    MOVED.load(Ordering::Relaxed)
}

/// Scrolls the element with this id into view and focuses it, as soon as it can be focused: its style may still be loading.
pub fn focus_when_seen(name: impl Into<String>) {
    /// Animation frames to wait; a few seconds.
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

/// Changes the content of the element `place`. If the change removes the focused element, `place` gets the focus; it needs a
/// `tabindex`.
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
