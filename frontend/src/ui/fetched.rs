//! What is shown while data loads, when loading failed, and once the data is here; for a whole page and for a part of one.

use super::arrival::{came_along, focus_when_seen};
use crate::net::api::{self, ApiError};
use crate::net::loaded::{Loaded, load};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use std::pin::Pin;
use std::sync::Arc;

type Request<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The data of a whole page, and the request that loads it.
pub struct Fetched<T: 'static> {
    request: StoredValue<Box<dyn Fn() -> Request<T>>, LocalStorage>,
    data: RwSignal<Loaded<T>>,
    /// Whether the data was requested again, by the reader or because its session was gone.
    requested_again: StoredValue<bool>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

/// The id of the title of every page that has one.
pub const TITLE: &str = "page-title";

impl<T: Send + Sync + 'static> Fetched<T> {
    pub fn new(request: impl Fn() -> Request<T> + 'static) -> Self {
        let fetched = Self {
            request: StoredValue::new_local(Box::new(request)),
            data: RwSignal::new(Loaded::NotRequested),
            requested_again: StoredValue::new(false),
        };
        fetched.fetch();
        fetched
    }

    pub fn again(self) {
        self.requested_again.set_value(true);
        self.fetch();
    }

    /// `draw` makes the page of the data. `title` is the page's title until then, and `what` names the data in an error. The
    /// title gets the focus, unless the reader opened the page by its address.
    pub fn draw(self, title: &'static str, what: &'static str, draw: impl FnOnce(Arc<T>) -> AnyView) -> AnyView {
        if self.requested_again.get_value() || came_along() {
            focus_when_seen(TITLE);
        }
        match self.data.get() {
            Loaded::Ready(data) => draw(data),
            Loaded::NotRequested | Loaded::Loading => view! {
                <main class="lost">
                    <h1 id=TITLE tabindex="-1">{title}</h1>
                    <p role="status" class="muted">"Loading…"</p>
                </main>
            }
            .into_any(),
            Loaded::Failed(error) => view! {
                <main class="lost">
                    <h1 id=TITLE tabindex="-1">{title}</h1>
                    <p role="alert">{error.words(what)}</p>
                    <button type="button" class="primary" on:click=move |_| self.again()>
                        "Retry"
                    </button>
                </main>
            }
            .into_any(),
        }
    }

    fn fetch(self) {
        load(self.data, self.request.with_value(|request| request()));
    }
}

/// A request for the JSON at `path` of the relay.
pub fn read<T: DeserializeOwned + 'static>(path: impl Into<String>) -> Request<T> {
    let path = path.into();
    Box::pin(async move { api::read(&path).await })
}

/// The same for a part of a page. `class` is that of the messages, and `retry` requests the data again.
pub fn part<T>(
    data: Loaded<T>,
    what: &'static str,
    class: &'static str,
    retry: impl Fn() + 'static,
    draw: impl FnOnce(Arc<T>) -> AnyView,
) -> AnyView {
    match data {
        Loaded::Ready(data) => draw(data),
        Loaded::NotRequested | Loaded::Loading => {
            view! { <p class=format!("note {class}") role="status">"Loading…"</p> }.into_any()
        }
        Loaded::Failed(error) => view! {
            <p class=format!("card bad {class}") role="alert">
                {error.words(what)}
                <button type="button" class="small" on:click=move |_| retry()>
                    "Retry"
                </button>
            </p>
        }
        .into_any(),
    }
}
