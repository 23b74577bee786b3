//! The browsers: Chromium with its driver, and Firefox.
use std::{env, path::PathBuf};

use anyhow::{Result, bail};
use xshell::cmd;

use super::{Tools, apt, version};

struct Browser {
    name: &'static str,
    /// Names the browser to use. Nothing else is then looked for.
    variable: &'static str,
    /// Names it too, if the first variable is not set.
    second_variable: Option<&'static str>,
    programs: &'static [&'static str],
    /// Packages of Debian and its derivatives.
    packages: &'static [&'static str],
    /// The command that has Playwright download it, if Playwright's copy can be used.
    playwright: Option<&'static str>,
}

const CHROMIUM: Browser = Browser {
    name: "Chromium",
    variable: "FRAMESCOPE_FULL_CHROMIUM",
    second_variable: Some(HEADLESS_VARIABLE),
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    packages: &["chromium", DRIVER],
    playwright: Some("(cd e2e && npx playwright install chromium)"),
};
pub(super) const DRIVER: &str = "chromium-driver";

/// The tests drive a release of Firefox. Playwright's own copy is a patched one.
const FIREFOX: Browser = Browser {
    name: "Firefox",
    variable: "FRAMESCOPE_FIREFOX",
    second_variable: None,
    programs: &["firefox-esr", "firefox"],
    packages: &["firefox-esr"],
    playwright: None,
};

/// Most browser tests use Chromium without its windows: the same engine, in about 40 % less time. Debian's package of that.
const HEADLESS: &str = "chromium-headless-shell";
/// Names the Chromium of most browser tests, and of all of them if `FRAMESCOPE_FULL_CHROMIUM` is not set.
const HEADLESS_VARIABLE: &str = "FRAMESCOPE_CHROMIUM";

/// Gives the browser with the environment variable for its path.
pub(super) fn chromium(tools: &Tools) -> Result<(&'static str, PathBuf)> {
    CHROMIUM.ensure(tools)
}

/// The same for Chromium without windows. Where that is not available, it is the full Chromium.
pub(super) fn headless_chromium(tools: &Tools) -> Result<(&'static str, PathBuf)> {
    let find = || env::var_os(HEADLESS_VARIABLE).map(PathBuf::from).or_else(|| tools.find(HEADLESS));
    let found = find().or_else(|| {
        let debians = apt::is_root(tools) && apt::install(tools, &[HEADLESS]);
        debians.then(find).flatten()
    });
    let program = found.map_or_else(|| chromium(tools).map(|(_, full)| full), Ok)?;
    Ok((HEADLESS_VARIABLE, program))
}

/// Gives the browser with the environment variable for its path.
pub(super) fn firefox(tools: &Tools) -> Result<(&'static str, PathBuf)> {
    FIREFOX.ensure(tools)
}

impl Browser {
    /// Installs the browser if there is none. Root, in a container or CI, uses apt-get. Other users get Playwright's copy in
    /// their cache, or else apt-get through sudo.
    fn ensure(&self, tools: &Tools) -> Result<(&'static str, PathBuf)> {
        let find = || self.installed(tools).map(|program| (self.variable, program));
        if let Some(found) = find() {
            return Ok(found);
        }
        let by_apt: &dyn Fn() -> bool = &|| apt::install(tools, self.packages);
        let by_playwright: &dyn Fn() -> bool = &|| self.playwright.is_some() && playwright_download(tools);
        let ways = if apt::is_root(tools) { [by_apt, by_playwright] } else { [by_playwright, by_apt] };
        for install in ways {
            if install()
                && let Some(found) = find()
            {
                return Ok(found);
            }
        }
        let Self { name, variable, packages, playwright, .. } = self;
        let apt = format!("sudo apt-get install {}", packages.join(" "));
        let commands: Vec<_> = [apt.as_str()].into_iter().chain(*playwright).collect();
        bail!(
            "{name} is not installed. Install it, on Debian with one of these commands:\n  {}\nor set {variable} to its path. \
             Then run this again",
            commands.join("\n  ")
        )
    }

    fn installed(&self, tools: &Tools) -> Option<PathBuf> {
        env::var_os(self.variable)
            .or_else(|| env::var_os(self.second_variable?))
            .map(PathBuf::from)
            .or_else(|| self.programs.iter().find_map(|name| tools.find(name)))
            .or_else(|| self.playwright.and_then(|_| playwrights_chromium(tools)))
            // On some systems, `chromium` only asks the user to install another package.
            .filter(|program| version(tools.shell(), program).is_some())
    }
}

/// The Chromium that this version of Playwright has downloaded, if it has.
fn playwrights_chromium(tools: &Tools) -> Option<PathBuf> {
    const ASK: &str = "require('@playwright/test').chromium.executablePath()";
    let _folder = tools.shell().push_dir("e2e");
    let path = cmd!(tools.shell(), "node --print {ASK}").quiet().ignore_stderr().read().ok()?;
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

fn playwright_download(tools: &Tools) -> bool {
    println!("tools: downloading Playwright's Chromium");
    let _folder = tools.shell().push_dir("e2e");
    cmd!(tools.shell(), "npx --no-install playwright install chromium")
        .env("PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT", "10000")
        .run()
        .is_ok()
}
