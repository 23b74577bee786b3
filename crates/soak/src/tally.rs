//! What all visitors of a run did.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The most different errors that are kept.
const MAX_KINDS: usize = 20;

/// Counts since the start.
#[derive(Default)]
pub(crate) struct Tally {
    /// Visits from the first request to the last.
    pub(crate) sessions: Cell<u64>,
    pub(crate) connections: Cell<u64>,
    /// Bytes that observers have read.
    pub(crate) observed: Cell<u64>,
    failures: Cell<u64>,
    kinds: RefCell<BTreeMap<String, u64>>,
}

impl Tally {
    pub(crate) fn failed(&self, error: &anyhow::Error) {
        self.failures.set(self.failures.get() + 1);
        let text = without_names(&format!("{error:#}"));
        let mut kinds = self.kinds.borrow_mut();
        if kinds.len() < MAX_KINDS || kinds.contains_key(&text) {
            *kinds.entry(text).or_default() += 1;
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.get()
    }

    /// Each kind of error with its count.
    pub(crate) fn kinds(&self) -> Vec<(String, u64)> {
        self.kinds.borrow().iter().map(|(text, count)| (text.clone(), *count)).collect()
    }
}

/// An error without the names of sessions, which differ each time.
fn without_names(text: &str) -> String {
    let is_name = |part: &str| part.len() >= 20 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parts = text.split('/').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        if is_name(&part[..end]) { format!("…{}", &part[end..]) } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_different_sessions_are_one_kind() {
        let tally = Tally::default();
        for session in ["2b3vjes2wqxrikws6lph5abcde", "7b3vjes2wqxrikws6lph5abcde"] {
            tally.failed(&anyhow::anyhow!("opening /lab/{session}?deflate=off: no response"));
        }
        assert_eq!(tally.failures(), 2);
        assert_eq!(tally.kinds(), [("opening /lab/…?deflate=off: no response".to_owned(), 2)]);
    }
}
