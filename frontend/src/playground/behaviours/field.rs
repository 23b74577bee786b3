//! The settings as a form, made from the relay's catalogue.

use super::faults::Faults;
use crate::address::catalogue::{FAULT, Known, KnownFault};
use crate::address::settings::DEFLATE;
use crate::playground::connect_form::ConnectForm;
use crate::ui::format;
use crate::ui::prose::Prose;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

/// A group of settings, open if one of them is set.
#[component]
pub fn Group(name: String, settings: Vec<Known>, faults: Vec<KnownFault>) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let names: Vec<String> = settings.iter().map(|known| known.name.clone()).collect();
    let said = {
        let names = names.clone();
        Memo::new(move |_| {
            let settings = form.settings();
            settings.names().filter(|&name| names.iter().any(|known| known == name)).count() as u64
        })
    };
    let at_handshake = name != "opening" && settings.iter().all(|known| !known.while_open);
    let fields = settings.into_iter().map(|known| match known.name.as_str() {
        FAULT => view! { <Faults what=known.what faults=faults.clone()/> }.into_any(),
        _ => view! { <Field known/> }.into_any(),
    });
    let fields = fields.collect_view();
    // The switch beside the URL shows compression, so that setting alone does not open its group.
    let open = names.iter().any(|name| name != DEFLATE && untrack(|| form.settings()).value(name).is_some());
    view! {
        <details class="group" open=open>
            <summary>
                <b>{title(&name)}</b>
                <span class="muted">{at_handshake.then_some("part of the handshake")}</span>
                <span class="grow"></span>
                <span class="said">{move || Some(said.get()).filter(|&said| said > 0).map(|said| format!("{} set", format::count(said)))}</span>
            </summary>
            {fields}
        </details>
    }
}

/// The title of a group. An unknown group keeps the relay's name.
fn title(group: &str) -> String {
    match group {
        "opening" => "Opening handshake",
        "messages" => "Messages",
        "heartbeat" => "Heartbeat and idle timeout",
        "closing" => "Closing the connection",
        "faults" => "Protocol violations",
        "compression" => "Compression",
        other => other,
    }
    .into()
}

#[component]
fn Field(known: Known) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let id = format!("setting-{}", known.name);
    let describes = format!("{id}-what");
    let needs = known.needs().map(|other| {
        let name = other.clone();
        // Shown only while it is missing.
        let missing = {
            let own = known.name.clone();
            Memo::new(move |_| {
                let settings = form.settings();
                settings.value(&own).is_some() && settings.value(&other).is_none()
            })
        };
        view! { <span class="error" hidden=move || !missing.get()>" This setting needs " <code>{name}</code> ", which is not set."</span> }
    });
    let control = control(&known, &id, &describes);
    view! {
        <div class="setting">
            <label for=id.clone()>{known.name}</label>
            {control}
            <p id=describes class="what">
                <Prose text=known.what/>
                {needs}
            </p>
        </div>
    }
}

/// A select for choices, a text field for any other value, and a checkbox for settings without a value.
fn control(known: &Known, id: &str, describes: &str) -> AnyView {
    let form = expect_context::<ConnectForm>();
    let (id, describes, name) = (id.to_owned(), describes.to_owned(), known.name.clone());
    let value = {
        let name = name.clone();
        Memo::new(move |_| form.settings().value(&name))
    };
    let set = move |value: String| {
        form.ask(|mut settings| {
            settings.set(&name, &value);
            settings
        });
    };
    if let Some(choices) = known.choices.clone() {
        let choice = |choice: String| view! { <option value=choice.clone()>{choice.clone()}</option> };
        return view! {
            <select
                id=id
                aria-describedby=describes
                prop:value=move || value.get().unwrap_or_default()
                on:change=move |event| set(event_target_value(&event))
            >
                <option value="">"not set"</option>
                {choices.into_iter().map(choice).collect_view()}
            </select>
        }
        .into_any();
    }
    if known.value.is_some() {
        return view! {
            <TextInput
                id=id
                placeholder=known.example_value()
                value=Signal::derive(move || value.get().unwrap_or_default())
                on_input=set
                described_by=describes
            />
        }
        .into_any();
    }
    let name = known.name.clone();
    let tick = move |event: web_sys::Event| {
        let on = event_target_checked(&event);
        form.ask(|mut settings| {
            if on {
                settings.set_bare(&name)
            } else {
                settings.remove(&name)
            }
            settings
        });
    };
    view! {
        <input
            id=id
            type="checkbox"
            aria-describedby=describes
            prop:checked=move || value.get().is_some()
            on:change=tick
        />
    }
    .into_any()
}
