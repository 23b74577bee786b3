//! Parts of the page that are no part of its first view: each is a module of wasm by itself, fetched when it is wanted.
//!
//! [`later!`] names such a part, and a [`Later`] fetches it and draws it, or says that it did not come:
//!
//! ```ignore
//! later!(console: fn() -> AnyView = || view! { <Console/> }.into_any());
//!
//! let console = Later::now(console);
//! view! { <section>{move || console.draw(|draw| draw())}</section> }
//! ```
//!
//! Only the release is built with the feature `split`; without it all of the page is one module.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::pin::Pin;
use std::time::Duration;

/// A part on its way.
pub type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Missing>>>>;

/// The part did not come: there is no line to the relay, or by now it has another page.
#[derive(Clone, Copy, Debug)]
pub struct Missing;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// `later!(name: type = value)` makes a function `name` that fetches `value`, and with it all code and words that nothing
/// else of the page uses. The type is that of a plain function, such as `fn(Subject) -> AnyView`, or a struct of such. The
/// file gets the same name; two of one name are in one file.
macro_rules! later {
    ($name:ident: $type:ty = $value:expr) => {
        fn $name() -> $crate::ui::later::Coming<$type> {
            #[cfg(feature = "split")]
            #[leptos::wasm_split::wasm_split($name, wasm_split_path = leptos::wasm_split, fallible)]
            fn fetched() -> Result<$type, $crate::ui::later::Missing> {
                Ok($value)
            }
            #[cfg(not(feature = "split"))]
            async fn fetched() -> Result<$type, $crate::ui::later::Missing> {
                Ok($value)
            }
            Box::pin(fetched())
        }
    };
}
pub(crate) use later;

/// A part of the page that is there, or comes, or did not come.
pub struct Later<T: 'static> {
    fetch: fn() -> Coming<T>,
    state: RwSignal<State<T>>,
}

#[derive(Clone, Copy)]
enum State<T> {
    Coming,
    Here(T),
    Missing,
}

impl<T> Clone for Later<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Later<T> {}

impl<T: Copy + Send + Sync + 'static> Later<T> {
    /// For what a visitor just asked for.
    pub fn now(fetch: fn() -> Coming<T>) -> Self {
        let later = Self { fetch, state: RwSignal::new(State::Coming) };
        later.fetch();
        later
    }

    /// For what a visitor is soon to need: fetched as soon as the page has been drawn.
    pub fn after_first_view(fetch: fn() -> Coming<T>) -> Self {
        let later = Self { fetch, state: RwSignal::new(State::Coming) };
        if document().hidden() {
            // Such a page is not drawn, and has no animation frames.
            later.fetch();
        } else {
            // A task after the frame; in the frame itself it would still come before the drawing.
            request_animation_frame(move || set_timeout(move || later.fetch(), Duration::ZERO));
        }
        later
    }

    /// What `draw` makes of the part; a few words while it is not there.
    pub fn draw(self, draw: impl FnOnce(T) -> AnyView) -> AnyView {
        match self.state.get() {
            State::Here(part) => draw(part),
            State::Coming => view! { <p class="note coming">"Loading…"</p> }.into_any(),
            State::Missing => {
                let again = move |_| {
                    self.state.set(State::Coming);
                    self.fetch();
                };
                view! {
                    <p class="note" role="status">
                        "This part of the page did not come. If the relay has been renewed, load the page anew. "
                        <button type="button" class="small" on:click=again>
                            "Try again"
                        </button>
                    </p>
                }
                .into_any()
            }
        }
    }

    fn fetch(self) {
        spawn_local(async move {
            let state = (self.fetch)().await.map_or(State::Missing, State::Here);
            // The view that wanted it may be gone.
            let _ = self.state.try_set(state);
        });
    }
}
