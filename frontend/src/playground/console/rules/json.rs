//! All rules as JSON, for those who know the format.

use super::list::RuleList;
use leptos::prelude::*;

#[component]
pub(super) fn AsJson(list: RuleList) -> impl IntoView {
    let text = RwSignal::new(None::<String>);
    let pretty = move || list.rules.with(|rules| serde_json::to_string_pretty(rules).unwrap_or_default());
    let submit = move |_| {
        let rules = text.get_untracked().unwrap_or_else(|| untrack(pretty));
        list.put(rules, move |_| drop(text.try_set(None)));
    };
    view! {
        <details>
            <summary>"All rules as JSON"</summary>
            <label class="hidden" for="rules-json">
                "Rules as JSON"
            </label>
            <textarea
                id="rules-json"
                class="mono"
                rows="8"
                spellcheck="false"
                prop:value=move || text.get().unwrap_or_else(pretty)
                on:input=move |event| text.set(Some(event_target_value(&event)))
            ></textarea>
            <button type="button" class="small" on:click=submit>
                "Set all rules"
            </button>
        </details>
    }
}
