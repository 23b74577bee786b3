//! Several playgrounds on one page: each has a place of its own, by which the ids and names of its elements differ.

use super::focus::focus;
use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// The place of what is being built, by context. A page with one playground has none, and plain ids.
#[derive(Clone, Copy, Default)]
pub struct Scope(Option<(u32, StoredValue<String>)>);

impl Scope {
    /// One that no other is at; `name` tells it from others for those who do not see them.
    pub fn another(name: String) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Self(Some((LAST.fetch_add(1, Ordering::Relaxed) + 1, StoredValue::new(name))))
    }

    pub fn here() -> Self {
        use_context().unwrap_or_default()
    }

    /// `name` as an id that this page has once.
    pub fn id(self, name: &str) -> String {
        self.0.map_or_else(|| name.to_owned(), |(number, _)| format!("{name}-{number}"))
    }

    /// What sets a name apart from the same one at another place: `: First run`
    pub fn suffix(self) -> Option<String> {
        self.0.map(|(_, name)| format!(": {}", name.get_value()))
    }

    pub fn focus(self, name: &str) -> bool {
        focus(&self.id(name))
    }

    /// To the rows, or to the button that brings some.
    pub fn focus_rows(self) {
        if !self.focus("frames") && !self.focus("begin") {
            focus("workspace");
        }
    }
}

/// To the rows of a page with one playground.
pub fn focus_rows() {
    Scope::default().focus_rows();
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
