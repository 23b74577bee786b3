//! The course overview: lessons, challenges and the reader's progress.

use super::file::ProgressFile;
use crate::course::progress::Progress;
use crate::ui::arrival::title;
use crate::ui::fetched::{Fetched, TITLE, read};
use crate::ui::format;
use crate::ui::icon::{CHECK, Icon};
use crate::ui::prose::Prose;
use curriculum::challenge;
use curriculum::course::{Course, LessonSummary, Objective, PieceKind};
use leptos::prelude::*;
use std::sync::Arc;

pub(super) const COURSE: &str = "/api/course";

pub(super) fn index() -> AnyView {
    let course = Fetched::<Course>::new(|| read(COURSE));
    let draw = |course: Arc<Course>| {
        Progress::provided().enter(&course.id);
        view! { <Contents course=(*course).clone()/> }.into_any()
    };
    view! { {move || course.draw("Course", "The course", draw)} }.into_any()
}

#[component]
fn Contents(course: Course) -> impl IntoView {
    let Course { title: name, summary, language, objectives, lessons, challenges, .. } = course;
    title(&name);
    let minutes: u64 = lessons.iter().map(|lesson| u64::from(lesson.minutes)).sum();
    let size = format!("{}, about {}", format::plural(lessons.len() as u64, "lesson"), hours(minutes));
    let known = StoredValue::new(lessons.clone());
    view! {
        <main class="course-index" lang=language>
            <div class="title">
                <h1 id=TITLE tabindex="-1">{name}</h1>
                <p class="summary"><Prose text=summary/></p>
                <p class="muted">{size}</p>
                <Continue known/>
            </div>
            <Objectives objectives lessons=known/>
            <section aria-labelledby="lessons">
                <h2 id="lessons">"Lessons"</h2>
                <ol class="lessons">
                    {lessons.into_iter().enumerate().map(|(index, lesson)| view! { <LessonLine number=index + 1 lesson/> }).collect_view()}
                </ol>
            </section>
            {(!challenges.is_empty()).then(|| view! { <Challenges challenges/> })}
            <ProgressFile/>
        </main>
    }
}

/// A link to where the reader left off, or to the first lesson.
#[component]
fn Continue(known: StoredValue<Vec<LessonSummary>>) -> impl IntoView {
    let progress = Progress::provided();
    let target = move || {
        known.with_value(|lessons| {
            let last = progress.last();
            let lesson_of = |place: &str| place.split('#').next().unwrap_or_default().to_owned();
            let found = last.and_then(|place| {
                let lesson = lessons.iter().find(|lesson| lesson.id == lesson_of(&place))?;
                Some((format!("/course/{place}"), format!("Continue: {}", lesson.title)))
            });
            let first = || lessons.first().map(|lesson| (format!("/course/{}", lesson.id), "Start".to_owned()));
            found.or_else(first)
        })
    };
    move || {
        target().map(|(href, words)| {
            view! {
                <a class="button primary big" href=href>
                    {words}
                </a>
            }
        })
    }
}

#[component]
fn Objectives(objectives: Vec<Objective>, lessons: StoredValue<Vec<LessonSummary>>) -> impl IntoView {
    let objective = |Objective { text, lesson }: Objective| {
        let place = lessons.with_value(|lessons| lessons.iter().find(|known| known.id == lesson).cloned());
        let link = place.map(|known| view! { <a href=format!("/course/{lesson}")>{known.title}</a> });
        view! { <li><Prose text/> " " {link}</li> }
    };
    view! {
        <section aria-labelledby="objectives">
            <h2 id="objectives">"After this course you can"</h2>
            <ul class="objectives">{objectives.into_iter().map(objective).collect_view()}</ul>
        </section>
    }
}

/// How many pieces of a lesson are done, and how many it has.
pub(super) fn tally(progress: Progress, lesson: &LessonSummary) -> (usize, usize) {
    let done = |piece: &&curriculum::course::PieceSummary| match piece.kind {
        PieceKind::Challenge => progress.challenge_passed(&piece.id),
        _ => progress.piece_done(&lesson.id, &piece.id),
    };
    (lesson.pieces.iter().filter(done).count(), lesson.pieces.len())
}

#[component]
fn LessonLine(number: usize, lesson: LessonSummary) -> impl IntoView {
    let progress = Progress::provided();
    let LessonSummary { id, title, summary, minutes, .. } = lesson.clone();
    let tally = Memo::new(move |_| tally(progress, &lesson));
    view! {
        <li class:all-done=move || { let (done, all) = tally.get(); all > 0 && done == all }>
            <span class="number" aria-hidden="true">{number}</span>
            <div>
                <h3><a href=format!("/course/{id}")>{title}</a></h3>
                <p><Prose text=summary/></p>
                <p class="muted">
                    {format!("{minutes} min")} {move || {
                        let (done, all) = tally.get();
                        (all > 0).then(|| format!(" · {done} of {} done", format::plural(all as u64, "piece")))
                    }}
                </p>
                <Bar tally/>
            </div>
        </li>
    }
}

/// The progress as a bar. The text beside it says the same.
#[component]
pub(super) fn Bar(tally: Memo<(usize, usize)>) -> impl IntoView {
    let width = move || {
        let (done, all) = tally.get();
        format!("{}%", done * 100 / all.max(1))
    };
    view! { <span class="progress-bar" aria-hidden="true"><span style:width=width></span></span> }
}

#[component]
fn Challenges(challenges: Vec<challenge::Summary>) -> impl IntoView {
    let progress = Progress::provided();
    let line = |challenge: challenge::Summary| {
        let challenge::Summary { id, title, summary, level, .. } = challenge;
        let href = format!("/challenges/{id}");
        let known = id.clone();
        let passed = Memo::new(move |_| progress.challenge_passed(&known));
        // The passed attempt with the fewest bytes.
        let said = move || match progress.best(&id) {
            Some(golf) => {
                format!("passed, with {} in {}", format::bytes(golf.bytes), format::plural(golf.frames, "frame"))
            }
            None => "not passed yet".to_owned(),
        };
        view! {
            <li class:all-done=passed>
                <span class="number" aria-hidden="true">{move || passed.get().then(|| view! { <Icon path=CHECK/> })}</span>
                <div>
                    <h3><a href=href>{title}</a></h3>
                    <p><Prose text=summary/></p>
                    <p class="muted">
                        {format!("level {level} of 5 · ")} {said}
                    </p>
                </div>
            </li>
        }
    };
    view! {
        <section aria-labelledby="challenges">
            <h2 id="challenges">"Challenges"</h2>
            <ol class="lessons">{challenges.into_iter().map(line).collect_view()}</ol>
        </section>
    }
}

/// `45 minutes`, `2 h 10 min`
fn hours(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, _) => format::plural(minutes, "minute"),
        (hours, 0) => format::plural(hours, "hour"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}
