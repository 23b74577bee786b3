//! A recorded session from a file. Only its notes can be changed.

mod page;
mod save;

use crate::ui::later::{Later, later};
use leptos::prelude::*;

later!(page: fn() -> AnyView = page::page);

#[component]
pub fn RecordingPage() -> impl IntoView {
    let page = Later::now(page);
    view! { <div class="app playground">{move || page.draw(|draw| draw())}</div> }
}
