//! The course overview: lessons, challenges and the reader's progress.

use super::file::ProgressFile;
use super::time::Time;
use crate::course::progress::Progress;
use crate::site;
use crate::ui::arrival::title;
use crate::ui::fetched::{Fetched, TITLE, read};
use crate::ui::format;
use crate::ui::icon::{CHECK, Icon};
use crate::ui::prose::Prose;
use curriculum::challenge;
use curriculum::course::{Course, LessonSummary, Objective, Part, PieceKind};
use leptos::prelude::*;
use std::sync::Arc;

pub(super) const COURSE: &str = "/api/course";
/// The page of the glossary.
pub(super) const GLOSSARY: &str = "/course/glossary";

pub(super) fn index() -> AnyView {
    let course = Fetched::<Course>::new(|| read(COURSE));
    let draw = |course: Arc<Course>| {
        Progress::provided().enter(&course.id);
        view! { <Contents course/> }.into_any()
    };
    view! { {move || course.draw("Course", "The course", draw)} }.into_any()
}

#[component]
fn Contents(course: Arc<Course>) -> impl IntoView {
    let Course { title: name, summary, language, objectives, lessons, challenges, glossary, .. } = (*course).clone();
    title(&name);
    let all = Time::of_all(&course);
    let size = format!("{}, about {}", all.contents(), format::duration(all.minutes()));
    let known = StoredValue::new(lessons);
    view! {
        <main class="course-index" lang=language>
            <div class="title">
                <h1 id=TITLE tabindex="-1">{name}</h1>
                <p class="summary"><Prose text=summary/></p>
                <p class="muted">{size}</p>
                <Continue known/>
                {glossary.then(|| view! {
                    <p class="muted">
                        <a href=site::path(GLOSSARY)>"Glossary"</a> ": the terms of the course, from A to Z"
                    </p>
                })}
            </div>
            <Objectives objectives lessons=known/>
            <Parts course/>
            {(!challenges.is_empty()).then(|| view! { <Challenges challenges/> })}
            <ProgressFile/>
        </main>
    }
}

/// The lessons, in their parts if the course has any.
#[component]
fn Parts(course: Arc<Course>) -> impl IntoView {
    let list = |lessons: Vec<(usize, &LessonSummary)>| {
        let first = lessons.first().map(|(index, _)| index + 1);
        let line = |(index, lesson): (usize, &LessonSummary)| {
            view! { <LessonLine number=index + 1 time=Time::of(&course, [lesson]).words() lesson=lesson.clone()/> }
        };
        view! { <ol class="lessons" start=first>{lessons.into_iter().map(line).collect_view()}</ol> }
    };
    let lessons = || course.lessons.iter().enumerate();
    if course.parts.is_empty() {
        return view! {
            <section aria-labelledby="lessons">
                <h2 id="lessons">"Lessons"</h2>
                {list(lessons().collect())}
            </section>
        }
        .into_any();
    }
    let progress = Progress::provided();
    let part = |(index, part): (usize, &Part)| {
        let lessons: Vec<_> = lessons().filter(|(_, lesson)| part.lessons.contains(&lesson.id)).collect();
        let time = Time::of(&course, lessons.iter().map(|(_, lesson)| *lesson)).summary();
        let known: Vec<_> = lessons.iter().map(|(_, lesson)| (*lesson).clone()).collect();
        let tally = Memo::new(move |_| {
            let tallies = known.iter().map(|lesson| tally(progress, lesson));
            tallies.fold((0, 0), |(done, all), (more_done, more)| (done + more_done, all + more))
        });
        let id = format!("part-{}", index + 1);
        let label = id.clone();
        view! {
            <section class="part" aria-labelledby=label>
                <h2 id=id>{part_title(index, part)}</h2>
                <p><Prose text=part.summary.clone()/></p>
                <p class="muted">{time} {move || done_words(tally.get())}</p>
                <Bar tally/>
                {list(lessons)}
            </section>
        }
    };
    course.parts.iter().enumerate().map(part).collect_view().into_any()
}

/// `Part 1: The essentials`
pub(super) fn part_title(index: usize, part: &Part) -> String {
    format!("Part {}: {}", index + 1, part.title)
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
                <a class="button primary big" href=site::path(&href)>
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
        let link = place.map(|known| view! { <a href=site::path(&format!("/course/{lesson}"))>{known.title}</a> });
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

/// ` · 2 of 5 pieces done`; `None` if there are no pieces.
pub(super) fn done_words((done, all): (usize, usize)) -> Option<String> {
    (all > 0).then(|| format!(" · {done} of {} done", format::plural(all as u64, "piece")))
}

#[component]
fn LessonLine(number: usize, time: String, lesson: LessonSummary) -> impl IntoView {
    let progress = Progress::provided();
    let LessonSummary { id, title, summary, .. } = lesson.clone();
    let tally = Memo::new(move |_| tally(progress, &lesson));
    view! {
        <li class:all-done=move || { let (done, all) = tally.get(); all > 0 && done == all }>
            <span class="number" aria-hidden="true">{number}</span>
            <div>
                <h3><a href=site::path(&format!("/course/{id}"))>{title}</a></h3>
                <p><Prose text=summary/></p>
                <p class="muted">{time} {move || done_words(tally.get())}</p>
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
        let challenge::Summary { id, title, summary, level, minutes, .. } = challenge;
        let href = site::path(&format!("/challenges/{id}"));
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
                        {format!("{minutes} min · level {level} of 5 · ")} {said}
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
