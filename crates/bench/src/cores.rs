//! The available cores, pinning threads to them, and the limit on open files.

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

/// The calling thread.
const THIS_THREAD: Pid = Pid::from_raw(0);

/// The cores that this process may use.
///
/// # Errors
/// If the system call fails.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(THIS_THREAD).context("asking for the cores of this process")?;
    Ok((0..CpuSet::count()).filter(|&core| set.is_set(core).unwrap_or(false)).collect())
}

/// Pins the calling thread, and what it starts later, to `cores`.
///
/// # Errors
/// If one of the cores does not exist.
pub fn pin(cores: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core).with_context(|| format!("there is no core {core}"))?;
    }
    sched_setaffinity(THIS_THREAD, &set).with_context(|| format!("pinning to the cores {cores:?}"))
}

/// Allows this process, and the processes it starts, to open `needed` files.
///
/// # Errors
/// If the hard limit of the system is lower.
pub fn allow_files(needed: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("asking for the limit on open files")?;
    ensure!(
        needed <= hard,
        "this run needs {needed} open files, but the hard limit is {hard}: raise it (`ulimit -Hn`), or open fewer connections"
    );
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("raising the limit on open files")?;
    }
    Ok(())
}
