//! Parts of the page outside its first view: each is a separate wasm module that is loaded when it is needed.
//!
//! [`later!`] names such a part. A [`Later`] loads and draws it, or says that loading failed:
//!
//! ```ignore
//! later!(console: fn() -> AnyView = || view! { <Console/> }.into_any());
//!
//! let console = Later::now(console);
//! view! { <section>{move || console.draw(|draw| draw())}</section> }
//! ```
//!
//! Only the release build has the feature `split`. Without it, the page is one module.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::pin::Pin;
use std::time::Duration;

/// A part that is loading.
pub type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Missing>>>>;

/// Loading the part failed: the relay does not answer, or it serves a newer page.
#[derive(Clone, Copy, Debug)]
pub struct Missing;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// `later!(name: type = value)` makes a function `name` that loads `value` and all code that nothing else on the page uses.
/// The type is a plain function, such as `fn(Subject) -> AnyView`, or a struct of functions. The file has the same name; two
/// parts with one name share a file.
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

/// A part of the page: loaded, loading, or failed.
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
    /// Loads the part at once.
    pub fn now(fetch: fn() -> Coming<T>) -> Self {
        let later = Self { fetch, state: RwSignal::new(State::Coming) };
        later.fetch();
        later
    }

    /// Loads the part as soon as the page has been drawn, before it is needed.
    pub fn after_first_view(fetch: fn() -> Coming<T>) -> Self {
        let later = Self { fetch, state: RwSignal::new(State::Coming) };
        if document().hidden() {
            // A hidden page is not drawn and has no animation frames.
            later.fetch();
        } else {
            // In a task after the frame. In the frame itself, it would still run before drawing.
            request_animation_frame(move || set_timeout(move || later.fetch(), Duration::ZERO));
        }
        later
    }

    /// The part, once it is loaded.
    pub fn get(self) -> Option<T> {
        match self.state.get() {
            State::Here(part) => Some(part),
            State::Coming | State::Missing => None,
        }
    }

    /// Draws the part with `draw`, or a short text while it is not loaded.
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
                        "This part of the page failed to load. If the server was updated, reload the page. "
                        <button type="button" class="small" on:click=again>
                            "Retry"
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
            // The view that needed it may be gone.
            let _ = self.state.try_set(state);
        });
    }
}
