//! What both sides saw, frame by frame, as in the playground.

use crate::lab::Lab;
use crate::lab::inspector::{ChosenPart, Inspector};
use crate::lab::sequence::SequenceView;
use leptos::prelude::*;

#[component]
pub fn Evidence() -> impl IntoView {
    let lab = expect_context::<Lab>();
    provide_context(ChosenPart::new());
    let empty = Memo::new(move |_| lab.record.with(|record| record.sequence.is_empty()));
    view! {
        <section id="evidence" class="evidence" aria-labelledby="evidence-title">
            <h2 id="evidence-title">"What crossed the wire"</h2>
            <Show
                when=move || !empty.get()
                fallback=|| view! {
                    <p class="muted">"Nothing yet. After your code connects, you can inspect every frame here."</p>
                }
            >
                <div class="workspace" class:inspecting=move || lab.inspecting.get()>
                    <SequenceView/>
                    <Inspector/>
                </div>
            </Show>
        </section>
    }
}
