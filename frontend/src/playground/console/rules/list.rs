//! The rules of the session, and what changes them.

use super::draft::{Field, FieldError, RuleDraft};
use crate::lab::Lab;
use crate::net::api;
use crate::ui::focus::focus;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::{Deferred, Rule};

/// The most rules of a session. The relay has the same limit.
pub(super) const MAX_RULES: usize = 32;

/// What the panel shows: the list, or the form of a new rule or of one in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Editing {
    Nothing,
    New,
    Rule(usize),
}

/// The rules and what changes them. The relay sends the new list to all observers, so none is kept here.
#[derive(Clone, Copy)]
pub(super) struct RuleList {
    lab: Lab,
    pub(super) rules: Memo<Vec<Rule>>,
    pub(super) editing: RwSignal<Editing>,
    pub(super) draft: RwSignal<RuleDraft>,
    /// The draft that the relay was asked to take last.
    pub(super) tried: RwSignal<RuleDraft>,
    /// Why the relay refused the last change.
    pub(super) refused: RwSignal<Option<String>>,
}

impl RuleList {
    pub(super) fn new(lab: Lab) -> Self {
        let told = move || lab.rules.with(|rules| rules.as_ref().and_then(|rules| rules.read().ok()));
        Self {
            lab,
            rules: Memo::new(move |_| told().unwrap_or_default()),
            editing: RwSignal::new(Editing::Nothing),
            draft: RwSignal::new(RuleDraft::default()),
            tried: RwSignal::new(RuleDraft::default()),
            refused: RwSignal::new(None),
        }
    }

    /// Opens the form.
    pub(super) fn edit(self, editing: Editing, draft: RuleDraft) {
        self.draft.set(draft);
        self.refused.set(None);
        self.editing.set(editing);
        request_animation_frame(|| {
            focus(&Field::What.id());
        });
    }

    /// Shows the list again.
    pub(super) fn leave(self) {
        self.refused.set(None);
        self.editing.set(Editing::Nothing);
        request_animation_frame(|| {
            focus("rule-add");
        });
    }

    /// Saves the rule in the form, and shows the list if the relay takes it.
    pub(super) fn save(self, error: Memo<Option<FieldError>>) {
        let draft = self.draft.get_untracked();
        let Ok(rule) = draft.rule() else {
            if let Some((field, _)) = error.get_untracked() {
                focus(&field.id());
            }
            return;
        };
        let mut rules = self.rules.get_untracked();
        match self.editing.get_untracked() {
            Editing::Rule(index) if index < rules.len() => rules[index] = rule,
            Editing::Rule(_) | Editing::New => rules.push(rule),
            Editing::Nothing => return,
        }
        self.tried.set(draft);
        self.put(Deferred::new(&rules).json().to_owned(), Self::leave);
    }

    /// Changes the list.
    pub(super) fn change(self, change: impl FnOnce(&mut Vec<Rule>)) {
        let mut rules = self.rules.get_untracked();
        change(&mut rules);
        self.put(Deferred::new(&rules).json().to_owned(), |_| {});
    }

    /// Sends the whole list as JSON. Then calls `done`, or says why the relay refused it.
    pub(super) fn put(self, rules: String, done: impl FnOnce(Self) + 'static) {
        let Some(id) = self.lab.session_id() else { return };
        spawn_local(async move {
            let path = format!("/api/sessions/{id}/rules");
            let refused = match api::put(&path, &rules).await {
                Ok((200, _)) => None,
                Ok((status, body)) => Some(format!("The rules did not change. {}", api::words_of(status, &body))),
                Err(_) => Some("The rules did not change: the relay does not answer. Is it running?".to_owned()),
            };
            let ok = refused.is_none();
            // The panel may be gone meanwhile.
            if self.refused.try_set(refused).is_none() && ok {
                done(self);
            }
        });
    }
}
