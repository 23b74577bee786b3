//! The variables of messages.

use super::state::Saved;
use super::variable::Variable;
use crate::ui::format;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub(super) fn Variables() -> impl IntoView {
    let saved = expect_context::<Saved>();
    let (name, value) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let secret = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let variable = Variable {
            name: name.get_untracked().trim().to_owned(),
            value: value.get_untracked(),
            secret: secret.get_untracked(),
        };
        let outcome = saved.put_variable(variable);
        if outcome.is_ok() {
            name.set(String::new());
            value.set(String::new());
        }
        error.set(outcome.err());
    };
    let line = move |variable: Variable| {
        let Variable { name, value, secret } = variable;
        let shown = match (secret, value.is_empty()) {
            (_, true) => "no value".to_owned(),
            (true, _) => "secret".to_owned(),
            (false, _) => format::one_line(&value, 60),
        };
        let (braces, words) = (format!("{{{{{name}}}}}"), format!("Delete {name}"));
        view! {
            <li>
                <p>
                    <b class="mono">{braces}</b>
                    <code>{shown}</code>
                </p>
                <button type="button" class="small" aria-label=words on:click=move |_| saved.remove_variable(name.clone())>
                    "Delete"
                </button>
            </li>
        }
    };
    view! {
        <ul class="saved-items" aria-label="Variables">
            <li>
                <p>
                    <b class="mono">"{{now}}"</b>
                    <code>"the time, such as 2026-11-30T18:50:00.000Z"</code>
                </p>
            </li>
            <li>
                <p>
                    <b class="mono">"{{uuid}}"</b>
                    <code>"a random UUID, another one each time"</code>
                </p>
            </li>
            {move || saved.variables.get().into_iter().map(line).collect_view()}
        </ul>
        <form class="editing" on:submit=save novalidate>
            <div class="field">
                <label for="variable-name">"Name"</label>
                <TextInput id="variable-name" class="mono" value=name on_input=move |text| name.set(text) described_by="variable-note"/>
            </div>
            <div class="field">
                <label for="variable-value">"Value"</label>
                <TextInput id="variable-value" class="mono" value=value on_input=move |text| value.set(text) described_by="variable-note"/>
            </div>
            <label class="tick">
                <input type="checkbox" prop:checked=secret on:change=move |event| secret.set(event_target_checked(&event))/>
                "Secret"
            </label>
            <button type="submit" class="small">"Save"</button>
            <p id="variable-note" class="note" aria-live="polite">
                {move || match error.get() {
                    Some(why) => view! { <span class="error">{why}</span> }.into_any(),
                    None => "The value of a secret stays in this browser: no file and no link has it. What you send is recorded in the session.".into_any(),
                }}
            </p>
        </form>
    }
}
