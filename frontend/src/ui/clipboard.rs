//! Copying a text, with the result.

use leptos::prelude::*;
use leptos::task::spawn_local;

/// Whether the last copy worked; `None` before the first.
#[derive(Clone, Copy)]
pub struct Copied(RwSignal<Option<bool>>);

impl Copied {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub fn get(self) -> Option<bool> {
        self.0.get()
    }

    pub fn copy(self, text: &str) {
        if !window().is_secure_context() {
            // Browsers offer no clipboard to a page loaded over http from another machine.
            self.0.set(Some(false));
            return;
        }
        let writing = window().navigator().clipboard().write_text(text);
        spawn_local(async move {
            let done = wasm_bindgen_futures::JsFuture::from(writing).await.is_ok();
            // The signal is gone if the visitor has left the page.
            let _ = self.0.try_set(Some(done));
        });
    }
}
