//! A page that shows what the relay has at one address: while that is on its way, and when it did not come.

use super::arrival::{came_along, focus_when_seen};
use crate::net::api::{self, ApiError};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use std::pin::Pin;

type Asking<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// What is asked for, and asked for again when that is wanted.
pub struct Fetched<T: 'static> {
    ask: StoredValue<Box<dyn Fn() -> Asking<T>>, LocalStorage>,
    answer: RwSignal<Option<Result<T, ApiError>>>,
    /// Whether the keyboard comes to the page's title: the reader comes from another page, or has asked again.
    along: StoredValue<bool>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

/// What the title of such a page is called, whatever the page shows.
pub const TITLE: &str = "page-title";

impl<T: Clone + Send + Sync + 'static> Fetched<T> {
    pub fn new(ask: impl Fn() -> Asking<T> + 'static) -> Self {
        let fetched = Self {
            ask: StoredValue::new_local(Box::new(ask)),
            answer: RwSignal::new(None),
            along: StoredValue::new(came_along()),
        };
        fetched.fetch();
        fetched
    }

    pub fn again(self) {
        self.along.set_value(true);
        self.answer.set(None);
        self.fetch();
    }

    /// What `draw` makes of the answer. `title` is the page's until then, and `what` is what is waited for.
    pub fn draw(self, title: &'static str, what: &'static str, draw: impl FnOnce(T) -> AnyView) -> AnyView {
        if self.along.get_value() {
            focus_when_seen(TITLE);
        }
        match self.answer.get() {
            Some(Ok(answer)) => draw(answer),
            None => view! {
                <main class="lost">
                    <h1 id=TITLE tabindex="-1">{title}</h1>
                    <p role="status" class="muted">"Loading…"</p>
                </main>
            }
            .into_any(),
            Some(Err(error)) => view! {
                <main class="lost">
                    <h1 id=TITLE tabindex="-1">{title}</h1>
                    <p role="alert">{error.words(what)}</p>
                    <button type="button" class="primary" on:click=move |_| self.again()>
                        "Try again"
                    </button>
                </main>
            }
            .into_any(),
        }
    }

    fn fetch(self) {
        let asking = self.ask.with_value(|ask| ask());
        spawn_local(async move {
            let answer = asking.await;
            // The page may have been left meanwhile.
            let _ = self.answer.try_set(Some(answer));
        });
    }
}

/// What the relay has at `path`.
pub fn read<T: DeserializeOwned + 'static>(path: &'static str) -> Asking<T> {
    Box::pin(api::read(path))
}
