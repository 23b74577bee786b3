//! An open challenge: the task, the code, its output, the checks, and help.

use super::checks::Checks;
use super::code::Code;
use super::decided;
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
use crate::lab::Trouble;
use crate::net::api::ApiError;
use crate::shell::notice::{Notice, Tone};
use crate::site;
use crate::ui::embed_button::EmbedButton;
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
    /// Whether the page has started a new session because the relay did not know the one before.
    renewed: RwSignal<bool>,
    /// Starts a new session.
    new_session: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let runner = Runner::new(attempt);
    decided::follow(attempt);
    on_cleanup(move || runner.cancel());
    let challenge = attempt.challenge.get_value();
    provide_context(attempt.lab);
    provide_context(runner);
    provide_context(Editor::new(&challenge.summary.id, challenge.starter.clone()));
    let Summary { id, title, level, place, .. } = challenge.summary.clone();
    let embed = (format!("challenge/{id}"), title.clone());
    let progress = Progress::provided();
    let passed_before = Memo::new(move |_| progress.challenge_passed(&id));
    let pastes = challenge.checks.iter().any(|check| matches!(check.condition, Condition::Pasted(_)));
    let lesson = challenge.lesson.map(|lesson| {
        view! {
            " · "
            <a href=site::path(&format!("/course/{lesson}"))>"the lesson"</a>
        }
    });
    view! {
        <Expired attempt renewed new_session/>
        <main class="challenge">
            <header class="challenge-head">
                <h1 id=TITLE tabindex="-1">{title}</h1>
                <p class="muted">
                    {outline::level(level)} " · " {outline::place(place)}
                    {move || passed_before.get().then_some(" · passed")} {lesson}
                </p>
                <EmbedButton path=embed.0 title=embed.1 height=900/>
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
fn Expired(
    attempt: Attempt,
    renewed: RwSignal<bool>,
    new_session: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let lab = attempt.lab;
    let problem = move || {
        let trouble = lab.trouble()?;
        let words = match &trouble {
            Trouble::Expired => "This session has ended, so the relay records nothing more.".to_owned(),
            Trouble::Lost if lab.is_shared() => {
                "The connection to the relay is lost. Your code stays, and the page continues on another relay."
                    .to_owned()
            }
            Trouble::Lost => ApiError::Unreachable.words("The relay’s log"),
            Trouble::Unreadable(why) => format!("The page cannot read the relay’s messages: {why}"),
            Trouble::Draining => {
                let then =
                    if lab.is_shared() { "continues on another relay" } else { "reconnects when the relay is back" };
                format!(
                    "This relay is about to restart. Your connections will end. Your code stays, and the page {then}."
                )
            }
            Trouble::Interrupted => {
                format!(
                    "Recording is interrupted. {} If a check stays open, run your code again after that.",
                    Trouble::MEANWHILE
                )
            }
        };
        Some((words, trouble == Trouble::Expired))
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
            <Show when=move || renewed.get()>
                <Notice tone=Tone::Warning>
                    <span>
                        "The session before has ended, because the relay was restarted or you were away for long. This is a new one. \
                         Your code is as you left it; the task may have new values."
                    </span>
                    <button type="button" class="small" on:click=move |_| renewed.set(false)>
                        "Dismiss"
                    </button>
                </Notice>
            </Show>
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
