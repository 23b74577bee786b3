//! One setting of what lies on the way: its name, its value, and what it is.

use crate::ui::prose::Prose;
use leptos::prelude::*;

#[component]
pub(super) fn Setting(
    /// Begins its id; what it is a setting of.
    of: &'static str,
    name: String,
    /// What stands in the empty field.
    example: String,
    #[prop(into)] value: Signal<String>,
    what: String,
    set: impl Fn(&str, &str) + 'static,
) -> impl IntoView {
    let (id, what_id) = (format!("{of}-{name}"), format!("{of}-{name}-what"));
    let label = name.clone();
    view! {
        <div class="setting">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="text"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder=example
                aria-describedby=what_id.clone()
                prop:value=value
                on:input=move |event| set(&name, &event_target_value(&event))
            />
            <p id=what_id class="what">
                <Prose text=what/>
            </p>
        </div>
    }
}
