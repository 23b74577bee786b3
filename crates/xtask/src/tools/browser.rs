//! Chromium, and apt to install it and its driver.
use std::{env, path::PathBuf};

use anyhow::{Result, bail};
use xshell::cmd;

use super::{Tools, version};

/// Names the browser to use, whatever else there is.
const VARIABLE: &str = "FRAMESCOPE_CHROMIUM";

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The packages of Debian and those made from it.
const APT: [&str; 2] = ["chromium", DRIVER];
pub(super) const DRIVER: &str = "chromium-driver";

/// Chromium, installed if need be in the way that suits the machine: as root (a container, CI) by apt, which brings
/// chromedriver too; otherwise Playwright's own, into the user's cache; then apt through sudo, if it asks nothing.
pub(super) fn chromium(tools: &Tools) -> Result<PathBuf> {
    if let Some(found) = installed(tools) {
        return Ok(found);
    }
    let by_apt: fn(&Tools) -> bool = |tools| apt(tools, &APT);
    let ways = if is_root(tools) { [by_apt, playwright_download] } else { [playwright_download, by_apt] };
    for way in ways {
        if way(tools)
            && let Some(found) = installed(tools)
        {
            return Ok(found);
        }
    }
    bail!(
        "there is no Chromium. Install it and run this again, by one of:\n  \
         sudo apt-get install chromium chromium-driver\n  \
         (cd e2e && npx playwright install chromium)\n\
         or set {VARIABLE} to the browser's path"
    )
}

fn installed(tools: &Tools) -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let on_path = || NAMES.iter().find_map(|name| tools.find(name));
    named
        .or_else(on_path)
        .or_else(|| playwrights_own(tools))
        // Some systems have a `chromium` that does nothing but ask for another package.
        .filter(|program| version(tools.shell(), program).is_some())
}

/// The browser that this Playwright downloads, if it has been.
fn playwrights_own(tools: &Tools) -> Option<PathBuf> {
    const ASK: &str = "require('@playwright/test').chromium.executablePath()";
    let _folder = tools.shell().push_dir("e2e");
    let path = cmd!(tools.shell(), "node --print {ASK}").quiet().ignore_stderr().read().ok()?;
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

fn playwright_download(tools: &Tools) -> bool {
    println!("tools: fetching Playwright's Chromium");
    let _folder = tools.shell().push_dir("e2e");
    cmd!(tools.shell(), "npx --no-install playwright install chromium")
        .env("PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT", "10000")
        .run()
        .is_ok()
}

pub(super) fn apt(tools: &Tools, packages: &[&str]) -> bool {
    if tools.find("apt-get").is_none() {
        return false;
    }
    let sudo: &[&str] = if is_root(tools) { &[] } else { &["sudo", "-n"] };
    let apt_get = |arguments: &[&str]| {
        let apt_get = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
        let line = [sudo, &apt_get, arguments].concat();
        let (program, arguments) = (line[0], &line[1..]);
        cmd!(tools.shell(), "{program} {arguments...}").ignore_stdout().run().is_ok()
    };
    println!("tools: installing {} by apt-get", packages.join(" and "));
    apt_get(&["update"]) && apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

pub(super) fn is_root(tools: &Tools) -> bool {
    cfg!(unix) && cmd!(tools.shell(), "id -u").quiet().read().is_ok_and(|id| id == "0")
}
