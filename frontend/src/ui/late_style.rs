//! The style sheet of the views that are loaded later. Quick builds include it in the page's style sheet.

use crate::site;
use leptos::prelude::*;

/// Views that need that style sheet. They are hidden until it has loaded.
#[component]
pub fn LateStyle(children: Children) -> impl IntoView {
    let address = site::meta("framescope-later-style").map(|hash| site::path(&format!("/later-{hash}.css")));
    let coming = RwSignal::new(address.is_some());
    let there = move |_| coming.set(false);
    let link = address
        .map(|href| view! { <link rel="stylesheet" href=href on:load=there on:error=move |_| coming.set(false)/> });
    view! {
        {link}
        <div class="late" class:coming=move || coming.get()>
            {children()}
        </div>
    }
}
