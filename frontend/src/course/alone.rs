//! `/embed/lesson/{lesson}/{piece}`: one piece of a lesson, alone.

use super::index::COURSE;
use super::lesson::block_view;
use super::reading::Reading;
use super::terms::LessonText;
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use crate::ui::arrival::title;
use crate::ui::fetched::Fetched;
use curriculum::course::{Block, Course, Lesson};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The lesson, and the name and the language of its course.
struct Found {
    lesson: Lesson,
    course: String,
    language: String,
}

/// The address of an embedded page stays.
pub(super) fn piece() -> AnyView {
    let params = use_params_map().get_untracked();
    let (id, piece) = (params.get("lesson").unwrap_or_default(), params.get("piece").unwrap_or_default());
    let found = Fetched::new(move || Box::pin(find(id.clone())));
    let draw = move || {
        let piece = piece.clone();
        found.draw("Lesson", "The lesson", move |found| {
            let Found { lesson: Lesson { id, title: name, blocks, terms, .. }, course, language } = &*found;
            let Some(block) = blocks.iter().find(|block| id_of(block) == Some(piece.as_str())).cloned() else {
                return view! { <Missing/> }.into_any();
            };
            title(name);
            let progress = Progress::provided();
            progress.enter(course);
            provide_context(Reading::new(id, progress));
            view! {
                <div lang=language.clone()>
                    <h1 class="hidden">{name.clone()}</h1>
                    <LessonText terms=terms.clone() on_click=|_| ()>
                        {block_view(block)}
                    </LessonText>
                </div>
            }
            .into_any()
        })
    };
    draw.into_any()
}

async fn find(id: String) -> Result<Found, ApiError> {
    let lesson = api::read::<Lesson>(&format!("/api/course/lessons/{id}")).await?;
    let Course { id: course, language, .. } = api::read::<Course>(COURSE).await?;
    Ok(Found { lesson, course, language })
}

fn id_of(block: &Block) -> Option<&str> {
    Some(match block {
        Block::Prose { .. } => return None,
        Block::Live(live) => &live.id,
        Block::Widget(widget) => &widget.id,
        Block::Exercise(exercise) => &exercise.id,
        Block::Quiz(quiz) => &quiz.id,
        Block::WrongLine(block) => &block.id,
        Block::Order(order) => &order.id,
        Block::Interview(interview) => &interview.id,
        Block::Faq(faq) => &faq.id,
        Block::Challenge(link) => &link.id,
    })
}

#[component]
fn Missing() -> impl IntoView {
    view! {
        <main class="lost">
            <h1>"This piece does not exist"</h1>
            <p>"The lesson may have changed. Copy the embed code from the lesson again."</p>
        </main>
    }
}
