//! Hints, one after the other, and a solution for whoever wants it.

use super::editor::Editor;
use crate::net::api::{self, ApiError};
use crate::store::progress::Progress;
use crate::store::runner::Runner;
use curriculum::challenge::Solution;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn Help(hints: Vec<String>) -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let total = hints.len();
    let hints = StoredValue::new(hints);
    let shown = RwSignal::new(0);
    let next = move || match (shown.get(), total) {
        (0, 1) => "A hint".to_owned(),
        (shown, total) if shown < total => format!("Hint {} of {total}", shown + 1),
        _ => String::new(),
    };
    view! {
        <section class="panel" aria-labelledby="help-title">
            <h2 id="help-title">"Hints and solution"</h2>
            <ol class="hints" aria-live="polite">
                <For each=move || 0..shown.get() key=|index| *index children=move |index| {
                    let html = hints.with_value(|hints| attempt.filled_html(&hints[index]));
                    view! { <li class="rendered card" inner_html=html></li> }
                }/>
            </ol>
            <div class="buttons">
                <button
                    type="button"
                    class="small"
                    hidden=move || { shown.get() >= total }
                    on:click=move |_| shown.update(|shown| *shown = (*shown + 1).min(total))
                >
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
    let fetch = move || {
        asked.set(Asked::Coming);
        spawn_local(async move {
            let said = api::read::<Solution>(&format!("/api/course/challenges/{}/solution", attempt.id())).await;
            // The page may have been left meanwhile.
            let _ = asked.try_set(Asked::Here(said));
        });
    };
    let ask = move |_| {
        let passed = attempt.report.with_untracked(curriculum::grade::Report::passed)
            || untrack(|| progress.challenge_passed(&attempt.id()));
        if passed { fetch() } else { asked.set(Asked::Sure) }
    };
    move || match asked.get() {
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
                <button type="button" class="small" on:click=move |_| asked.set(Asked::No)>
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
        <div class="solution" role="region" aria-label="Solution">
            <pre class="snippet" tabindex="0" role="region" aria-label="The solution’s code">
                <code>{code}</code>
            </pre>
            <button type="button" class="small" on:click=move |_| to_put.with_value(|code| editor.replace(code))>
                "Put it into the editor"
            </button>
            <div class="rendered" inner_html=attempt.filled_html(&why)></div>
        </div>
    }
}
