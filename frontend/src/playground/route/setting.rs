//! One setting of what lies on the way: its name, its value, and what it is.

use crate::ui::prose::Prose;
use crate::ui::text_input::TextInput;
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
