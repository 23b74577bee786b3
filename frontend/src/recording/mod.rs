//! A recorded session, opened from a file: what the relay saw then, and nothing to act on.

mod page;

use crate::ui::later::{Later, later};
use leptos::prelude::*;

later!(page: fn() -> AnyView = page::page);

#[component]
pub fn RecordingPage() -> impl IntoView {
    let page = Later::now(page);
    view! { <div class="app playground">{move || page.draw(|draw| draw())}</div> }
}
