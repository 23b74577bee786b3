//! Several labs on one page: each has its own scope, which keeps the ids and names of its elements apart.

use super::focus::focus;
use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// The scope of the view that is being built, from context. A page with one lab has no scope and plain ids.
#[derive(Clone, Copy, Default)]
pub struct Scope(Option<(u32, StoredValue<String>)>);

impl Scope {
    /// A new scope. `name` tells it apart for screen readers.
    pub fn another(name: String) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Self(Some((LAST.fetch_add(1, Ordering::Relaxed) + 1, StoredValue::new(name))))
    }

    pub fn here() -> Self {
        use_context().unwrap_or_default()
    }

    /// `name` as an id that is unique on the page.
    pub fn id(self, name: &str) -> String {
        self.0.map_or_else(|| name.to_owned(), |(number, _)| format!("{name}-{number}"))
    }

    /// What follows a name in this scope: `: First run`
    pub fn suffix(self) -> Option<String> {
        self.0.map(|(_, name)| format!(": {}", name.get_value()))
    }

    pub fn focus(self, name: &str) -> bool {
        focus(&self.id(name))
    }

    /// Focuses the rows, or the button that opens the first connection.
    pub fn focus_rows(self) {
        if !self.focus("frames") && !self.focus("begin") {
            focus("workspace");
        }
    }
}

/// Focuses the rows of a page with one lab.
pub fn focus_rows() {
    Scope::default().focus_rows();
}

/// For a view that disappears without the visitor: if it has the focus then, the focus moves to the rows. `selector` finds the
/// view's element from inside.
pub fn moves_on_from(selector: &'static str) {
    // The reactive owner is cleaned up before the document changes, so the focus is still in the view.
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

/// Whether the focused element has left the page.
fn is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}
