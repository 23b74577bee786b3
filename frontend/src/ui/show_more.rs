//! A long list that is shown in parts: how much of it is shown, and the button that shows more.

use leptos::prelude::*;

/// How many of the items are shown.
#[derive(Clone, Copy)]
pub struct Shown {
    pub count: RwSignal<usize>,
    total: usize,
    step: usize,
}

impl Shown {
    /// Shows `first` of `total` items, and `step` more with each press.
    pub fn new(first: usize, total: usize, step: usize) -> Self {
        Self { count: RwSignal::new(first.min(total)), total, step }
    }
}

#[component]
pub fn ShowMore(shown: Shown) -> impl IntoView {
    let Shown { count, total, step } = shown;
    view! {
        <button
            type="button"
            class="more"
            hidden=move || count.get() == total
            on:click=move |_| count.update(|count| *count = (*count + step).min(total))
        >
            "Show more"
        </button>
    }
}
