//! A multiple-choice question. Its options are in another order for each reader.

use super::choices::{Choices, Verdicts};
use crate::course::piece::Piece;
use crate::course::reading::Reading;
use crate::ui::rendered::{inline, reachable};
use curriculum::course::Quiz;
use leptos::prelude::*;

#[component]
pub(in crate::course) fn QuizView(quiz: Quiz) -> impl IntoView {
    let Quiz { id, ask, options } = quiz;
    let order = expect_context::<Reading>().shuffled(&id, options.len());
    let options: Vec<_> = order.into_iter().map(|index| options[index].clone()).collect();
    let verdicts = Verdicts { right: "Yes.", wrong: "No." };
    view! {
        <Piece id=id.clone() class="quiz" kind="Quiz">
            <fieldset>
                <legend class="prose-block" inner_html=reachable(&inline(&ask))></legend>
                <Choices piece=id options verdicts/>
            </fieldset>
        </Piece>
    }
}
