//! A relay as a process that a test can kill, stop, continue and terminate.

use crate::support::soon;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

pub(crate) struct RelayProcess {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Open, so that the relay can print.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl RelayProcess {
    /// Starts a relay with its log in `log`. The error is that log, if the relay ended instead of listening.
    pub(crate) async fn start(flags: &[String], log: &Path) -> Result<Self, String> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_framescope"))
            .args(["serve", "--listen", "127.0.0.1:0", "--host", "lab", "--admin-listen", "127.0.0.1:0"])
            .args(flags)
            .env("TOKIO_WORKER_THREADS", "2")
            .env("FRAMESCOPE_LOG", "framescope=debug")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = async |prefix: &str| {
            let line = soon(stdout.next_line()).await.unwrap()?;
            Some(line.strip_prefix(prefix).unwrap().parse().unwrap())
        };
        let address = printed("Framescope is listening on http://").await;
        let admin = printed("Metrics and probes are on http://").await;
        match (address, admin) {
            (Some(address), Some(admin)) => Ok(Self { child, address, admin, _stdout: stdout }),
            _ => {
                soon(child.wait()).await.unwrap();
                Err(std::fs::read_to_string(log).unwrap())
            }
        }
    }

    /// Sends a signal, such as `STOP`.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        soon(self.child.wait()).await.unwrap()
    }
}
