//! A link to a challenge.

use crate::course::piece::Piece;
use crate::course::progress::Progress;
use crate::site;
use crate::ui::prose::Prose;
use curriculum::course::ChallengeLink;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

#[component]
pub(in crate::course) fn ChallengeCard(link: ChallengeLink) -> impl IntoView {
    let progress = Progress::provided();
    let ChallengeLink { id, title, summary } = link;
    let href = site::path(&format!("/challenges/{id}"));
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
