//! Links to the main pages, with the current one marked.

use crate::site;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

const PAGES: [(&str, &str); 3] = [("/", "Playground"), ("/course", "Course"), ("/challenges", "Challenges")];

#[component]
pub fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let is_current = move |page: &str| {
        path.with(|path| {
            let path = site::own(path).unwrap_or("/");
            if page == "/" { path == "/" || path.starts_with("/s/") } else { path.starts_with(page) }
        })
    };
    view! {
        <nav class="places" aria-label="Main">
            {PAGES
                .map(|(page, name)| {
                    view! { <a href=site::path(page) aria-current=move || is_current(page).then_some("page")>{name}</a> }
                })
                .collect_view()}
        </nav>
    }
}
