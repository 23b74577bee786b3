//! Hints, one after another, and the solution.

use super::editor::Editor;
use crate::challenge::runner::Runner;
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use crate::ui::arrival::keep_focus;
use crate::ui::focus::focus;
use crate::ui::rendered::Rendered;
use curriculum::challenge::Solution;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The elements that get the focus when one of their buttons disappears.
const HINTS: &str = "hints";
const SOLUTION: &str = "solution";

#[component]
pub fn Help(hints: Vec<String>) -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let total = hints.len();
    let hints = StoredValue::new(hints);
    let shown = RwSignal::new(0);
    let more = move |_| {
        shown.update(|shown| *shown = (*shown + 1).min(total));
        if shown.get_untracked() == total {
            // The button disappears with the last hint.
            request_animation_frame(|| {
                focus(HINTS);
            });
        }
    };
    let next = move || match (shown.get(), total) {
        (0, 1) => "Show the hint".to_owned(),
        (shown, total) if shown < total => format!("Show hint {} of {total}", shown + 1),
        _ => String::new(),
    };
    view! {
        <section class="panel" aria-labelledby="help-title">
            <h2 id="help-title">"Hints and solution"</h2>
            <ol class="hints" id=HINTS tabindex="-1" aria-label="Hints" aria-live="polite">
                <For each=move || 0..shown.get() key=|index| *index children=move |index| {
                    let html = hints.with_value(|hints| attempt.filled_html(&hints[index]));
                    view! {
                        <li class="card">
                            <Rendered html/>
                        </li>
                    }
                }/>
            </ol>
            <div class="buttons">
                <button type="button" class="small" hidden=move || { shown.get() >= total } on:click=more>
                    {next}
                </button>
                <SolutionPart/>
            </div>
        </section>
    }
}

#[derive(Clone)]
enum Request {
    None,
    /// The challenge is not passed yet, so the page asks for confirmation.
    Confirm,
    Loading,
    Loaded(Result<Solution, ApiError>),
}

#[component]
fn SolutionPart() -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let progress = Progress::provided();
    let request = RwSignal::new(Request::None);
    let go = move |to: Request| keep_focus(SOLUTION, || request.set(to));
    let fetch = move || {
        go(Request::Loading);
        let path = format!("/api/course/challenges/{}/solution", attempt.id());
        spawn_local(async move {
            let said = api::read::<Solution>(&path).await;
            // The reader may have left the page.
            if !request.is_disposed() {
                go(Request::Loaded(said));
            }
        });
    };
    let ask = move |_| {
        let passed = attempt.report.with_untracked(curriculum::grade::Report::passed)
            || untrack(|| progress.challenge_passed(&attempt.id()));
        if passed { fetch() } else { go(Request::Confirm) }
    };
    let part = move || match request.get() {
        Request::None => view! {
            <button type="button" class="small" on:click=ask>
                "Show the solution"
            </button>
        }
        .into_any(),
        Request::Confirm => view! {
            <p class="confirm" role="alert">
                "You have not passed this challenge yet. "
                <button type="button" class="small" on:click=move |_| fetch()>
                    "Show it anyway"
                </button>
                " "
                <button type="button" class="small" on:click=move |_| go(Request::None)>
                    "Cancel"
                </button>
            </p>
        }
        .into_any(),
        Request::Loading => view! { <p class="note coming">"Loading…"</p> }.into_any(),
        Request::Loaded(Err(error)) => view! {
            <p class="card bad" role="alert">
                {error.words("The solution")}
                <button type="button" class="small" on:click=move |_| fetch()>
                    "Retry"
                </button>
            </p>
        }
        .into_any(),
        Request::Loaded(Ok(solution)) => view! { <SolutionView solution/> }.into_any(),
    };
    view! {
        <div id=SOLUTION class="solution-part" role="group" aria-label="Solution" tabindex="-1">
            {part}
        </div>
    }
}

#[component]
fn SolutionView(solution: Solution) -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let editor = expect_context::<Editor>();
    let Solution { code, why } = solution;
    let code = attempt.filled(&code);
    let to_put = StoredValue::new(code.clone());
    view! {
        <div class="solution">
            <pre class="snippet" tabindex="0" role="region" aria-label="The solution’s code">
                <code>{code}</code>
            </pre>
            <button type="button" class="small" on:click=move |_| to_put.with_value(|code| editor.replace(code))>
                "Copy to the editor"
            </button>
            <Rendered html=attempt.filled_html(&why)/>
        </div>
    }
}
