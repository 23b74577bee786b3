//! An interview question: the reader answers first, and then compares with a model answer.

use crate::course::live::LiveCard;
use crate::course::piece::Piece;
use crate::course::reading::Reading;
use crate::site;
use crate::ui::focus::focus;
use crate::ui::rendered::{Rendered, inline};
use curriculum::course::Interview;
use leptos::prelude::*;

#[component]
pub(in crate::course) fn InterviewView(interview: Interview) -> impl IntoView {
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
                    <span class="prose-block" inner_html=site::html(&html)></span>
                </label>
            </li>
        }
    };
    view! {
        <Piece id class="interview" kind="Interview">
            <label for=field.clone() class="prose-block question" inner_html=site::html(&inline(&ask))></label>
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
