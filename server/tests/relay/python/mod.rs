//! Python's `websockets` as a peer: its client against the relay, and its server against our protocol code as a client.

pub(crate) mod client;
mod engine;
pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// A command that runs a script in `tests/python` with a Python that has the package.
async fn script(name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut command = Command::new(interpreter().await);
    // -X utf8: Python prints UTF-8 on every machine.
    command.args(["-X", "utf8"]).arg(folder.join(name)).kill_on_drop(true);
    command
}

/// The Python that `cargo xtask test` installed, or the one on PATH.
pub(crate) async fn interpreter() -> PathBuf {
    let python = std::env::var_os("FRAMESCOPE_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has_package =
        Command::new(&python).args(["-c", "import websockets.sync.client"]).stderr(Stdio::null()).status();
    let found = has_package.await.is_ok_and(|status| status.success());
    assert!(
        found,
        "{} does not have the package `websockets`. Run these tests with `cargo xtask test native`, which installs it, or \
         set FRAMESCOPE_PYTHON to a Python that has it.",
        python.display()
    );
    python
}
