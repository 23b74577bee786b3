//! The bar at the top of every page.

use super::navigation::Navigation;
use super::theme::ThemeSwitch;
use crate::site;
use crate::ui::icon::Logo;
use leptos::prelude::*;

/// The top bar. `children` are the page's own buttons, shown between the navigation and the theme switch.
#[component]
pub fn TopBar(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <header class="top">
            <a href=site::path("/") class="brand">
                <Logo/>
                "Framescope"
            </a>
            <Navigation/>
            <span class="grow"></span>
            {children.map(|children| children())}
            <ThemeSwitch/>
        </header>
    }
}
