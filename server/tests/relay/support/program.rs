//! Programs that `cargo xtask test` found or unpacked: proxies, and Redis.

use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A program that `cargo xtask test` found.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// Debian's package may be unpacked in a folder instead of installed.
    root: PathBuf,
}

impl Program {
    /// The program that `variable` names. Without it, the test is skipped, and xtask has printed why.
    pub(crate) fn find(variable: &str) -> Option<Self> {
        let Some(path) = env::var_os(variable).map(PathBuf::from) else {
            eprintln!("skipped: {variable} is not set; run `cargo xtask test native`, which installs the program");
            return None;
        };
        // `usr/sbin/nginx` in that folder, or on the machine.
        let root = path.ancestors().nth(3).map_or_else(|| "/".into(), Path::to_path_buf);
        Some(Self { path, root })
    }

    /// The folder with the modules of nginx or Apache httpd.
    pub(crate) fn modules(&self, of: &str) -> String {
        self.root.join("usr/lib").join(of).join("modules").display().to_string()
    }

    /// What the program needs as `LD_LIBRARY_PATH`.
    pub(crate) fn libraries(&self) -> OsString {
        let libraries = ["x86_64", "aarch64"].map(|arch| self.root.join(format!("usr/lib/{arch}-linux-gnu")));
        env::join_paths(libraries).unwrap()
    }

    /// Killed when the child is dropped.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("LD_LIBRARY_PATH", self.libraries()).kill_on_drop(true);
        command
    }
}

/// An address for a program. No other process takes ports of `ip`, so this one stays free until the program listens.
pub(crate) fn free(ip: [u8; 4]) -> SocketAddr {
    let listener = TcpListener::bind(SocketAddr::from((IpAddr::from(ip), 0))).unwrap();
    listener.local_addr().unwrap()
}
