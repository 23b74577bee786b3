//! A notice across the page: what is wrong or special, with one action beside it.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something works only in part.
    Warning,
    /// Something failed.
    Error,
    /// The page shows a recording.
    Recording,
}

/// `children` are the text, in a `span`, and then the action.
#[component]
pub fn Notice(tone: Tone, children: Children) -> impl IntoView {
    let class = match tone {
        Tone::Warning => "banner warn",
        Tone::Error => "banner bad",
        Tone::Recording => "banner recorded",
    };
    view! { <p class=class>{children()}</p> }
}
