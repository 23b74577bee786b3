//! A rule in the list: its switch, what it does in words, and buttons to change it.

use super::draft::RuleDraft;
use super::list::{Editing, RuleList};
use super::words;
use leptos::prelude::*;
use observation::Rule;

#[component]
pub(super) fn RuleRow(
    /// Its place in the list, from 0.
    index: usize,
    /// How many rules there are.
    count: usize,
    rule: Rule,
    list: RuleList,
) -> impl IntoView {
    let number = index + 1;
    let (when, then, times) = (words::when(&rule.when), words::then(&rule.then), words::times(&rule));
    let (name, action, on) = (rule.name.clone(), rule.then.name(), rule.on);
    let toggle = move |_| list.change(move |rules| rules[index].on = !on);
    let up = move |_| list.change(move |rules| rules.swap(index - 1, index));
    let remove = move |_| list.change(move |rules| drop(rules.remove(index)));
    let edit = move |_| list.edit(Editing::Rule(index), RuleDraft::from(&rule));
    view! {
        <li class:off=!on>
            <button
                type="button"
                role="switch"
                class="switch"
                aria-checked=on.to_string()
                aria-label=format!("Rule {number} is on")
                on:click=toggle
            >
                <span class="track"></span>
            </button>
            <span class="number">{number}</span>
            " "
            <span class="what">
                {(!name.is_empty()).then(|| view! { <b>{name}</b> " " })}
                <span>{when}</span>
                " "
                <em class="op by-rule">{action.to_ascii_uppercase()}</em>
                " "
                <span>{then}</span>
                " "
                {(!times.is_empty()).then(|| view! { <small class="muted">{times}</small> })}
            </span>
            <span class="buttons">
                {(index > 0 && count > 1)
                    .then(|| {
                        view! {
                            <button type="button" class="small" aria-label=format!("Try rule {number} earlier") title="The first rule that matches decides" on:click=up>
                                "Up"
                            </button>
                        }
                    })}
                <button type="button" class="small" aria-label=format!("Edit rule {number}") on:click=edit>
                    "Edit"
                </button>
                <button type="button" class="small" aria-label=format!("Remove rule {number}") on:click=remove>
                    "Remove"
                </button>
            </span>
        </li>
    }
}
