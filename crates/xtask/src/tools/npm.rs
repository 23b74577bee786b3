//! What comes by Node and its package manager: wasm-opt, Playwright.
use std::{fs, path::PathBuf, time::SystemTime};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use super::{Tools, major, version};

/// The oldest Node that Playwright runs on.
const NODE: u32 = 20;

/// The oldest wasm-opt that knows what today's compiler emits.
const WASM_OPT: u32 = 116;

/// The package with wasm-opt, and its lock file, as they lie in `wasm-opt/`.
const WASM_OPT_PACKAGE: [(&str, &str); 3] = [
    ("package.json", include_str!("../../wasm-opt/package.json")),
    ("package-lock.json", include_str!("../../wasm-opt/package-lock.json")),
    (".npmrc", include_str!("../../wasm-opt/.npmrc")),
];

pub(super) fn node(tools: &Tools) -> Result<()> {
    let found = tools.find("node").and_then(|program| version(tools.shell(), &program));
    let advice = format!("install Node {NODE} or later with its npm, for example from nodejs.org, and run this again");
    match found {
        None => bail!("there is no Node on PATH: {advice}"),
        Some(version) if major(&version) < NODE => bail!("Node {version} is too old: {advice}"),
        Some(_) => Ok(()),
    }
}

/// A wasm-opt on PATH, or the one of the npm package.
pub(super) fn wasm_opt(tools: &Tools) -> Result<()> {
    node(tools)?;
    let found = tools.find("wasm-opt").and_then(|program| version(tools.shell(), &program));
    if found.is_some_and(|version| major(&version) >= WASM_OPT) {
        return Ok(());
    }
    println!("tools: fetching wasm-opt");
    let folder = wasm_opt_folder(tools);
    fs::create_dir_all(&folder)?;
    for (name, content) in WASM_OPT_PACKAGE {
        fs::write(folder.join(name), content)?;
    }
    let _folder = tools.shell().push_dir(folder);
    cmd!(tools.shell(), "npm ci --loglevel error")
        .run()
        .context("installing wasm-opt failed; any wasm-opt on PATH does, for example that of the package binaryen")
}

/// Where the npm package's programs are.
pub(super) fn binaries(tools: &Tools) -> PathBuf {
    wasm_opt_folder(tools).join("node_modules").join(".bin")
}

fn wasm_opt_folder(tools: &Tools) -> PathBuf {
    tools.folder.join("wasm-opt")
}

/// The packages of the browser tests, as e2e/package-lock.json names them.
pub(super) fn e2e(tools: &Tools) -> Result<()> {
    let e2e = tools.project.path("e2e");
    let changed = |file: &str| e2e.join(file).metadata().and_then(|file| file.modified());
    // npm writes this copy of the lock file last, when all is in place.
    let installed = changed("node_modules/.package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
    if installed >= changed("package-lock.json")? {
        return Ok(());
    }
    println!("tools: fetching the packages of the browser tests");
    let _folder = tools.shell().push_dir(e2e);
    // Which browser to use is for browser.rs to say.
    cmd!(tools.shell(), "npm ci --loglevel error")
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .run()
        .context("installing the packages of the browser tests failed; by hand: npm ci, in e2e/")
}
