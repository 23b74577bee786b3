//! Hints, one after the other, and a solution for whoever wants it.

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

/// The places where the keyboard stays when a button of theirs goes away.
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
            // The button goes with the last one.
            request_animation_frame(|| {
                focus(HINTS);
            });
        }
    };
    let next = move || match (shown.get(), total) {
        (0, 1) => "A hint".to_owned(),
        (shown, total) if shown < total => format!("Hint {} of {total}", shown + 1),
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
enum Asked {
    No,
    /// The challenge is not passed yet, so it is asked once more.
    Sure,
    Coming,
    Here(Result<Solution, ApiError>),
}

#[component]
fn SolutionPart() -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let progress = Progress::provided();
    let asked = RwSignal::new(Asked::No);
    let go = move |to: Asked| keep_focus(SOLUTION, || asked.set(to));
    let fetch = move || {
        go(Asked::Coming);
        let path = format!("/api/course/challenges/{}/solution", attempt.id());
        spawn_local(async move {
            let said = api::read::<Solution>(&path).await;
            // The page may have been left meanwhile.
            if !asked.is_disposed() {
                go(Asked::Here(said));
            }
        });
    };
    let ask = move |_| {
        let passed = attempt.report.with_untracked(curriculum::grade::Report::passed)
            || untrack(|| progress.challenge_passed(&attempt.id()));
        if passed { fetch() } else { go(Asked::Sure) }
    };
    let part = move || match asked.get() {
        Asked::No => view! {
            <button type="button" class="small" on:click=ask>
                "Show the solution"
            </button>
        }
        .into_any(),
        Asked::Sure => view! {
            <p class="sure" role="alert">
                "You have not passed yet. "
                <button type="button" class="small" on:click=move |_| fetch()>
                    "Show it anyway"
                </button>
                " "
                <button type="button" class="small" on:click=move |_| go(Asked::No)>
                    "Not now"
                </button>
            </p>
        }
        .into_any(),
        Asked::Coming => view! { <p class="note coming">"Loading…"</p> }.into_any(),
        Asked::Here(Err(error)) => view! {
            <p class="card bad" role="alert">
                {error.words("The solution")}
                <button type="button" class="small" on:click=move |_| fetch()>
                    "Try again"
                </button>
            </p>
        }
        .into_any(),
        Asked::Here(Ok(solution)) => view! { <SolutionView solution/> }.into_any(),
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
                "Put it into the editor"
            </button>
            <Rendered html=attempt.filled_html(&why)/>
        </div>
    }
}
