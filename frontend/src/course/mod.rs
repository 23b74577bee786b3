//! The course: its overview, and its lessons with pieces to try. The browser loads this part when the reader opens it.

mod file;
mod index;
mod lesson;
mod live;
mod piece;
pub mod progress;
mod prose;
mod questions;
mod reading;
mod widgets;

use crate::course::progress::Progress;
use crate::shell::top_bar::TopBar;
use crate::ui::late_style::LateStyle;
use crate::ui::later::{Later, later};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

later!(course: fn() -> AnyView = course_or_lesson);

#[component]
pub fn CoursePage() -> impl IntoView {
    let page = Later::now(course);
    view! { <div class="app course">{move || page.draw(|draw| draw())}</div> }
}

/// The view that the address names.
fn course_or_lesson() -> AnyView {
    // Provided here so that it outlives the lessons.
    provide_context(Progress::open());
    let params = use_params_map();
    let is_lesson = Memo::new(move |_| params.with(|params| params.get("lesson").is_some()));
    view! {
        <Show when=move || is_lesson.get()>
            <a class="skip" href="#page-title">
                "Skip to the lesson"
            </a>
        </Show>
        <TopBar/>
        <LateStyle>{move || if is_lesson.get() { lesson::lesson() } else { index::index() }}</LateStyle>
    }
    .into_any()
}
