//! An exercise: a question with a text field for the answer.

use crate::course::piece::Piece;
use crate::course::reading::Reading;
use crate::site;
use crate::ui::rendered::{Rendered, inline};
use curriculum::course::{Exercise, Slip};
use leptos::prelude::*;

/// The result of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The answer is empty.
    Empty,
    Right,
    /// A known mistake, with its explanation in HTML.
    Slip(String),
    Wrong,
}

#[component]
pub(in crate::course) fn ExerciseView(exercise: Exercise) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Exercise { id, ask, answers, hint, why, slips } = exercise;
    let (field, piece) = (format!("{id}-answer"), id.clone());
    let answer = RwSignal::new(String::new());
    let outcome = RwSignal::new(None::<Outcome>);
    let check = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let found = judge(&answer.get_untracked(), &answers, &slips);
        if found == Outcome::Right {
            reading.done(&piece);
        }
        outcome.set(Some(found));
    };
    let why = StoredValue::new(why);
    let said = move || match outcome.get() {
        None => ().into_any(),
        Some(Outcome::Right) => view! {
            <div class="card good">
                <b>"Right"</b>
                <Rendered html=why.get_value()/>
            </div>
        }
        .into_any(),
        Some(Outcome::Slip(html)) => view! {
            <div class="card warn">
                <b>"Not quite"</b>
                <Rendered html/>
            </div>
        }
        .into_any(),
        Some(Outcome::Empty) => view! { <p class="card warn"><span>"Type an answer first."</span></p> }.into_any(),
        Some(Outcome::Wrong) => view! {
            <p class="card warn">
                <b>"Wrong"</b>
                <span>"You can try again as often as you like."</span>
            </p>
        }
        .into_any(),
    };
    view! {
        <Piece id class="exercise" kind="Exercise">
            <form on:submit=check>
                <label for=field.clone() class="prose-block" inner_html=site::html(&inline(&ask))></label>
                <div class="answer-line">
                    <input
                        id=field
                        type="text"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        prop:value=answer
                        on:input=move |event| {
                            answer.set(event_target_value(&event));
                            outcome.set(None);
                        }
                    />
                    <button type="submit" class="primary">
                        "Check"
                    </button>
                </div>
            </form>
            <div aria-live="polite">{said}</div>
            {hint.map(|hint| view! {
                <details class="hint">
                    <summary>"Hint"</summary>
                    <Rendered html=hint/>
                </details>
            })}
        </Piece>
    }
}

fn judge(given: &str, answers: &[String], slips: &[Slip]) -> Outcome {
    let given = folded(given);
    if given.is_empty() {
        return Outcome::Empty;
    }
    if answers.iter().any(|answer| folded(answer) == given) {
        return Outcome::Right;
    }
    let slip = slips.iter().find(|slip| folded(&slip.answer) == given);
    slip.map_or(Outcome::Wrong, |slip| Outcome::Slip(slip.says.clone()))
}

/// Ignores case, repeated spaces, quotes and a final period.
fn folded(text: &str) -> String {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain.trim_end_matches('.').trim_matches(|c| "\"'`“”‘’".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spaces_quotes_and_a_final_period_do_not_matter() {
        let answers = ["Switching Protocols".to_owned()];
        let slips = [Slip { answer: "Continue".into(), says: "<p>100</p>".into() }];
        assert_eq!(judge("  switching   PROTOCOLS ", &answers, &slips), Outcome::Right);
        assert_eq!(judge("continue", &answers, &slips), Outcome::Slip("<p>100</p>".into()));
        assert_eq!(judge("“Switching Protocols”.", &answers, &slips), Outcome::Right);
        assert_eq!(judge("ok", &answers, &slips), Outcome::Wrong);
        assert_eq!(judge("  ", &answers, &slips), Outcome::Empty);
    }
}
