//! A proxy as a process, with a configuration of `deploy/` in which ports and certificates are filled in.

use crate::support::program::Program;
use crate::support::soon;
use crate::tls::Folder;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tokio::net::TcpStream;
use tokio::process::Child;

/// What the proxy prints, in its folder.
const LOG: &str = "printed.log";

impl Program {
    /// Runs it with these arguments until the result is dropped, and waits until it listens on all of `addresses`.
    pub(super) async fn start(&self, folder: Folder, arguments: &[&str], addresses: &[SocketAddr]) -> Running {
        let log = File::create(folder.0.join(LOG)).unwrap();
        let mut child = self
            .command()
            .args(arguments)
            .current_dir(&folder.0)
            .env("HOME", &folder.0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        for address in addresses {
            let mut listens = false;
            while !listens {
                if child.try_wait().unwrap().is_some() {
                    let log = fs::read_to_string(folder.0.join(LOG)).unwrap();
                    panic!("{} ended:\n{log}", self.path.display());
                }
                listens = soon(TcpStream::connect(address)).await.is_ok();
            }
        }
        Running { _child: child, _folder: folder }
    }
}

/// Killed when it is dropped.
pub(super) struct Running {
    _child: Child,
    _folder: Folder,
}

/// A file of `deploy/` with each of `changes` made, which must be possible.
pub(super) fn filled(file: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
    let mut text = fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{file} contains {from}");
        text = text.replace(from, to);
    }
    text
}

/// A new folder with that file in it. The result is the folder and the path of the file.
pub(super) fn write(name: &str, file: &str, text: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join(file);
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}
