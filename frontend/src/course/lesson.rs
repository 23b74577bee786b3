//! One lesson: its text and pieces, its contents list, and links to the previous and next lesson.

use super::file::StorageProblem;
use super::index::{Bar, COURSE, tally};
use super::live::LiveView;
use super::prose::{self, Heading};
use super::questions::{ChallengeCard, ExerciseView, FaqView, InterviewView, QUESTION, QuizView};
use super::reading::Reading;
use super::widgets::WidgetView;
use crate::course::progress::Progress;
use crate::ui::arrival::{focus_when_seen, title};
use crate::ui::clipboard::Copied;
use crate::ui::fetched::{Fetched, TITLE, read};
use crate::ui::format;
use crate::ui::prose::Prose;
use curriculum::course::{Block, Course, Lesson, LessonSummary};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use std::sync::Arc;
use wasm_bindgen::JsCast;

pub(super) fn lesson() -> AnyView {
    let course = Fetched::<Course>::new(|| read(COURSE));
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("lesson").unwrap_or_default()));
    let draw = move |course: Arc<Course>| {
        Progress::provided().enter(&course.id);
        (move || view! { <Opened course=course.clone() id=id.get()/> }).into_any()
    };
    view! { {move || course.draw("Lesson", "The course", draw)} }.into_any()
}

#[component]
fn Opened(course: Arc<Course>, id: String) -> impl IntoView {
    let Some(place) = course.lessons.iter().position(|lesson| lesson.id == id) else {
        return view! {
            <main class="lost">
                <h1>"Lesson not found"</h1>
                <p>"The address may be incomplete, or the course may have changed."</p>
                <a href="/course" class="button primary">
                    "See all lessons"
                </a>
            </main>
        }
        .into_any();
    };
    let lesson = Fetched::<Lesson>::new(move || read(format!("/api/course/lessons/{id}")));
    (move || {
        let course = course.clone();
        lesson.draw("Lesson", "The lesson", |lesson| {
            view! { <LessonView course place lesson=(*lesson).clone()/> }.into_any()
        })
    })
    .into_any()
}

#[component]
fn LessonView(
    course: Arc<Course>,
    /// The index of the lesson in the course.
    place: usize,
    lesson: Lesson,
) -> impl IntoView {
    let Lesson { id, title: name, summary, minutes, blocks } = lesson;
    title(&name);
    let progress = Progress::provided();
    progress.set_place(&id, None);
    provide_context(Reading::new(&id, progress));
    let listed = course.lessons[place].clone();
    let tally = Memo::new(move |_| tally(progress, &listed));
    let words = move || {
        let (done, all) = tally.get();
        (all > 0).then(|| format!(" · {done} of {} done", format::plural(all as u64, "piece")))
    };
    let headings: Vec<Heading> = blocks
        .iter()
        .flat_map(|block| match block {
            Block::Prose { html } => prose::headings(html),
            _ => Vec::new(),
        })
        .collect();
    follow_hash();
    let (language, of_course, count) = (course.language.clone(), course.title.clone(), course.lessons.len());
    let copied = Copied::new();
    // How many links were copied. The message disappears automatically.
    let times = RwSignal::new(0_u32);
    let copy = move |event: web_sys::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let anchor = target.and_then(|target| target.closest("a.anchor").ok().flatten());
        if let Some(href) = anchor.and_then(|anchor| anchor.get_attribute("href")) {
            let location = window().location();
            let origin = location.origin().unwrap_or_default();
            copied.copy(&format!("{origin}{}{href}", location.pathname().unwrap_or_default()));
            times.update(|times| *times += 1);
        }
    };
    view! {
        <div class="lesson-page" lang=language>
            <ContentsList headings/>
            <main class="lesson" on:click=copy>
                <header>
                    <p class="crumb">
                        <a href="/course">{of_course}</a>
                        {format!(" · lesson {} of {}", place + 1, count)}
                    </p>
                    <h1 id=TITLE tabindex="-1">{name}</h1>
                    <p class="summary"><Prose text=summary/></p>
                    <p class="muted">{format!("{minutes} min")} {words}</p>
                    <Bar tally/>
                    <StorageProblem/>
                </header>
                {blocks.into_iter().map(block_view).collect_view()}
                <PreviousNext course place/>
                <div class="copied-place" role="status">
                    {move || {
                        times.track();
                        copied.get().map(|done| {
                            let words = if done { "Link copied." } else { "Not copied: the link is in the address bar." };
                            view! { <p class="copied">{words}</p> }
                        })
                    }}
                </div>
            </main>
        </div>
    }
}

