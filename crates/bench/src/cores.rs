//! Which cores there are, who runs on them, and how many files a process may open.

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

/// The calling thread.
const THIS_THREAD: Pid = Pid::from_raw(0);

/// The cores that this process may use.
///
/// # Errors
/// When the system does not tell.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(THIS_THREAD).context("asking for the cores of this process")?;
    Ok((0..CpuSet::count()).filter(|&core| set.is_set(core).unwrap_or(false)).collect())
}

/// Keeps the calling thread on `cores`, and whatever it starts from now on.
///
/// # Errors
/// When one of them is not there.
pub fn pin(cores: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core).with_context(|| format!("no core has the number {core}"))?;
    }
    sched_setaffinity(THIS_THREAD, &set).with_context(|| format!("moving to the cores {cores:?}"))
}

/// Lets this process, and those it starts, have `needed` files open.
///
/// # Errors
/// When the system's hard limit is lower.
pub fn allow_files(needed: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("asking for the limit on open files")?;
    ensure!(
        needed <= hard,
        "the benchmark needs {needed} open files, but the hard limit is {hard}: raise it (`ulimit -Hn`), or lower \
         --memory-connections"
    );
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("raising the limit on open files")?;
    }
    Ok(())
}
