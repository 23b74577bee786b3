//! The rules of a session. Connections notice a change with one load, and observers are woken up.

use super::rule_set::{RuleError, RuleSet};
use crate::memory::{MemoryBudget, MemoryShare};
use observation::rule::{RulesChange, Switch};
use observation::{Deferred, Rule};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct SessionRules {
    /// How many times the rules were changed.
    changes: AtomicU64,
    current: Mutex<Current>,
    /// The list as JSON, for observers.
    published: watch::Sender<Deferred<Vec<Rule>>>,
}

#[derive(Debug, Default)]
struct Current {
    set: Arc<RuleSet>,
    /// What the compiled patterns take of the memory budget.
    _held: Option<MemoryShare>,
}

/// Rules that are checked and compiled, but not in force yet.
#[derive(Debug)]
pub(crate) struct PreparedRules {
    set: RuleSet,
    held: MemoryShare,
    published: Deferred<Vec<Rule>>,
}

impl PreparedRules {
    /// The list as JSON.
    pub(crate) fn json(&self) -> &str {
        self.published.json()
    }
}

impl Default for SessionRules {
    fn default() -> Self {
        let published = watch::Sender::new(Deferred::new(&Vec::new()));
        Self { changes: AtomicU64::new(0), current: Mutex::default(), published }
    }
}

impl SessionRules {
    /// Changes the rules for all connections, also open ones. Messages that already wait are not affected.
    ///
    /// # Errors
    /// If the new list is invalid. The old one then stays.
    pub(crate) fn change(&self, change: RulesChange, memory: &MemoryBudget) -> Result<(), RuleError> {
        let mut current = self.current();
        let prepared = prepare(&current.set, change, memory)?;
        self.put(&mut current, prepared);
        Ok(())
    }

    /// What a change makes of the rules that are in force now.
    ///
    /// # Errors
    /// If the new list is invalid.
    pub(crate) fn prepare(&self, change: RulesChange, memory: &MemoryBudget) -> Result<PreparedRules, RuleError> {
        let set = Arc::clone(&self.current().set);
        prepare(&set, change, memory)
    }

    /// Puts rules into force.
    pub(crate) fn install(&self, prepared: PreparedRules) {
        self.put(&mut self.current(), prepared);
    }

    fn put(&self, current: &mut Current, PreparedRules { set, held, published }: PreparedRules) {
        *current = Current { set: Arc::new(set), _held: Some(held) };
        // After the list, so that whoever sees the number finds this list or a later one.
        self.changes.fetch_add(1, Ordering::Release);
        self.published.send_replace(published);
    }

    /// Whether the rules have changed since `seen` was set. It starts at 0, when there are no rules.
    #[inline]
    pub(crate) fn have_changed(&self, seen: u64) -> bool {
        self.changes.load(Ordering::Acquire) != seen
    }

    /// The rules, and the number that [`SessionRules::have_changed`] compares.
    pub(super) fn load(&self) -> (Arc<RuleSet>, u64) {
        let current = self.current();
        (Arc::clone(&current.set), self.changes.load(Ordering::Acquire))
    }

    /// The list as JSON, now and whenever it changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Deferred<Vec<Rule>>> {
        self.published.subscribe()
    }

    /// The list as JSON. `None` if it is empty.
    pub(crate) fn published(&self) -> Option<Deferred<Vec<Rule>>> {
        let published = self.published.borrow();
        (published.json() != "[]").then(|| published.clone())
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn prepare(current: &RuleSet, change: RulesChange, memory: &MemoryBudget) -> Result<PreparedRules, RuleError> {
    let rules = match change {
        RulesChange::Set(rules) => rules,
        RulesChange::Switch(Switch { rule, on }) => {
            let mut rules = current.rules();
            let count = rules.len();
            let at = rule.checked_sub(1).filter(|at| *at < count).ok_or(RuleError::Unknown { rule, count })?;
            rules[at].on = on;
            rules
        }
    };
    let published = Deferred::new(&rules);
    let set = RuleSet::compile(rules)?;
    let mut held = memory.share();
    held.resize(set.pattern_bytes()).map_err(|_| RuleError::OutOfMemory)?;
    Ok(PreparedRules { set, held, published })
}
