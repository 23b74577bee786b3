//! Routes, and the frame around every page.

use crate::ui::icon::Logo;
use crate::ui::theme::ThemeSwitch;
use crate::views::challenge::ChallengeArea;
use crate::views::course::CoursePage;
use crate::views::playground::PlaygroundPage;
use crate::views::recording::RecordingPage;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;

#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=PlaygroundPage/>
                <Route path=path!("/s/:session") view=PlaygroundPage/>
                <Route path=path!("/recording") view=RecordingPage/>
                <Route path=path!("/challenges/:id?") view=ChallengeArea/>
                <Route path=path!("/receipt") view=ChallengeArea/>
                <Route path=path!("/course/:lesson?") view=CoursePage/>
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
            <Places/>
            <span class="grow"></span>
            {children.map(|children| children())}
            <ThemeSwitch/>
        </header>
    }
}

const PLACES: [(&str, &str); 3] = [("/", "Playground"), ("/course", "Course"), ("/challenges", "Challenges")];

#[component]
fn Places() -> impl IntoView {
    let path = use_location().pathname;
    let here = move |place: &str| {
        path.with(|path| if place == "/" { path == "/" || path.starts_with("/s/") } else { path.starts_with(place) })
    };
    view! {
        <nav class="places" aria-label="Places">
            {PLACES
                .map(|(place, name)| view! { <a href=place aria-current=move || here(place).then_some("page")>{name}</a> })
                .collect_view()}
        </nav>
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
