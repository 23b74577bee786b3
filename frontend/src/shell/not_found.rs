//! What an address without a page shows.

use super::top_bar::TopBar;
use crate::site;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <div class="app">
            <TopBar/>
            <main class="lost">
                <h1>"Page not found"</h1>
                <p>"Framescope has no page at this address. Check that you copied the whole link."</p>
                <a href=site::path("/") class="button primary">
                    "Go to the playground"
                </a>
            </main>
        </div>
    }
}
