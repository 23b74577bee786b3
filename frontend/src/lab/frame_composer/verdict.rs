//! What a strict receiver would say about the composed frame, before it is sent.

use super::draft::judge;
use crate::lab::explain;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use observation::Violation;
use observation::command::Composed;
use wire::Sender;

#[component]
pub(super) fn Verdict(
    composed: Composed,
    /// The role in which the relay sends it.
    role: Sender,
    /// Whether permessage-deflate was agreed on.
    deflate: bool,
) -> impl IntoView {
    let (violations, lie) = judge(&composed, role, deflate);
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
    let title = if role == Sender::Server { "What a strict client says" } else { "What a strict server says" };
    let said = |class: &'static str, what: &'static str, words: String| {
        view! {
            <li class=class>
                <b>{what}</b>
                <span>{words}</span>
            </li>
        }
    };
    view! {
        <h3>{title}</h3>
        <ul class="verdicts" aria-live="polite" aria-label=title>
            {violations.iter().map(broken).collect_view()}
            {lie.map(|words| said("warn", "wrong length", words))}
            {right.then(|| said("good", "accepts it", "This frame alone breaks no rule.".into()))}
        </ul>
    }
}
