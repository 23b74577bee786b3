//! A frequently asked question, whose answer opens on request.

use crate::course::reading::Reading;
use crate::site;
use crate::ui::embed_button::EmbedButton;
use crate::ui::rendered::Rendered;
use curriculum::course::Faq;
use leptos::prelude::*;

/// The suffix of the id of a FAQ's question.
pub(in crate::course) const QUESTION: &str = "-question";

#[component]
pub(in crate::course) fn FaqView(faq: Faq) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let Faq { id, ask, answer } = faq;
    let (piece, embed) = (id.clone(), reading.path_of(&id));
    let question = format!("{id}{QUESTION}");
    view! {
        <details class="faq" id=id on:toggle=move |_| reading.done(&piece)>
            <summary id=question>
                <span class="prose-block" inner_html=site::html(&ask)></span>
            </summary>
            <Rendered html=answer/>
            <p class="buttons">
                <EmbedButton path=embed title="Question and answer" height=200/>
            </p>
        </details>
    }
}
