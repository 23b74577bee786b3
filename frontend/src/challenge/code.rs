//! The code editor and its buttons.

use super::editor::{Editor, EditorView};
use crate::challenge::runner::{RunState, Runner};
use crate::ui::enter::is_enter;
use curriculum::page_run::RunEnd;
use leptos::prelude::*;

#[component]
pub fn Code() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let editor = expect_context::<Editor>();
    let run = move || runner.run(&editor.code.get_untracked());
    let on_key = move |event: web_sys::KeyboardEvent| {
        if is_enter(&event) && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            if !runner.state.with_untracked(|state| *state == RunState::Running) {
                run();
            }
        }
    };
    // The editor is outside of Leptos, so an effect marks the line.
    Effect::new(move || editor.mark(runner.failed_at.get()));
    let press = move |event: web_sys::MouseEvent| {
        if !runner.state.with_untracked(|state| *state == RunState::Running) {
            run();
        } else if event.detail() < 2 {
            // The second click of a double click must not stop the run.
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
                    aria-disabled=move || (editor.is_starter() && !editor.can_restore()).to_string()
                    on:click=move |_| if editor.can_restore() { editor.restore() } else { editor.reset() }
                >
                    {move || if editor.can_restore() { "Restore my code" } else { "Reset code" }}
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
                <span class="muted keys">"Ctrl+Enter to run"</span>
            </div>
        </section>
    }
}

fn state_words(runner: Runner) -> String {
    let limit = || runner.attempt.challenge.with_value(|challenge| f64::from(challenge.limit_ms) / 1_000.0);
    match runner.state.get() {
        RunState::NotYet => String::new(),
        RunState::Running => format!("Running (limit: {} s)", limit()),
        RunState::Ended(RunEnd::Done) => "Finished: nothing left to wait for.".into(),
        RunState::Ended(RunEnd::TimeUp) => format!("Stopped at the limit of {} s.", limit()),
        RunState::Ended(RunEnd::Stopped) => "Stopped.".into(),
        RunState::Ended(RunEnd::Threw) => match runner.failed_at.get() {
            Some(line) => format!("Failed with an error on line {line}."),
            None => "Failed with an error.".into(),
        },
    }
}
