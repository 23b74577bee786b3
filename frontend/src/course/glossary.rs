//! The glossary: all terms of the course.

use super::index::COURSE;
use super::lesson::follow_hash;
use crate::course::progress::Progress;
use crate::site;
use crate::ui::arrival::title;
use crate::ui::fetched::{Fetched, TITLE, read};
use crate::ui::rendered::Rendered;
use curriculum::course::Course;
use curriculum::glossary::{Definition, Glossary, Term};
use leptos::prelude::*;
use std::sync::Arc;

pub(super) fn glossary() -> AnyView {
    let course = Fetched::<Course>::new(|| read(COURSE));
    let draw = |course: Arc<Course>| {
        Progress::provided().enter(&course.id);
        view! { <Opened course/> }.into_any()
    };
    view! { {move || course.draw("Glossary", "The course", draw)} }.into_any()
}

#[component]
fn Opened(course: Arc<Course>) -> impl IntoView {
    if !course.glossary {
        return view! {
            <main class="lost">
                <h1 id=TITLE tabindex="-1">"No glossary"</h1>
                <p>"This course has no glossary."</p>
                <a href=site::path("/course") class="button primary">
                    "See all lessons"
                </a>
            </main>
        }
        .into_any();
    }
    let glossary = Fetched::<Glossary>::new(|| read("/api/course/glossary"));
    (move || {
        let course = course.clone();
        glossary.draw("Glossary", "The glossary", |glossary| {
            view! { <GlossaryView course terms=glossary.terms.clone()/> }.into_any()
        })
    })
    .into_any()
}

#[component]
fn GlossaryView(course: Arc<Course>, terms: Vec<Term>) -> impl IntoView {
    title("Glossary");
    follow_hash();
    let entry = |Term { definition: Definition { id, term, short }, more, lesson }: Term| {
        let lesson = lesson.and_then(|place| {
            let id = place.split('#').next().unwrap_or_default();
            let lesson = course.lessons.iter().find(|lesson| lesson.id == id)?;
            Some((site::path(&format!("/course/{place}")), lesson.title.clone()))
        });
        let label = id.clone();
        view! {
            <section aria-labelledby=label>
                <h2 id=id>{term}</h2>
                <Rendered html=format!("<p>{short}</p>")/>
                {more.map(|html| view! { <Rendered html/> })}
                {lesson.map(|(href, title)| view! {
                    <p class="muted">
                        "Lesson: " <a href=href>{title}</a>
                    </p>
                })}
            </section>
        }
    };
    view! {
        <main class="course-index glossary" lang=course.language.clone()>
            <div class="title">
                <p class="crumb">
                    <a href=site::path("/course")>{course.title.clone()}</a>
                </p>
                <h1 id=TITLE tabindex="-1">"Glossary"</h1>
                <p class="summary">"The terms of the course, from A to Z."</p>
            </div>
            {terms.into_iter().map(entry).collect_view()}
        </main>
    }
}
