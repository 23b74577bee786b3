//! Options to choose from. Each says whether it is right, and why.

use crate::course::reading::Reading;
use crate::site;
use crate::ui::focus::focus;
use crate::ui::rendered::Rendered;
use curriculum::course::Choice;
use leptos::prelude::*;

/// What an option says when it is chosen.
#[derive(Clone, Copy)]
pub(super) struct Verdicts {
    pub(super) right: &'static str,
    pub(super) wrong: &'static str,
}

#[component]
pub(super) fn Choices(
    /// The id of the piece. It is done when the reader has chosen a right option.
    piece: String,
    /// In the order in which they are shown.
    options: Vec<Choice>,
    verdicts: Verdicts,
) -> impl IntoView {
    let reading = expect_context::<Reading>();
    // Who answered before sees the answer.
    let answered = if reading.was_done(&piece) { options.iter().position(|option| option.right) } else { None };
    let chosen = RwSignal::new(answered);
    let first = StoredValue::new(format!("{piece}-option-0"));
    let again = move |_| {
        chosen.set(None);
        // The pressed button is hidden.
        request_animation_frame(move || {
            focus(&first.get_value());
        });
    };
    let id = StoredValue::new(piece);
    let option = move |(index, Choice { text, right, why }): (usize, Choice)| {
        let mine = move || chosen.get() == Some(index);
        let choose = move |_| {
            chosen.set(Some(index));
            if right {
                reading.done(&id.get_value());
            }
        };
        let why = StoredValue::new(why);
        let verdict = if right { verdicts.right } else { verdicts.wrong };
        view! {
            <div class="option" class:right=move || mine() && right class:wrong=move || mine() && !right>
                <button
                    type="button"
                    id=format!("{}-option-{index}", id.get_value())
                    aria-pressed=move || mine().to_string()
                    on:click=choose
                >
                    <span class="dot" aria-hidden="true"></span>
                    <span class="prose-block" inner_html=site::html(&text)></span>
                </button>
                <div class="because" aria-live="polite">
                    {move || mine().then(|| view! {
                        <p class="verdict"><b>{verdict}</b></p>
                        <Rendered html=why.get_value()/>
                    })}
                </div>
            </div>
        }
    };
    view! {
        <div class="options">{options.into_iter().enumerate().map(option).collect_view()}</div>
        <p class="buttons" hidden=move || chosen.get().is_none()>
            <button type="button" class="small" on:click=again>
                "Try again"
            </button>
        </p>
    }
}
