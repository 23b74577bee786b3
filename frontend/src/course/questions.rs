//! The questions of a lesson: exercises, quizzes, interview questions and frequently asked questions.

use super::live::LiveCard;
use super::piece::Piece;
use super::reading::Reading;
use crate::course::progress::Progress;
use crate::ui::focus::focus;
use crate::ui::prose::Prose;
use crate::ui::rendered::{Rendered, reachable};
use curriculum::course::{ChallengeLink, Choice, Exercise, Faq, Interview, Quiz, Slip};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// The suffix of the id of a FAQ's question.
pub(super) const QUESTION: &str = "-question";

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
pub(super) fn ExerciseView(exercise: Exercise) -> impl IntoView {
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
                <label for=field.clone() class="prose-block" inner_html=inline(&ask)></label>
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

/// Replaces paragraphs, which a label cannot contain.
fn inline(html: &str) -> String {
    let single = html.trim().strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
    single.filter(|rest| !rest.contains("<p>")).unwrap_or(html).replace("<p>", "<span>").replace("</p>", "</span> ")
}

#[component]
pub(super) fn QuizView(quiz: Quiz) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Quiz { id, ask, options } = quiz;
    let chosen = RwSignal::new(None::<usize>);
    let piece = StoredValue::new(id.clone());
    let option = move |(index, Choice { text, right, why }): (usize, Choice)| {
        let mine = move || chosen.get() == Some(index);
        let choose = move |_| {
            chosen.set(Some(index));
            if right {
                reading.done(&piece.get_value());
            }
        };
        let why = StoredValue::new(why);
        view! {
            <div class="option" class:right=move || mine() && right class:wrong=move || mine() && !right>
                <button type="button" aria-pressed=move || mine().to_string() on:click=choose>
                    <span class="dot" aria-hidden="true"></span>
                    <span class="prose-block" inner_html=text></span>
                </button>
                <div class="because" aria-live="polite">
                    {move || mine().then(|| view! {
                        <p class="verdict"><b>{if right { "Yes." } else { "No." }}</b></p>
                        <Rendered html=why.get_value()/>
                    })}
                </div>
            </div>
        }
    };
    view! {
        <Piece id class="quiz" kind="Quiz">
            <fieldset>
                <legend class="prose-block" inner_html=reachable(&inline(&ask))></legend>
                {options.into_iter().enumerate().map(option).collect_view()}
            </fieldset>
        </Piece>
    }
}

#[component]
pub(super) fn InterviewView(interview: Interview) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Interview { id, ask, answer, points, demo } = interview;
    let field = format!("{id}-answer");
    let piece = StoredValue::new(id.clone());
    let own = RwSignal::new(reading.note(&id));
    let shown = RwSignal::new(false);
    let model = StoredValue::new(format!("{id}-model"));
    let compare = move |_| {
        shown.set(true);
        reading.done(&piece.get_value());
        // The pressed button is gone.
        request_animation_frame(move || {
            focus(&model.get_value());
        });
    };
    let (answer, points) = (StoredValue::new(answer), StoredValue::new(points));
    let point = move |(number, html): (u32, String)| {
        let had = reading.has_point(&piece.get_value(), number);
        let tick = move |event| reading.tick_point(&piece.get_value(), number, event_target_checked(&event));
        view! {
            <li>
                <label>
                    <input type="checkbox" prop:checked=had on:change=tick/>
                    <span class="prose-block" inner_html=html></span>
                </label>
            </li>
        }
    };
    view! {
        <Piece id class="interview" kind="Interview">
            <label for=field.clone() class="prose-block question" inner_html=inline(&ask)></label>
            <textarea
                id=field
                rows="6"
                maxlength="8000"
                placeholder="Answer in your own words first. Your answer stays in this browser."
                prop:value=own
                on:input=move |event| {
                    own.set(event_target_value(&event));
                    reading.write_note(&piece.get_value(), &event_target_value(&event));
                }
            ></textarea>
            <Show
                when=move || shown.get()
                fallback=move || view! {
                    <button type="button" class="primary" on:click=compare>
                        "Show the model answer"
                    </button>
                }
            >
                <div class="model" id=model.get_value() tabindex="-1" role="group" aria-label="Model answer">
                    <p class="sub">"Model answer"</p>
                    <Rendered html=answer.get_value()/>
                    <p class="sub">"Does your answer cover these points?"</p>
                    <ul class="points">{(0..).zip(points.get_value()).map(point).collect_view()}</ul>
                </div>
            </Show>
            <LiveCard live=demo piece=None/>
        </Piece>
    }
}

#[component]
pub(super) fn FaqView(faq: Faq) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Faq { id, ask, answer } = faq;
    let piece = id.clone();
    let question = format!("{id}{QUESTION}");
    view! {
        <details class="faq" id=id on:toggle=move |_| reading.done(&piece)>
            <summary id=question>
                <span class="prose-block" inner_html=ask></span>
            </summary>
            <Rendered html=answer/>
        </details>
    }
}

#[component]
pub(super) fn ChallengeCard(link: ChallengeLink) -> impl IntoView {
    let progress = Progress::provided();
    let ChallengeLink { id, title, summary } = link;
    let href = format!("/challenges/{id}");
    // The browser's Back button then returns here instead of to the top.
    let here = format!("#{id}");
    let stay = move |_| {
        if let Ok(history) = window().history() {
            // If it fails, Back returns to the top.
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&here));
        }
    };
    let known = id.clone();
    let passed = Memo::new(move |_| progress.challenge_passed(&known));
    view! {
        <Piece id class="to-challenge" kind="Challenge" title=Some(title)>
            <p><Prose text=summary/></p>
            <p class="buttons">
                <a class="button primary" href=href on:click=stay>
                    {move || if passed.get() { "Open again" } else { "Open the challenge" }}
                </a>
                <span class="muted" role="status">{move || passed.get().then_some("passed")}</span>
            </p>
        </Piece>
    }
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
