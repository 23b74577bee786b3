//! The relay as a separate process with its own memory.

use crate::support::soon;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Killed when it is dropped.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::start_with(flags, Stdio::inherit()).await
    }

    /// The same with its log in `child.stderr`.
    pub(crate) async fn start_with_log(flags: &[&str]) -> Self {
        Self::start_with(flags, Stdio::piped()).await
    }

    async fn start_with(flags: &[&str], log: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_framescope"))
            .args(["serve", "--listen", "127.0.0.1:0", "--host", "lab"])
            .args(flags)
            // Each thread has buffers. The memory of the process must not depend on the number of cores.
            .env("TOKIO_WORKER_THREADS", "2")
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon(lines.next_line()).await.unwrap().unwrap();
        let address = first.strip_prefix("Framescope is listening on http://").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// Its peak memory so far in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }
}
