//! What the relay intercepts on the connections of a session.

use super::Session;
use crate::intercept::{RuleError, SessionRules};
use crate::memory::MemoryBudget;
use observation::rule::{HandshakePart, RulesChange};
use std::sync::Arc;

impl Session {
    /// Changes what the relay intercepts on its connections, on all relays.
    ///
    /// # Errors
    /// If the rules are invalid, or if relays share the session and cannot be reached.
    pub(crate) async fn change_rules(&self, change: RulesChange, memory: &MemoryBudget) -> Result<(), RuleError> {
        match &self.shared {
            Some(shared) => shared.change_rules(&change).await,
            None => self.rules.change(change, memory),
        }
    }

    /// Takes the rules of the other relays, if several share the session.
    pub(crate) async fn adopt_rules(&self) {
        if let Some(shared) = &self.shared {
            shared.adopt_rules().await;
        }
    }

    /// The head of a request or response as the log has it, which is what rules search.
    pub(crate) fn recorded_head(&self, part: HandshakePart, head: &[u8]) -> Vec<u8> {
        self.concealer.head(part, head)
    }

    /// What the relay intercepts on its connections.
    pub(crate) fn rules(&self) -> &Arc<SessionRules> {
        &self.rules
    }
}
