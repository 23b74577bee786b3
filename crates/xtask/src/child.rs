//! A child process that runs for a long time, in its own process group. The whole group ends with it.
use std::{
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// How long a child may take to end after it is asked to. Then it is killed.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Running {
    name: &'static str,
    child: Child,
}

impl Running {
    pub(crate) fn start(name: &'static str, mut command: Command) -> Result<Self> {
        // In its own group, Ctrl-C reaches only xtask, which then ends its children in order. The processes that a child
        // starts (trunk's cargo, cargo's rustc) end with the group.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child })
    }

    /// Describes how the child ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("{} ended with {status}", self.name)),
            Err(error) => Some(format!("waiting for {} failed: {error}", self.name)),
        }
    }

    fn terminate(&mut self) {
        #[cfg(unix)]
        {
            use nix::{
                sys::signal::{Signal, killpg},
                unistd::Pid,
            };
            // Fails only if the group is gone already.
            let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        }
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        self.terminate();
        let deadline = Instant::now() + GRACE;
        while self.ended().is_none() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
