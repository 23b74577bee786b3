//! The course: its contents, and its lessons with the pieces that are tried out in place. All of it is loaded when it is opened.

mod file;
mod index;
mod lesson;
mod live;
mod piece;
mod prose;
mod questions;
mod reading;
mod widgets;

use crate::app::TopBar;
use crate::ui::late_style::LateStyle;
use crate::ui::later::{Later, later};
use leptos::prelude::*;

/// What is drawn at an address.
#[derive(Clone, Copy)]
struct Pages {
    index: fn() -> AnyView,
    lesson: fn() -> AnyView,
}

later!(course: Pages = Pages { index, lesson });

fn index() -> AnyView {
    view! { <LateStyle>{index::index()}</LateStyle> }.into_any()
}

fn lesson() -> AnyView {
    view! { <LateStyle>{lesson::lesson()}</LateStyle> }.into_any()
}

#[component]
pub fn CoursePage() -> impl IntoView {
    let pages = Later::now(course);
    view! { <div class="app course"><TopBar/>{move || pages.draw(|pages| (pages.index)())}</div> }
}

#[component]
pub fn LessonPage() -> impl IntoView {
    let pages = Later::now(course);
    view! {
        <div class="app course">
            <a class="skip" href="#lesson-title">"Skip to the lesson"</a>
            <TopBar/>
            {move || pages.draw(|pages| (pages.lesson)())}
        </div>
    }
}
