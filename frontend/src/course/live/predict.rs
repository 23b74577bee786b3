//! A prediction: what the reader expects before a run, and the comparison with what came true.

use super::prediction::{Decision, decide};
use crate::course::reading::Reading;
use crate::lab::{Lab, Record};
use crate::site;
use crate::ui::rendered::{Rendered, inline, reachable};
use curriculum::course::{Prediction, Seen};
use curriculum::grade::{Finding, observe};
use curriculum::page_run::PageRun;
use leptos::prelude::*;
use observation::page::PageAct;

/// The question before the run.
#[component]
pub(super) fn Guess(
    question: Prediction,
    /// The id of the live piece.
    name: String,
    guess: RwSignal<Option<usize>>,
    /// Why the run does not start. A guess clears it.
    error: RwSignal<Option<String>>,
) -> impl IntoView {
    let Prediction { ask, outcomes } = question;
    let order = expect_context::<Reading>().shuffled(&name, outcomes.len());
    let group = StoredValue::new(format!("{name}-guess"));
    let option = move |index: usize| {
        let choose = move |_| {
            guess.set(Some(index));
            error.set(None);
        };
        view! {
            <label class="option" class:chosen=move || guess.get() == Some(index)>
                <input type="radio" name=group.get_value() prop:checked=move || guess.get() == Some(index) on:change=choose/>
                <span class="prose-block" inner_html=site::html(&outcomes[index].text)></span>
            </label>
        }
    };
    view! {
        <fieldset class="predict">
            <legend class="prose-block" inner_html=reachable(&inline(&ask))></legend>
            {order.into_iter().map(option).collect_view()}
        </fieldset>
    }
}

/// What came true, beside the reader's guess.
#[component]
pub(super) fn OutcomeView(
    prediction: Prediction,
    guess: Option<usize>,
    /// By run, as soon as it has begun.
    labs: RwSignal<Vec<Option<Lab>>>,
    /// The titles of the runs, if there are several.
    titles: Vec<Option<String>>,
) -> impl IntoView {
    let outcomes = StoredValue::new(prediction.outcomes);
    let titles = StoredValue::new(titles);
    let decision = Memo::new(move |last: Option<&Decision>| match last {
        // The first outcome to come true decides.
        Some(decided @ Decision::CameTrue { .. }) => decided.clone(),
        _ => labs.with(|labs| {
            let over = labs.iter().all(|lab| lab.is_some_and(|lab| in_record(lab, is_over) == Some(true)));
            outcomes.with_value(|outcomes| decide(outcomes, |seen| found(labs, seen), over))
        }),
    });
    let text = move |index: usize| outcomes.with_value(|outcomes| site::html(&outcomes[index].text));
    let why = move |index: usize| outcomes.with_value(|outcomes| outcomes[index].why.clone());
    let evidence = move |evidence: Vec<(usize, Finding)>| {
        let line = move |(run, finding): (usize, Finding)| {
            let title = titles.with_value(|titles| titles.get(run).cloned().flatten());
            let lab = labs.with_untracked(|labs| labs.get(run).copied().flatten());
            view! {
                <li>
                    {title.map(|title| view! { <b>{title}": "</b> })}
                    {finding.found.clone()} " "
                    {lab.zip(finding.at).map(|(lab, at)| view! {
                        <button type="button" class="small" on:click=move |_| show_row(lab, at.seq)>
                            "Show the row"
                        </button>
                    })}
                </li>
            }
        };
        view! { <ul class="evidence-of">{evidence.into_iter().map(line).collect_view()}</ul> }
    };
    let guessed = move |index: usize| {
        view! {
            <p>"You expected: " <span class="prose-block" inner_html=text(index)></span></p>
            <Rendered html=why(index)/>
        }
    };
    let said = move || match (decision.get(), guess) {
        (Decision::Pending, _) => view! { <p class="card">"Waiting for the outcome…"</p> }.into_any(),
        (Decision::None, _) => view! {
            <p class="card warn">
                <b>"None of these outcomes came true"</b>
                <span>"The rows show what happened instead."</span>
            </p>
        }
        .into_any(),
        (Decision::CameTrue { outcome, evidence: seen }, Some(guess)) if guess == outcome => view! {
            <div class="card good outcome">
                <b>"As you expected: "</b>
                <span class="prose-block" inner_html=text(outcome)></span>
                {evidence(seen)}
                <Rendered html=why(outcome)/>
            </div>
        }
        .into_any(),
        (Decision::CameTrue { outcome, evidence: seen }, guess) => view! {
            <div class="card outcome" class:warn=guess.is_some()>
                <b>{if guess.is_some() { "Not as you expected: " } else { "The outcome: " }}</b>
                <span class="prose-block" inner_html=text(outcome)></span>
                {evidence(seen)}
                <Rendered html=why(outcome)/>
                {guess.map(guessed)}
            </div>
        }
        .into_any(),
    };
    view! { <div class="outcome-place" role="status">{said}</div> }
}

/// Looks for a condition in its run; `None` if the run has not begun.
fn found(labs: &[Option<Lab>], seen: &Seen) -> Option<Finding> {
    let look = |record: &Record| {
        let run = PageRun { events: record.journal.iter().cloned().collect(), ..PageRun::default() };
        observe(&seen.condition, &record.transcript, &run)
    };
    in_record((*labs.get(seen.run)?)?, look)
}

/// Whether the socket of a run has closed.
fn is_over(record: &Record) -> bool {
    record.journal.iter().any(|event| matches!(event.act, PageAct::Closed { .. }))
}

/// Reads the record of a lab; `None` if its view is gone.
fn in_record<T>(lab: Lab, read: impl FnOnce(&Record) -> T) -> Option<T> {
    lab.record.try_with(read)
}

fn show_row(lab: Lab, seq: observation::Seq) {
    // The view of an older run may be gone.
    if let Some(key) = lab.record.try_with_untracked(|record| record.row_of(seq)).flatten() {
        lab.inspect(key);
        lab.inspecting.set(true);
    }
}
