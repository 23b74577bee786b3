//! Connections that the reader starts: an editable plan, and the results.

mod aim;
mod draft;
mod meaning;
mod playground_link;
mod predict;
mod prediction;
mod run;
mod script;

use super::piece::Piece;
use super::reading::Reading;
use crate::ui::rendered::Rendered;
use curriculum::course::{Live, Run};
use draft::{Plan, RunDraft};
use leptos::html;
use leptos::prelude::*;
use predict::{Guess, OutcomeView};
use run::RunColumn;

pub(super) use run::{FeedProblem, LabView, RunSession};

#[component]
pub(super) fn LiveView(live: Live) -> impl IntoView {
    let (id, title) = (live.id.clone(), live.title.clone());
    let kind = if live.predict.is_some() { "Predict, then run" } else { "Live" };
    view! {
        <Piece id=id.clone() class="live" kind title=Some(title)>
            <LiveCard live piece=Some(id)/>
        </Piece>
    }
}

/// The same without a frame. `piece` is marked as done after a run.
#[component]
pub(super) fn LiveCard(live: Live, piece: Option<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Live { id, title, runs, show, simple, look, predict } = live;
    let done = piece.as_ref().is_some_and(|piece| reading.was_done(piece));
    let predict = StoredValue::new(predict);
    let guess = RwSignal::new(None::<usize>);
    // Who has seen the outcome needs no guess.
    let owes_guess = Memo::new(move |_| !done && guess.get().is_none() && predict.with_value(Option::is_some));
    let drafts: Vec<RunDraft> = runs.into_iter().map(RunDraft::new).collect();
    let two = drafts.len() > 1;
    let drafts = StoredValue::new(drafts);
    let started = RwSignal::new(None::<Started>);
    let error = RwSignal::new(None::<String>);
    let (title, piece) = (StoredValue::new(title), StoredValue::new(piece));
    let start = move |_| {
        if owes_guess.get_untracked() {
            error.set(Some("Choose what you expect first.".into()));
            return;
        }
        let runs: Result<Vec<Run>, String> = drafts.with_value(|drafts| drafts.iter().map(RunDraft::run).collect());
        match runs {
            Ok(runs) => {
                error.set(None);
                started.set(Some(Started { runs, guess: guess.get_untracked() }));
            }
            Err(why) => error.set(Some(why)),
        }
    };
    let changed = Memo::new(move |_| drafts.with_value(|drafts| drafts.iter().any(RunDraft::is_changed)));
    // Reset and Close disappear when pressed, so the focus moves to Run.
    let button = NodeRef::<html::Button>::new();
    let back = move || {
        if let Some(button) = button.get_untracked() {
            // If it fails, Tab starts at the top.
            let _ = button.focus();
        }
    };
    let reset = move |_| {
        drafts.with_value(|drafts| drafts.iter().for_each(RunDraft::reset));
        back();
    };
    let close = move |_| {
        started.set(None);
        back();
    };
    let running = Memo::new(move |_| started.with(Option::is_some));
    let look = StoredValue::new(look);
    view! {
        <div class="plans" class:two=two>
            {drafts.get_value().into_iter().enumerate().map(|(index, draft)| view! { <Plan draft simple number=two.then_some(index + 1)/> }).collect_view()}
        </div>
        {predict.get_value().map(|question| view! { <Guess question name=id guess error/> })}
        <p class="error" role="alert">{move || error.get()}</p>
        <div class="buttons">
            <button
                type="button"
                class="primary"
                node_ref=button
                aria-disabled=move || owes_guess.get().then_some("true")
                on:click=start
            >
                {move || if running.get() { "Run again" } else { "Run" }}
            </button>
            <button type="button" class="small" hidden=move || !changed.get() on:click=reset>
                "Reset"
            </button>
            <button type="button" class="small" hidden=move || !running.get() on:click=close>
                "Close"
            </button>
            <span class="note" hidden=move || running.get()>
                {move || if owes_guess.get() { "Choose what you expect, then press Run." } else { NOTHING_RUNS }}
            </span>
        </div>
        {move || started.get().map(|Started { runs, guess }| {
            let count = runs.len();
            // By run, as soon as it has begun.
            let labs = RwSignal::new(vec![None; count]);
            let ran = move |index: usize| {
                Callback::new(move |lab| {
                    labs.update(|labs| labs[index] = Some(lab));
                    piece.with_value(|piece| piece.iter().for_each(|piece| reading.done(piece)));
                })
            };
            let titles: Vec<_> = runs.iter().map(|run| run.title.clone().filter(|_| count > 1)).collect();
            let outcome = predict.get_value().map(|prediction| view! { <OutcomeView prediction guess labs titles/> });
            let column = move |(index, run): (usize, Run)| {
                let name = run.title.clone().unwrap_or_else(|| title.get_value());
                let heading = run.title.clone().filter(|_| count > 1);
                view! {
                    <div class="result">
                        {heading.map(|words| view! { <p class="sub">{words}</p> })}
                        <RunColumn run name=format!("{name}{}", number(index, count)) show ran=ran(index)/>
                    </div>
                }
            };
            view! {
                {outcome}
                {look.get_value().map(|html| view! {
                    <div class="card look"><b>"What to look for"</b><Rendered html/></div>
                })}
                <div class="results" class:two=two>{runs.into_iter().enumerate().map(column).collect_view()}</div>
            }
        })}
    }
}

/// What the reader has started.
#[derive(Clone)]
struct Started {
    runs: Vec<Run>,
    /// The outcome that the reader expected.
    guess: Option<usize>,
}

const NOTHING_RUNS: &str = "Nothing runs until you press Run. Then your browser opens a connection to this relay.";

fn number(index: usize, count: usize) -> String {
    if count > 1 { format!(", {}", index + 1) } else { String::new() }
}
