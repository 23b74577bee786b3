//! Light and dark theme: the system's, until the visitor chooses one. The browser stores the choice.

use crate::ui::icon::{Icon, MOON, SUN};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

const KEY: &str = "framescope.theme";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Light,
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    /// The visitor's stored choice.
    fn chosen() -> Option<Self> {
        let kept = storage()?.get_item(KEY).ok().flatten()?;
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == kept)
    }

    fn show(self) {
        if let Some(root) = document().document_element() {
            // A constant name and value: setting them cannot fail.
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// Shows the theme that the query of an embedded page asks for: `theme=dark`, `theme=light`, or the system's with `theme=auto` and
/// without the parameter.
pub fn show_wanted() {
    let wanted = use_query_map().with_untracked(|query| query.get("theme"));
    if let Some(theme) = [Theme::Light, Theme::Dark].into_iter().find(|theme| wanted.as_deref() == Some(theme.name())) {
        theme.show();
    }
}

/// `None` if the browser has no storage.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// The system's theme, updated when it changes.
fn system() -> ReadSignal<Theme> {
    let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let now = move |query: &web_sys::MediaQueryList| if query.matches() { Theme::Dark } else { Theme::Light };
    let (system, set_system) = signal(query.as_ref().map_or(Theme::Light, now));
    if let Some(query) = query {
        let watched = query.clone();
        let changed = Closure::<dyn FnMut()>::new(move || set_system.set(now(&watched)));
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        let watch = StoredValue::new_local(Some((query, changed)));
        on_cleanup(move || {
            if let Some(Some((query, _))) = watch.try_update_value(Option::take) {
                query.set_onchange(None);
            }
        });
    }
    system
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::chosen());
    let system = system();
    let theme = move || chosen.get().unwrap_or_else(|| system.get());
    if let Some(theme) = chosen.get_untracked() {
        theme.show();
    }
    let switch = move |_| {
        let other = untrack(theme).other();
        other.show();
        chosen.set(Some(other));
        if let Some(storage) = storage() {
            // Without storage, the next visit starts with the system's theme.
            let _ = storage.set_item(KEY, other.name());
        }
    };
    view! {
        <button type="button" class="icon" on:click=switch aria-label=move || format!("Switch to {}", theme().other().name())>
            {move || match theme() {
                Theme::Light => view! { <Icon path=MOON/> },
                Theme::Dark => view! { <Icon path=SUN/> },
            }}
        </button>
    }
}
