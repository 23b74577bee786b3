//! An open challenge: the task, the code, its output, the checks, and help.

use super::checks::Checks;
use super::code::Code;
use super::editor::Editor;
use super::evidence::Evidence;
use super::help::Help;
use super::outline;
use super::output::Output;
use super::own_machine::OwnMachine;
use super::passed::Passed;
use super::pasted::PasteField;
use crate::challenge::attempt::Attempt;
use crate::challenge::runner::Runner;
use crate::course::progress::Progress;
use crate::lab::FeedState;
use crate::net::api::ApiError;
use crate::shell::notice::{Notice, Tone};
use crate::ui::fetched::TITLE;
use crate::ui::object_url::ObjectUrl;
use crate::ui::rendered::Rendered;
use curriculum::challenge::{Place, Summary};
use curriculum::check::Condition;
use leptos::prelude::*;

#[component]
pub fn Work(
    attempt: Attempt,
    next: Option<Summary>,
    /// Starts a new session.
    new_session: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let runner = Runner::new(attempt);
    on_cleanup(move || runner.cancel());
    let challenge = attempt.challenge.get_value();
    provide_context(attempt.lab);
    provide_context(runner);
    provide_context(Editor::new(&challenge.summary.id, challenge.starter.clone()));
    let Summary { id, title, level, place, .. } = challenge.summary.clone();
    let progress = Progress::provided();
    let passed_before = Memo::new(move |_| progress.challenge_passed(&id));
    let pastes = challenge.checks.iter().any(|check| matches!(check.condition, Condition::Pasted(_)));
    let lesson = challenge.lesson.map(|lesson| {
        view! {
            " · "
            <a href=format!("/course/{lesson}")>"the lesson"</a>
        }
    });
    view! {
        <Expired attempt new_session/>
        <main class="challenge">
            <header class="challenge-head">
                <h1 id=TITLE tabindex="-1">{title}</h1>
                <p class="muted">
                    {outline::level(level)} " · " {outline::place(place)}
                    {move || passed_before.get().then_some(" · passed")} {lesson}
                </p>
            </header>
            <div class="challenge-columns">
                <section class="panel" aria-labelledby="task-title">
                    <h2 id="task-title">"Task"</h2>
                    <Rendered html=attempt.filled_html(&challenge.task)/>
                    {challenge.html_file.map(|html| view! { <AsFile html=attempt.filled(&html)/> })}
                </section>
                <div class="column code-column">
                    <Code/>
                    <Output/>
                </div>
                <div class="column">
                    <Checks/>
                    <Passed next/>
                    {pastes.then(|| view! { <PasteField/> })}
                    <Help hints=challenge.hints/>
                </div>
            </div>
            <Evidence/>
            {(place == Place::Anywhere).then(|| view! { <OwnMachine/> })}
        </main>
    }
}

/// Warns if the page cannot see new observations.
#[component]
fn Expired(attempt: Attempt, new_session: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let problem = move || match attempt.lab.feed.get() {
        FeedState::Expired => Some(("This session has ended, so the relay records nothing more.".to_owned(), true)),
        FeedState::Lost => Some((ApiError::Unreachable.words("The relay’s log"), false)),
        FeedState::Unreadable(why) => Some((format!("The page cannot read the relay’s messages: {why}"), false)),
        FeedState::Connecting | FeedState::Live => None,
    };
    view! {
        <div role="status">
            {move || problem().map(|(words, expired)| view! {
                <Notice tone=Tone::Warning>
                    <span>{words}</span>
                    {expired.then(|| view! {
                        <button type="button" class="small" on:click=move |_| new_session()>
                            "Start a new session"
                        </button>
                    })}
                </Notice>
            })}
        </div>
    }
}

/// The same page as a file to download.
#[component]
fn AsFile(html: String) -> impl IntoView {
    let url = StoredValue::new_local(ObjectUrl::of(html.as_bytes(), "text/html"));
    let address = url.with_value(|url| url.as_ref().map(|url| url.as_str().to_owned()));
    address.map(|address| {
        view! {
            <p>
                <a href=address download="index.html" class="button small">
                    "Download as an HTML file"
                </a>
            </p>
        }
    })
}
