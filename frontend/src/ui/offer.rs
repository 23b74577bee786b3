//! One choice in a list of choices.

use leptos::prelude::*;

#[component]
pub fn Offer(
    /// Whether this choice is the chosen one.
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
