//! A place for the script of a session.

use crate::behaviour::SettingError;
use crate::behaviour::script::{Bounds, Script};
use crate::memory::MemoryBudget;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// A connection that follows a script keeps it, also when the session gets another one.
#[derive(Debug, Default)]
pub(super) struct HeldScript(Mutex<Option<Arc<Script>>>);

/// Why a session does not take a script. Without a capital letter at the start and without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ScriptError {
    #[error("the script is not UTF-8")]
    NotText,
    #[error(transparent)]
    Invalid(#[from] SettingError),
    #[error("this relay has no memory left for scripts; try again later, or use a shorter one")]
    OutOfMemory,
    #[error(
        "this relay shares its sessions with others, and scripts are not shared; put the script into the URL of the connection"
    )]
    Shared,
}

impl HeldScript {
    /// Sets the script.
    ///
    /// # Errors
    /// If it is invalid, or if there is no memory for it. The old one then stays.
    pub(super) fn set(&self, json: &[u8], memory: &MemoryBudget) -> Result<(), ScriptError> {
        let json = std::str::from_utf8(json).map_err(|_| ScriptError::NotText)?;
        let script = Script::parse(json, Bounds::SESSION)?;
        let mut share = memory.share();
        share.resize(script.bytes()).map_err(|_| ScriptError::OutOfMemory)?;
        *self.current() = Some(Arc::new(script.holding(share)));
        Ok(())
    }

    pub(super) fn get(&self) -> Option<Arc<Script>> {
        self.current().clone()
    }

    pub(super) fn remove(&self) {
        *self.current() = None;
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Script>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
