//! What a strict client would say about the composed frame, before it is sent.

use super::draft::judge;
use crate::lab::explain;
use crate::ui::prose::Prose;
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
    let said = |class: &'static str, what: &'static str, words: String| {
        view! {
            <li class=class>
                <b>{what}</b>
                <span>{words}</span>
            </li>
        }
    };
    view! {
        <h3>"What a strict client says"</h3>
        <ul class="verdicts" aria-live="polite" aria-label="What a strict client says">
            {violations.iter().map(broken).collect_view()}
            {lie.map(|words| said("warn", "wrong length", words))}
            {right.then(|| said("good", "accepts it", "This frame alone breaks no rule.".into()))}
        </ul>
    }
}
