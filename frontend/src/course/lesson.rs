//! One lesson: its text and pieces, its contents list, and links to the previous and next lesson.

use super::file::StorageProblem;
use super::index::{Bar, COURSE, GLOSSARY, done_words, part_title, tally};
use super::live::LiveView;
use super::prose::{self, Heading};
use super::questions::{
    ChallengeCard, ExerciseView, FaqView, InterviewView, OrderView, QUESTION, QuizView, WrongLineView,
};
use super::reading::Reading;
use super::terms::LessonText;
use super::time::Time;
use super::widgets::WidgetView;
use crate::course::progress::Progress;
use crate::site;
use crate::ui::arrival::{focus_when_seen, title};
use crate::ui::clipboard::Copied;
use crate::ui::fetched::{Fetched, TITLE, read};
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
                <a href=site::path("/course") class="button primary">
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
    let Lesson { id, title: name, summary, blocks, terms, .. } = lesson;
    title(&name);
    let progress = Progress::provided();
    progress.set_place(&id, None);
    provide_context(Reading::new(&id, progress));
    let listed = course.lessons[place].clone();
    let time = Time::of(&course, [&listed]).words();
    let tally = Memo::new(move |_| tally(progress, &listed));
    let headings: Vec<Heading> = blocks
        .iter()
        .flat_map(|block| match block {
            Block::Prose { html } => prose::headings(html),
            _ => Vec::new(),
        })
        .collect();
    follow_hash();
    let (language, of_course) = (course.language.clone(), course.title.clone());
    let position = position(&course, place);
    let glossary = course.glossary.then_some(GLOSSARY);
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
            <ContentsList headings glossary/>
            <LessonText terms on_click=copy>
                <header>
                    <p class="crumb">
                        <a href=site::path("/course")>{of_course}</a>
                        {format!(" · {position}")}
                    </p>
                    <h1 id=TITLE tabindex="-1">{name}</h1>
                    <p class="summary"><Prose text=summary/></p>
                    <p class="muted">{time} {move || done_words(tally.get())}</p>
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
            </LessonText>
        </div>
    }
}

/// `lesson 3 of 25`, `Part 2: Deeper · lesson 3 of 9`
fn position(course: &Course, place: usize) -> String {
    let id = course.lessons[place].id.as_str();
    match course.part_of(id) {
        Some((index, part)) => {
            let number = part.lessons.iter().position(|known| known == id).map_or(1, |at| at + 1);
            format!("{} · lesson {number} of {}", part_title(index, part), part.lessons.len())
        }
        None => format!("lesson {} of {}", place + 1, course.lessons.len()),
    }
}

pub(super) fn block_view(block: Block) -> AnyView {
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
        Block::WrongLine(block) => view! { <WrongLineView block/> }.into_any(),
        Block::Order(order) => view! { <OrderView order/> }.into_any(),
        Block::Interview(interview) => view! { <InterviewView interview/> }.into_any(),
        Block::Faq(faq) => view! { <FaqView faq/> }.into_any(),
        Block::Challenge(link) => view! { <ChallengeCard link/> }.into_any(),
    }
}

#[component]
fn ContentsList(headings: Vec<Heading>, #[prop(optional_no_strip)] glossary: Option<&'static str>) -> impl IntoView {
    let line = |Heading { id, text, level }: Heading| {
        let deep = level > 2;
        view! { <li class:deep=deep><a href=format!("#{id}")>{text}</a></li> }
    };
    view! {
        <nav class="contents" aria-label="In this lesson">
            <p class="muted">"In this lesson"</p>
            <ol>{headings.into_iter().filter(|heading| heading.level <= 3).map(line).collect_view()}</ol>
            {glossary.map(|href| view! { <p class="to-glossary"><a href=site::path(href)>"Glossary"</a></p> })}
        </nav>
    }
}

#[component]
fn PreviousNext(course: Arc<Course>, place: usize) -> impl IntoView {
    let link = |lesson: &LessonSummary, class: &'static str, words: &'static str| {
        view! {
            <a href=site::path(&format!("/course/{}", lesson.id)) class=class>
                <small>{words}</small>
                <span>{lesson.title.clone()}</span>
            </a>
        }
    };
    let before = place.checked_sub(1).map(|index| link(&course.lessons[index], "before", "Previous"));
    let part_of = |lesson: &LessonSummary| course.part_of(&lesson.id).map(|(index, _)| index);
    let after = course.lessons.get(place + 1).map(|lesson| {
        let same_part = part_of(lesson) == part_of(&course.lessons[place]);
        link(lesson, "after", if same_part { "Next" } else { "Next part" })
    });
    let end = after.is_none().then(|| {
        view! {
            <a href=site::path("/course") class="after">
                <small>"This was the last lesson"</small>
                <span>"Back to the course"</span>
            </a>
        }
    });
    view! { <nav class="previous-next" aria-label="Previous and next lesson">{before}{after}{end}</nav> }
}

/// Scrolls to the part of the lesson that the address names and focuses it, now and whenever the address changes.
pub(super) fn follow_hash() {
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
