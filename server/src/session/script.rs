//! The script of a session, which its connections to the lab can follow.

use super::Session;
use super::held_script::ScriptError;
use crate::behaviour::script::Script;
use crate::memory::MemoryBudget;
use std::sync::Arc;

impl Session {
    /// Sets the script for new connections.
    ///
    /// # Errors
    /// If the script is invalid, or if relays share the session.
    pub(crate) fn set_script(&self, json: &[u8], memory: &MemoryBudget) -> Result<(), ScriptError> {
        if self.is_shared() { Err(ScriptError::Shared) } else { self.script.set(json, memory) }
    }

    pub(crate) fn script(&self) -> Option<Arc<Script>> {
        self.script.get()
    }

    pub(crate) fn remove_script(&self) {
        self.script.remove();
    }
}
