//! Routes, and the frame around every page.

use crate::ui::icon::Logo;
use crate::ui::theme::ThemeSwitch;
use crate::views::playground::PlaygroundPage;
use crate::views::recording::RecordingPage;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=PlaygroundPage/>
                <Route path=path!("/s/:session") view=PlaygroundPage/>
                <Route path=path!("/recording") view=RecordingPage/>
            </FlatRoutes>
        </Router>
    }
}

/// The bar at the top; what stands between brand and theme is the page's own.
#[component]
pub fn TopBar(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <header class="top">
            <a href="/" class="brand">
                <Logo/>
                "Framescope"
            </a>
            <span class="grow"></span>
            {children.map(|children| children())}
            <ThemeSwitch/>
        </header>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <div class="app">
            <TopBar/>
            <main class="lost">
                <h1>"There is no such page"</h1>
                <p>"The address may have been cut when it was copied."</p>
                <a href="/" class="button primary">
                    "Go to the playground"
                </a>
            </main>
        </div>
    }
}
