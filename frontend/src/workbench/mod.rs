//! What can be done with a recorded connection: play it again, make a server of it, compare it with another one. And what a visitor has
//! saved.

mod compare;
mod panel;
mod replay;
mod saved;
mod script;
mod side_by_side;

use crate::lab::inspector::tools::Tools;
use crate::ui::later::{Later, later};
use leptos::prelude::*;

later!(workbench: fn() -> AnyView = panel::panel);

/// The tool that was chosen in the inspector.
#[component]
pub fn Workbench() -> impl IntoView {
    let tools = expect_context::<Tools>();
    move || match tools.open.get() {
        true => {
            let panel = Later::now(workbench);
            (move || panel.draw(|draw| draw())).into_any()
        }
        false => ().into_any(),
    }
}
