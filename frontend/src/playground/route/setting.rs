//! One setting of a middlebox or of the relay: name, value, explanation.

use crate::ui::prose::Prose;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub(super) fn Setting(
    /// What the setting belongs to; the prefix of its id.
    of: &'static str,
    name: String,
    /// The placeholder of the empty field.
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
            <TextInput
                id=id
                placeholder=example
                value
                on_input=move |value| set(&name, &value)
                described_by=what_id.clone()
            />
            <p id=what_id class="what">
                <Prose text=what/>
            </p>
        </div>
    }
}
