//! The rules of the session: the list with a switch for each, the form of one, and all of them as JSON.

mod draft;
mod form;
mod json;
mod list;
mod of_rule;
mod row;
mod words;

use self::draft::{RuleDraft, field_of};
use self::form::RuleForm;
use self::json::AsJson;
use self::list::{Editing, MAX_RULES, RuleList};
use self::row::RuleRow;
use crate::lab::Lab;
use leptos::prelude::*;

#[component]
pub(super) fn RulesPanel() -> impl IntoView {
    let list = RuleList::new(expect_context::<Lab>());
    view! {
        <div class="rules">
            {move || match list.editing.get() {
                Editing::Nothing => view! { <Overview list/> }.into_any(),
                Editing::New | Editing::Rule(_) => view! { <Editor list/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Overview(list: RuleList) -> impl IntoView {
    let RuleList { rules, refused, .. } = list;
    let full = move || rules.with(Vec::len) >= MAX_RULES;
    let add = move |_| {
        if !full() {
            list.edit(Editing::New, RuleDraft::default());
        }
    };
    let rows = move || {
        let count = rules.with(Vec::len);
        let row = |(index, rule)| view! { <RuleRow index count rule list/> };
        rules.get().into_iter().enumerate().map(row).collect_view()
    };
    view! {
        <ol class="rule-list" aria-label="Rules">
            {rows}
        </ol>
        <Show when=move || rules.with(Vec::is_empty)>
            <p class="nothing">
                "There are no rules, so every message goes on as it comes. A rule can hold, change, delay or drop the messages that you choose, and hold or refuse handshakes with other servers."
            </p>
        </Show>
        <p class="error" role="status">
            {move || refused.get()}
        </p>
        <div class="buttons">
            <button type="button" id="rule-add" class="primary by-rule" aria-disabled=move || full().to_string() on:click=add>
                "Add a rule"
            </button>
            {move || full().then(|| format!("A session has at most {MAX_RULES} rules."))}
        </div>
        <AsJson list/>
    }
}

#[component]
fn Editor(list: RuleList) -> impl IntoView {
    let RuleList { editing, draft, tried, refused, .. } = list;
    let wrong = Memo::new(move |_| draft.with(|draft| draft.rule().err()));
    // What the relay has refused, until the visitor changes it.
    let refused = Memo::new(move |_| refused.get().filter(|_| draft.with(|draft| tried.with(|tried| draft == tried))));
    let error = Memo::new(move |_| {
        let of_relay = || refused.get().and_then(|said| Some((draft.with(|draft| field_of(&said, draft))?, said)));
        wrong.get().or_else(of_relay)
    });
    // What belongs to no field.
    let said = move || refused.get().filter(|_| error.with(Option::is_none));
    let save = Callback::new(move |()| list.save(error));
    let title = move || match editing.get() {
        Editing::Rule(index) => format!("Rule {}", index + 1),
        Editing::New | Editing::Nothing => "New rule".to_owned(),
    };
    view! {
        <h3>{title}</h3>
        <RuleForm draft error save/>
        <p class="error" role="status">
            {said}
        </p>
        <div class="buttons">
            <button type="button" class="primary by-rule" aria-disabled=move || wrong.with(Option::is_some).to_string() on:click=move |_| save.run(())>
                {move || if editing.get() == Editing::New { "Add rule" } else { "Save rule" }}
            </button>
            <button type="button" class="small" on:click=move |_| list.leave()>
                "Cancel"
            </button>
        </div>
    }
}
