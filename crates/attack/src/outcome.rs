//! What the attackers got, counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the relay did, in words, and whether that is good.
pub(crate) struct Outcome {
    pub(crate) words: String,
    pub(crate) is_good: bool,
}

impl Outcome {
    pub(crate) fn good(words: impl Into<String>) -> Self {
        Self { words: words.into(), is_good: true }
    }
}

/// How often each thing happened. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<String, u64>>>);

impl Tally {
    pub(crate) fn add(&self, what: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.into()).or_default() += 1;
    }

    /// The most frequent first.
    pub(crate) fn words(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        counts.iter().map(|(what, count)| format!("{count} × {what}")).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(what).copied().unwrap_or_default()
    }
}
