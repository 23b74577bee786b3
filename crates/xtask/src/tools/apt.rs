//! apt-get: as root, or through sudo if that needs no password.
use std::sync::OnceLock;

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

pub(super) fn is_root(tools: &Tools) -> bool {
    cfg!(unix) && cmd!(tools.shell(), "id -u").quiet().read().is_ok_and(|id| id == "0")
}
