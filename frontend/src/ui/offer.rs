//! One of several things to choose, in a list of them.

use leptos::prelude::*;

#[component]
pub fn Offer(
    /// Whether it is the one that is chosen.
    #[prop(into)]
    chosen: Signal<bool>,
    choose: impl Fn() + 'static,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <li>
            <button
                type="button"
                class="preset"
                disabled=disabled
                aria-pressed=move || chosen.get().to_string()
                on:click=move |_| choose()
            >
                {children()}
            </button>
        </li>
    }
}
