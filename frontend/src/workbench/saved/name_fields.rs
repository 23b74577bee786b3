//! The name and the folder of an item.

use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub(super) fn NameFields(
    /// The prefix of their ids. `{id}-note` is what describes them.
    id: &'static str,
    name: RwSignal<String>,
    folder: RwSignal<String>,
) -> impl IntoView {
    let field = |label: &'static str, part: &'static str, placeholder: &'static str, value: RwSignal<String>| {
        let (input, described_by) = (format!("{id}-{part}"), format!("{id}-note"));
        view! {
            <div class="field">
                <label for=input.clone()>{label}</label>
                <TextInput id=input placeholder value on_input=move |text| value.set(text) described_by/>
            </div>
        }
    };
    view! {
        {field("Name", "name", "", name)}
        {field("Folder", "folder", "none", folder)}
    }
}
