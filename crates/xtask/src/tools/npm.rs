//! Tools from npm: wasm-opt, esbuild, the editor of the challenges, Playwright.
use std::{fs, path::PathBuf, time::SystemTime};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use super::{Tools, major, version};

/// The oldest Node that Playwright supports.
const NODE: u32 = 20;

/// What npm needs to install the packages that build the page.
const LOCK: &str = include_str!("../../page-tools/package-lock.json");
const PAGE_TOOLS: [(&str, &str); 3] = [
    ("package.json", include_str!("../../page-tools/package.json")),
    (".npmrc", include_str!("../../page-tools/.npmrc")),
    ("package-lock.json", LOCK),
];

pub(super) fn node(tools: &Tools) -> Result<()> {
    let found = tools.find("node").and_then(|program| version(tools.shell(), &program));
    let advice = format!("Install Node {NODE} or later with npm, for example from nodejs.org, and run this again");
    match found {
        None => bail!("Node is not installed, or not on PATH. {advice}"),
        Some(version) if major(&version) < NODE => bail!("Node {version} is too old. {advice}"),
        Some(_) => Ok(()),
    }
}

/// The packages that build the page, in the versions of the lock file.
pub(super) fn page_tools(tools: &Tools) -> Result<()> {
    node(tools)?;
    let folder = page_tools_folder(tools);
    // npm writes this file last, when everything is installed.
    let installed = || folder.join("node_modules/.package-lock.json").is_file();
    if installed() {
        return Ok(());
    }
    let _lock = tools.lock("page-tools")?;
    if installed() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    for (name, content) in PAGE_TOOLS {
        fs::write(folder.join(name), content)?;
    }
    println!("tools: installing wasm-opt, esbuild and the editor");
    let _folder = tools.shell().push_dir(&folder);
    cmd!(tools.shell(), "npm ci --no-audit --no-fund --loglevel error").run().with_context(|| {
        format!(
            "installing wasm-opt, esbuild and the editor failed. To do it yourself: npm ci, in {}",
            folder.display()
        )
    })
}

/// The folder of the packages' programs.
pub(super) fn binaries(tools: &Tools) -> PathBuf {
    page_tools_folder(tools).join("node_modules").join(".bin")
}

/// A folder for each version of the lock file: checkouts with different ones do not disturb each other.
pub(super) fn page_tools_folder(tools: &Tools) -> PathBuf {
    tools.folder.join(format!("page-tools-{:016x}", fnv1a(LOCK)))
}

/// The FNV-1a hash, which no version of Rust changes.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The packages of the browser tests, in the versions of e2e/package-lock.json.
pub(super) fn e2e(tools: &Tools) -> Result<()> {
    let e2e = tools.project.path("e2e");
    let changed = |file: &str| e2e.join(file).metadata().and_then(|file| file.modified());
    // npm writes this copy of the lock file last, when everything is installed.
    let installed = || -> Result<bool> {
        let copied = changed("node_modules/.package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(copied >= changed("package-lock.json")?)
    };
    if installed()? {
        return Ok(());
    }
    let _lock = tools.lock("e2e")?;
    if installed()? {
        return Ok(());
    }
    println!("tools: installing the packages of the browser tests");
    let _folder = tools.shell().push_dir(&e2e);
    // browser.rs chooses the browser.
    cmd!(tools.shell(), "npm ci --no-audit --no-fund --loglevel error")
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .run()
        .context("installing the packages of the browser tests failed. To do it yourself: npm ci, in e2e/")
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a("foobar"), 0x85944171f73967e8);
    }
}
