//! What an eavesdropper on the path of the inspected connection could read. It is loaded when it is opened.

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
