//! What the relay intercepts on the connections of a session.

use super::Session;
use crate::intercept::{RuleError, SessionRules};
use crate::memory::MemoryBudget;
use observation::rule::RulesChange;
use std::sync::Arc;

impl Session {
    /// Changes what the relay intercepts on its connections.
    ///
    /// # Errors
    /// If the rules are invalid, or if relays share the session.
    pub(crate) fn change_rules(&self, change: RulesChange, memory: &MemoryBudget) -> Result<(), RuleError> {
        if self.is_shared() { Err(RuleError::Shared) } else { self.rules.change(change, memory) }
    }

    /// What the relay intercepts on its connections.
    pub(crate) fn rules(&self) -> &Arc<SessionRules> {
        &self.rules
    }
}
