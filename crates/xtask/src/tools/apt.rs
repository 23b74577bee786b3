//! apt-get: as root, or through sudo if that needs no password.
use std::{fs, path::Path, sync::OnceLock};

use anyhow::{Context, Result};
use xshell::cmd;

use super::Tools;

/// Installs Debian's `packages`. Gives whether that worked.
pub(super) fn install(tools: &Tools, packages: &[&str]) -> bool {
    static UPDATED: OnceLock<bool> = OnceLock::new();

    if tools.find("apt-get").is_none() {
        return false;
    }
    let Ok(_lock) = tools.lock("apt") else { return false };
    let sudo: &[&str] = if is_root(tools) { &[] } else { &["sudo", "-n"] };
    let apt_get = |arguments: &[&str]| {
        let apt_get = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
        let line = [sudo, &apt_get, arguments].concat();
        let (program, arguments) = (line[0], &line[1..]);
        cmd!(tools.shell(), "{program} {arguments...}").ignore_stdout().run().is_ok()
    };
    println!("tools: installing {} with apt-get", packages.join(" and "));
    *UPDATED.get_or_init(|| apt_get(&["update"]))
        && apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

/// Unpacks Debian's `packages`, and what they need that this machine does not have, into `folder`. This installs nothing.
pub(super) fn unpack(tools: &Tools, packages: &[&str], folder: &Path) -> Result<()> {
    let _lock = tools.lock("apt")?;
    // Complete or absent: another checkout may look for a program here at the same time.
    let partial = folder.with_extension("partial");
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial)?;
    let shell = tools.shell();
    let _here = shell.push_dir(&partial);
    // A new machine has no package lists yet. Only root can update them; other users may already have them.
    if is_root(tools) {
        cmd!(shell, "apt-get -qq update").ignore_stdout().run()?;
    }
    println!("tools: unpacking {}", packages.join(" and "));
    let uris = cmd!(shell, "apt-get -qq --print-uris --no-install-recommends install {packages...}").read()?;
    // Each line is a URI, the name of the file, which begins with that of the package, its size and its hash.
    let names: Vec<_> =
        uris.lines().filter_map(|line| line.split(' ').nth(1)?.split('_').next().map(str::to_owned)).collect();
    cmd!(shell, "apt-get -qq download {names...}").ignore_stderr().run()?;
    for file in shell.read_dir(".")?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb")) {
        cmd!(shell, "dpkg-deb --extract {file} .").run()?;
        shell.remove_path(&file)?;
    }
    let _ = fs::remove_dir_all(folder);
    fs::rename(&partial, folder).with_context(|| format!("renaming {}", partial.display()))
}

pub(super) fn is_root(tools: &Tools) -> bool {
    cfg!(unix) && cmd!(tools.shell(), "id -u").quiet().read().is_ok_and(|id| id == "0")
}
