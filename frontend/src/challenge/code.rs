//! The code and the buttons that run it.

use super::editor::{Editor, EditorView};
use crate::challenge::runner::{RunState, Runner};
use curriculum::page_run::RunEnd;
use leptos::prelude::*;

#[component]
pub fn Code() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let editor = expect_context::<Editor>();
    let run = move || runner.run(&editor.code.get_untracked());
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            if !runner.state.with_untracked(|state| *state == RunState::Running) {
                run();
            }
        }
    };
    // The line is shown inside the editor, which is not of this page's making.
    Effect::new(move || editor.mark(runner.failed_at.get()));
    let press = move |event: web_sys::MouseEvent| {
        if !runner.state.with_untracked(|state| *state == RunState::Running) {
            run();
        } else if event.detail() < 2 {
            // The second click of a double click is none to stop.
            runner.stop();
        }
    };
    view! {
        <section class="panel" aria-labelledby="code-title" on:keydown=on_key>
            <div class="bar">
                <h2 id="code-title">"Your code"</h2>
                <span class="grow"></span>
                <button
                    type="button"
                    class="small"
                    aria-disabled=move || (editor.is_starter() && !editor.can_bring_back()).to_string()
                    on:click=move |_| if editor.can_bring_back() { editor.bring_back() } else { editor.reset() }
                >
                    {move || if editor.can_bring_back() { "Bring my code back" } else { "Reset to the start" }}
                </button>
            </div>
            <EditorView/>
            <div class="run-bar">
                <button
                    type="button"
                    class="primary"
                    class:stop=move || runner.is_running()
                    aria-keyshortcuts="Control+Enter Meta+Enter"
                    on:click=press
                >
                    {move || if runner.is_running() { "Stop" } else { "Run" }}
                </button>
                <span class="muted" role="status" id="run-state">
                    {move || state_words(runner)}
                </span>
                <span class="grow"></span>
                <span class="muted keys">"Ctrl+Enter runs it"</span>
            </div>
        </section>
    }
}

fn state_words(runner: Runner) -> String {
    let limit = || runner.attempt.challenge.with_value(|challenge| f64::from(challenge.limit_ms) / 1_000.0);
    match runner.state.get() {
        RunState::NotYet => String::new(),
        RunState::Running => format!("Running, for {} s at the most", limit()),
        RunState::Ended(RunEnd::Done) => "It has ended: nothing was left to wait for.".into(),
        RunState::Ended(RunEnd::TimeUp) => format!("Stopped: its {} s were over.", limit()),
        RunState::Ended(RunEnd::Stopped) => "Stopped.".into(),
        RunState::Ended(RunEnd::Threw) => match runner.failed_at.get() {
            Some(line) => format!("It ended with an error in line {line}."),
            None => "It ended with an error.".into(),
        },
    }
}
