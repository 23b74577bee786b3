//! Locks between processes: two runs of xtask must not install the same tool, or build the page, at the same time.
use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use anyhow::{Context, Result};

/// Waits until no other process holds the lock on `file`, and holds it until the returned value is dropped. `what` says
/// what the other process does.
pub(crate) fn lock(file: &Path, what: &str) -> Result<File> {
    let context = || format!("locking {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let lock = File::create(file).with_context(context)?;
    match lock.try_lock() {
        Ok(()) => return Ok(lock),
        Err(TryLockError::WouldBlock) => println!("waiting: another process {what}"),
        Err(TryLockError::Error(error)) => return Err(error).with_context(context),
    }
    lock.lock().with_context(context)?;
    Ok(lock)
}
