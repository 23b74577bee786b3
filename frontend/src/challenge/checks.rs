//! The checks: whether each is met, and what was found. They update during a run.

use crate::challenge::runner::{RunState, Runner};
use crate::ui::focus::focus;
use crate::ui::icon::{CHECK, CLOSE, Icon};
use crate::ui::prose::Prose;
use curriculum::grade::{ObservationRef, Verdict};
use leptos::prelude::*;

/// The state of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckState {
    NotYet,
    Met,
    NotMet,
}

impl CheckState {
    fn words(self) -> &'static str {
        match self {
            Self::NotYet => "not yet",
            Self::Met => "met",
            Self::NotMet => "not met",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::NotYet => "check not-yet",
            Self::Met => "check met",
            Self::NotMet => "check not-met",
        }
    }
}

#[component]
pub fn Checks() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let attempt = runner.attempt;
    let summary = Memo::new(move |_| {
        attempt.report.with(|report| {
            let met = report.verdicts.iter().filter(|verdict| verdict.met).count();
            format!("{met} of {} checks met", report.verdicts.len())
        })
    });
    let wants = attempt
        .challenge
        .with_value(|challenge| challenge.checks.iter().map(|check| attempt.filled(&check.wants)).collect::<Vec<_>>());
    view! {
        <section class="panel" aria-labelledby="checks-title">
            <div class="bar">
                <h2 id="checks-title">"Checks"</h2>
                <span class="grow"></span>
                <span class="muted" role="status" aria-live="polite">
                    {summary}
                </span>
            </div>
            <ul class="checks">
                {wants
                    .into_iter()
                    .enumerate()
                    .map(|(index, wants)| {
                        let verdict = Memo::new(move |_| attempt.report.with(|report| report.verdicts.get(index).cloned()));
                        view! { <CheckView wants verdict/> }
                    })
                    .collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn CheckView(wants: String, verdict: Memo<Option<Verdict>>) -> impl IntoView {
    let runner = expect_context::<Runner>();
    let state = Memo::new(move |_| {
        let met = verdict.with(|verdict| verdict.as_ref().is_some_and(|verdict| verdict.met));
        match (met, runner.state.get()) {
            (true, _) => CheckState::Met,
            (false, RunState::Ended(_)) => CheckState::NotMet,
            (false, _) => CheckState::NotYet,
        }
    });
    let found = move || verdict.with(|verdict| verdict.as_ref().map(|verdict| verdict.found.clone()));
    let begun = move || {
        runner.state.get() != RunState::NotYet
            || verdict.with(|verdict| verdict.as_ref().is_some_and(|verdict| verdict.met || verdict.at.is_some()))
    };
    let at = Memo::new(move |_| verdict.with(|verdict| verdict.as_ref().and_then(|verdict| verdict.at)));
    view! {
        <li class=move || state.get().class()>
            <span class="mark">
                {move || match state.get() {
                    CheckState::Met => Some(view! { <Icon path=CHECK/> }),
                    CheckState::NotMet => Some(view! { <Icon path=CLOSE/> }),
                    CheckState::NotYet => None,
                }}
            </span>
            <span class="what">
                <span>
                    <Prose text=wants/>
                    " "
                    <b class="check-state">{move || state.get().words()}</b>
                </span>
                {move || found().filter(|_| begun()).map(|found| view! {
                    <span class="muted found">
                        <Prose text=found/>
                    </span>
                })}
                {move || at.get().map(|at| view! { <ShowFrame at/> })}
            </span>
        </li>
    }
}

#[component]
fn ShowFrame(at: ObservationRef) -> impl IntoView {
    let lab = expect_context::<Runner>().attempt.lab;
    let show = move |_| {
        if let Some(key) = lab.record.with_untracked(|record| record.row_of(at.seq)) {
            lab.inspect(key);
            request_animation_frame(|| {
                if let Some(evidence) = document().get_element_by_id("evidence") {
                    evidence.scroll_into_view();
                }
                focus("frames");
            });
        }
    };
    view! {
        <button type="button" class="small show-frame" on:click=show>
            "Show the frame"
        </button>
    }
}
