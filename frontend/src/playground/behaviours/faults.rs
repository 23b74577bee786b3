//! The setting `fault`: which reply breaks a rule, and how.

use crate::address::catalogue::{FAULT, KnownFault};
use crate::address::settings::{PlannedFault, faults, faults_value};
use crate::playground::connect_form::ConnectForm;
use crate::ui::icon::{CLOSE, Icon};
use crate::ui::prose::Prose;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn Faults(what: String, faults: Vec<KnownFault>) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let known = Arc::<[KnownFault]>::from(faults);
    let planned = Memo::new(move |_| planned(form));
    let count = Memo::new(move |_| planned.with(Vec::len));
    let add = {
        let known = Arc::clone(&known);
        move |_| {
            change(form, |planned| {
                // The first fault that is not planned yet, so that each press adds a new one.
                let new = |fault: &&KnownFault| !planned.iter().any(|planned| planned.name == fault.name);
                let Some(fault) = known.iter().find(new).or(known.first()) else { return };
                let last = planned.iter().filter_map(|fault| fault.at.parse::<u32>().ok()).max().unwrap_or(0);
                planned.push(PlannedFault { name: fault.name.clone(), at: (last.saturating_add(1)).to_string() });
            });
        }
    };
    view! {
        <p class="what">
            <Prose text=what/>
        </p>
        // Keyed by position, so that an input stays the same element while the visitor types.
        <For each=move || 0..count.get() key=|index| *index children={
            let known = Arc::clone(&known);
            move |index| view! { <Fault index planned known=Arc::clone(&known)/> }
        }/>
        <button type="button" class="small" on:click=add>
            {move || if count.get() == 0 { "Add a fault" } else { "Add another fault" }}
        </button>
    }
}

#[component]
fn Fault(index: usize, planned: Memo<Vec<PlannedFault>>, known: Arc<[KnownFault]>) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    let now = move || planned.with(|planned| planned.get(index).cloned());
    let name = Memo::new(move |_| now().map_or(String::new(), |fault| fault.name));
    let at = Memo::new(move |_| now().map_or(String::new(), |fault| fault.at));
    let words = {
        let known = Arc::clone(&known);
        Memo::new(move |_| known.iter().find(|fault| fault.name == name.get()).cloned())
    };
    let option = |fault: &KnownFault| view! { <option value=fault.name.clone()>{fault.name.clone()}</option> };
    // A fault that the relay does not know is shown as written.
    let unknown = move || {
        let strange = words.with(Option::is_none).then(|| name.get())?;
        Some(view! { <option value=strange.clone()>{strange.clone()}</option> })
    };
    let rename = move |event: web_sys::Event| {
        let name = event_target_value(&event);
        change(form, |planned| {
            if let Some(fault) = planned.get_mut(index) {
                fault.name = name;
            }
        });
    };
    let move_to = move |event: web_sys::Event| {
        // A comma would start another fault.
        let at = event_target_value(&event).replace(',', "");
        change(form, |planned| {
            if let Some(fault) = planned.get_mut(index) {
                fault.at = at;
            }
        });
    };
    let remove = move |_| {
        change(form, |planned| {
            if index < planned.len() {
                planned.remove(index);
            }
        });
    };
    let nth = index + 1;
    view! {
        <div class="fault" role="group" aria-label=format!("Fault {nth}")>
            <select aria-label=format!("Fault {nth}") prop:value=name on:change=rename>
                {unknown}
                {known.iter().map(option).collect_view()}
            </select>
            <label>
                "at reply"
                <input type="text" inputmode="numeric" autocomplete="off" placeholder="1" prop:value=at on:input=move_to/>
            </label>
            <button type="button" class="icon" aria-label=format!("Remove fault {nth}") on:click=remove>
                <Icon path=CLOSE/>
            </button>
            <p class="what">
                {move || match words.get() {
                    Some(fault) => {
                        let rule = if fault.legal { "Allowed by" } else { "Breaks" };
                        let rfc = if fault.rfc == 6455 { String::new() } else { format!("RFC {} ", fault.rfc) };
                        view! { <Prose text=format!("{}. {rule} {rfc}§{}.", fault.what, fault.section)/> }.into_any()
                    }
                    None => view! { <span class="error">"The relay does not know this fault."</span> }.into_any(),
                }}
            </p>
        </div>
    }
}

/// The faults that the URL sets.
fn planned(form: ConnectForm) -> Vec<PlannedFault> {
    form.settings().value(FAULT).map(|value| faults(&value)).unwrap_or_default()
}

fn change(form: ConnectForm, change: impl FnOnce(&mut Vec<PlannedFault>)) {
    let mut planned = untrack(move || planned(form));
    change(&mut planned);
    form.ask(|mut settings| {
        settings.set(FAULT, &faults_value(&planned));
        settings
    });
}
