//! What someone on the path of the inspected connection would have read. A part of its own, for those who look.

mod passage;
mod view;

use crate::ui::later::{Later, later};
use leptos::prelude::*;
use observation::Seq;

later!(path: fn(Seq) -> AnyView = view::view);

#[component]
pub fn OnThePath(seq: Seq) -> impl IntoView {
    let path = Later::now(path);
    move || path.draw(|draw| draw(seq))
}
