//! The course: its overview, and its lessons with pieces to try. The browser loads this part when the reader opens it.

mod alone;
mod file;
mod glossary;
mod index;
mod lesson;
mod live;
mod piece;
pub mod progress;
mod prose;
mod questions;
mod reading;
mod shuffle;
mod stored;
mod terms;
mod time;
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
    if params.with_untracked(|params| params.get("piece").is_some()) {
        return view! { <LateStyle>{alone::piece()}</LateStyle> }.into_any();
    }
    let shown = Memo::new(move |_| match params.with(|params| params.get("lesson")).as_deref() {
        None => Shown::Index,
        Some("glossary") => Shown::Glossary,
        Some(_) => Shown::Lesson,
    });
    let skip = move || match shown.get() {
        Shown::Index => None,
        Shown::Glossary => Some("Skip to the glossary"),
        Shown::Lesson => Some("Skip to the lesson"),
    };
    let link = move |words| {
        view! {
            <a class="skip" href="#page-title">
                {words}
            </a>
        }
    };
    view! {
        {move || skip().map(link)}
        <TopBar/>
        <LateStyle>
            {move || match shown.get() {
                Shown::Index => index::index(),
                Shown::Glossary => glossary::glossary(),
                Shown::Lesson => lesson::lesson(),
            }}
        </LateStyle>
    }
    .into_any()
}

/// What the address names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Index,
    Glossary,
    Lesson,
}
