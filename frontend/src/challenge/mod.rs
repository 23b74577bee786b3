//! The coding challenges: the list, one challenge, and receipts. The browser loads this part when the reader opens it.

mod area;
mod attempt;
mod checks;
mod code;
mod decided;
mod editor;
mod evidence;
mod help;
mod list;
mod outline;
mod output;
mod own_machine;
mod page;
mod passed;
mod pasted;
mod receipt;
mod runner;
mod work;

use crate::ui::later::{Later, later};
use leptos::prelude::*;

later!(challenges: fn() -> AnyView = area::area);

/// All of `/challenges` and `/receipt`.
#[component]
pub fn ChallengeArea() -> impl IntoView {
    let area = Later::now(challenges);
    view! { <div class="app">{move || area.draw(|draw| draw())}</div> }
}
