//! nginx, beside which the relay is measured as a proxy.
use std::{
    fs,
    path::{Path, PathBuf},
};

use xshell::cmd;

use super::{Tools, browser};

/// Debian's package. It is unpacked and not installed: installed, it would start a server on port 80.
const PACKAGE: &str = "nginx";

/// One on PATH, or Debian's in the project's own tools; `None`, with a word why, where neither can be had.
pub(super) fn nginx(tools: &Tools) -> Option<PathBuf> {
    let folder = tools.folder.join("nginx");
    let unpacked = folder.join("usr/sbin/nginx");
    let found = tools.find("nginx").or_else(|| unpacked.is_file().then(|| unpacked.clone()));
    if found.is_some() {
        return found;
    }
    if let Err(error) = unpack(tools, &folder) {
        eprintln!("nginx cannot be had ({error:#}): the relay is not measured as a proxy. Install nginx to have that.");
    }
    unpacked.is_file().then_some(unpacked)
}

fn unpack(tools: &Tools, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let shell = tools.shell();
    let _here = shell.push_dir(folder);
    // A bare machine has no lists yet. Who may not fetch them may have them already.
    if browser::is_root(tools) {
        cmd!(shell, "apt-get -qq update").ignore_stdout().run()?;
    }
    cmd!(shell, "apt-get -qq download {PACKAGE}").run()?;
    let packages = shell.read_dir(".")?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb"));
    for package in packages {
        cmd!(shell, "dpkg-deb --extract {package} .").run()?;
    }
    Ok(())
}
