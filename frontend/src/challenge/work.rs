//! A challenge at work: the task, the code, what it did, and how far that is what was asked for.

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
    /// Begins with a new session.
    begin_anew: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let runner = Runner::new(attempt);
    on_cleanup(move || runner.let_go());
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
        <Expired attempt begin_anew/>
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

/// The relay knows the session no more: nothing that is done now would be seen.
#[component]
fn Expired(attempt: Attempt, begin_anew: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let trouble = move || match attempt.lab.feed.get() {
        FeedState::Expired => Some(("The session is over, so nothing of a run would be seen.".to_owned(), true)),
        FeedState::Lost => Some((ApiError::Unreachable.words("What the relay sees"), false)),
        FeedState::Unreadable(why) => Some((format!("What the relay says cannot be read: {why}"), false)),
        FeedState::Connecting | FeedState::Live => None,
    };
    view! {
        <div role="status">
            {move || trouble().map(|(words, anew)| view! {
                <Notice tone=Tone::Warning>
                    <span>{words}</span>
                    {anew.then(|| view! {
                        <button type="button" class="small" on:click=move |_| begin_anew()>
                            "Go on with a new session"
                        </button>
                    })}
                </Notice>
            })}
        </div>
    }
}

/// The same as a file that is opened by a double click.
#[component]
fn AsFile(html: String) -> impl IntoView {
    let url = StoredValue::new_local(ObjectUrl::of(html.as_bytes(), "text/html"));
    let address = url.with_value(|url| url.as_ref().map(|url| url.as_str().to_owned()));
    address.map(|address| {
        view! {
            <p>
                <a href=address download="index.html" class="button small">
                    "The same as a file to open"
                </a>
            </p>
        }
    })
}
