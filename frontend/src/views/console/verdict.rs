//! What a strict client would say about a composed frame, before it is sent.

use super::draft::judge;
use crate::ui::prose::Prose;
use crate::views::inspector::explain;
use leptos::prelude::*;
use observation::Violation;
use observation::command::Composed;

#[component]
pub fn Verdict(
    composed: Composed,
    /// Whether permessage-deflate was agreed on.
    deflate: bool,
) -> impl IntoView {
    let (violations, lie) = judge(&composed, deflate);
    let right = violations.is_empty() && lie.is_none();
    let broken = |violation: &wire::violation::Violation| {
        let violation = Violation::from(violation);
        view! {
            <li class="bad">
                <b>{explain::verdict(&violation, true)}</b>
                <Prose text=format!("{}.", violation.explanation)/>
            </li>
        }
    };
    view! {
        <h3>"A strict client"</h3>
        <ul class="verdicts" aria-live="polite" aria-label="What a strict client says">
            {violations.iter().map(broken).collect_view()}
            {lie.map(|words| view! { <li class="warn"><b>"the length lies"</b> <span>{words}</span></li> })}
            {right.then(|| view! { <li class="good"><b>"takes it"</b> <span>"By itself this frame breaks no rule."</span></li> })}
        </ul>
    }
}
