//! A block of text in which one line is wrong. The reader chooses a line.

use super::choices::{Choices, Verdicts};
use crate::course::piece::Piece;
use crate::ui::rendered::{inline, reachable};
use curriculum::course::{Choice, Line, WrongLine};
use leptos::prelude::*;

#[component]
pub(in crate::course) fn WrongLineView(block: WrongLine) -> impl IntoView {
    let WrongLine { id, ask, lines } = block;
    let option = |Line { text, wrong, why }: Line| Choice { text: escaped(&text), right: wrong, why };
    let options: Vec<_> = lines.into_iter().map(option).collect();
    let verdicts = Verdicts { right: "You found it.", wrong: "This line is right." };
    view! {
        <Piece id=id.clone() class="wrong-line" kind="Spot the wrong line">
            <fieldset>
                <legend class="prose-block" inner_html=reachable(&inline(&ask))></legend>
                <Choices piece=id options verdicts/>
            </fieldset>
        </Piece>
    }
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
