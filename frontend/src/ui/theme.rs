//! Light and dark: the system's choice until the visitor makes one, which the browser keeps.

use super::icon::{Icon, MOON, SUN};
use leptos::prelude::*;

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

    /// What is shown when the page comes up.
    fn at_start() -> Self {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        match kept.as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => {
                let dark = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
                if dark.is_some_and(|query| query.matches()) { Self::Dark } else { Self::Light }
            }
        }
    }

    fn show(self) {
        if let Some(root) = document().document_element() {
            // A constant name and value: setting them cannot fail.
            let _ = root.set_attribute("data-theme", self.name());
        }
    }
}

/// `None` where the visitor's browser keeps nothing.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::at_start());
    theme.get_untracked().show();
    let switch = move |_| {
        let other = theme.get_untracked().other();
        other.show();
        theme.set(other);
        if let Some(storage) = storage() {
            // A browser that keeps nothing shows the system's theme next time.
            let _ = storage.set_item(KEY, other.name());
        }
    };
    view! {
        <button type="button" class="icon" on:click=switch aria-label=move || format!("Switch to {}", theme.get().other().name())>
            {move || match theme.get() {
                Theme::Light => view! { <Icon path=MOON/> },
                Theme::Dark => view! { <Icon path=SUN/> },
            }}
        </button>
    }
}