fn block_view(block: Block) -> AnyView {
    match block {
        Block::Prose { html } => {
            if !prose::headings(&html).is_empty() {
                expect_context::<Reading>().begin_section();
            }
            view! { <div class="prose-block" inner_html=prose::with_anchors(&html)></div> }.into_any()
        }
        Block::Live(live) => view! { <LiveView live/> }.into_any(),
        Block::Widget(widget) => view! { <WidgetView widget/> }.into_any(),
        Block::Exercise(exercise) => view! { <ExerciseView exercise/> }.into_any(),
        Block::Quiz(quiz) => view! { <QuizView quiz/> }.into_any(),
        Block::Interview(interview) => view! { <InterviewView interview/> }.into_any(),
        Block::Faq(faq) => view! { <FaqView faq/> }.into_any(),
        Block::Challenge(link) => view! { <ChallengeCard link/> }.into_any(),
    }
}

#[component]
fn ContentsList(headings: Vec<Heading>) -> impl IntoView {
    let line = |Heading { id, text, level }: Heading| {
        let deep = level > 2;
        view! { <li class:deep=deep><a href=format!("#{id}")>{text}</a></li> }
    };
    view! {
        <nav class="contents" aria-label="In this lesson">
            <p class="muted">"In this lesson"</p>
            <ol>{headings.into_iter().filter(|heading| heading.level <= 3).map(line).collect_view()}</ol>
        </nav>
    }
}

#[component]
fn PreviousNext(course: Arc<Course>, place: usize) -> impl IntoView {
    let link = |lesson: &LessonSummary, class: &'static str, words: &'static str| {
        view! {
            <a href=format!("/course/{}", lesson.id) class=class>
                <small>{words}</small>
                <span>{lesson.title.clone()}</span>
            </a>
        }
    };
    let before = place.checked_sub(1).map(|index| link(&course.lessons[index], "before", "Previous"));
    let after = course.lessons.get(place + 1).map(|lesson| link(lesson, "after", "Next"));
    let end = after.is_none().then(|| {
        view! {
            <a href="/course" class="after">
                <small>"This was the last lesson"</small>
                <span>"Back to the course"</span>
            </a>
        }
    });
    view! { <nav class="previous-next" aria-label="Previous and next lesson">{before}{after}{end}</nav> }
}

/// Scrolls to the part of the lesson that the address names and focuses it, now and whenever the address changes.
fn follow_hash() {
    let hash = use_location().hash;
    Effect::new(move || {
        let name = hash.get().trim_start_matches('#').to_owned();
        if !name.is_empty() {
            // After the whole lesson is in the document.
            request_animation_frame(move || go_to(name));
        }
    });
}

fn go_to(name: String) {
    let Some(element) = document().get_element_by_id(&name) else { return };
    if element.tag_name() == "DETAILS" {
        // A constant name and value: setting them cannot fail.
        let _ = element.set_attribute("open", "");
        focus_when_seen(format!("{name}{QUESTION}"));
        return;
    }
    let headed = element.tag_name().starts_with('H') && !element.has_attribute("tabindex");
    if headed {
        let _ = element.set_attribute("tabindex", "-1");
    }
    focus_when_seen(name);
}
