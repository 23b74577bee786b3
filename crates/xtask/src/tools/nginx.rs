//! nginx, which the benchmark compares with the relay as a proxy.
use std::{
    fs,
    path::{Path, PathBuf},
};

use xshell::cmd;

use super::{Tools, apt};

/// Debian's package. It is unpacked, not installed: the installation would start a server on port 80.
const PACKAGE: &str = "nginx";

/// The nginx on PATH, or Debian's, unpacked. Prints why and gives `None` if neither is available.
pub(super) fn nginx(tools: &Tools) -> Option<PathBuf> {
    let folder = tools.folder.join("nginx");
    let unpacked = folder.join("usr/sbin/nginx");
    let found = tools.find("nginx").or_else(|| unpacked.is_file().then(|| unpacked.clone()));
    if found.is_some() {
        return found;
    }
    if let Err(error) = unpack(tools, &folder) {
        eprintln!(
            "nginx is not available ({error:#}), so the benchmark leaves out the relay as a proxy. To include it, install nginx."
        );
    }
    unpacked.is_file().then_some(unpacked)
}

fn unpack(tools: &Tools, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let shell = tools.shell();
    let _here = shell.push_dir(folder);
    // A new machine has no package lists yet. Only root can update them; other users may already have them.
    if apt::is_root(tools) {
        cmd!(shell, "apt-get -qq update").ignore_stdout().run()?;
    }
    cmd!(shell, "apt-get -qq download {PACKAGE}").run()?;
    let packages = shell.read_dir(".")?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb"));
    for package in packages {
        cmd!(shell, "dpkg-deb --extract {package} .").run()?;
    }
    Ok(())
}
