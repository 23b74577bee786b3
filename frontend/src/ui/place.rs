//! Several playgrounds on one page: each has a place of its own, by which the ids and names of its elements differ.

use super::focus::focus;
use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// The place of what is being built, by context. A page with one playground has none, and plain ids.
#[derive(Clone, Copy, Default)]
pub struct Place(Option<(u32, StoredValue<String>)>);

impl Place {
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
