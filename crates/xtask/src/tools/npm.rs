//! What comes by Node and its package manager: wasm-opt, esbuild, the challenges' editor, Playwright.
use std::{fs, path::PathBuf, time::SystemTime};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use super::{Tools, major, version};

/// The oldest Node that Playwright runs on.
const NODE: u32 = 20;

/// The package of what assembles the page, as it lies in `page-tools/`.
const LOCK: &str = include_str!("../../page-tools/package-lock.json");
const PAGE_TOOLS: [(&str, &str); 6] = [
    ("package.json", include_str!("../../page-tools/package.json")),
    (".npmrc", include_str!("../../page-tools/.npmrc")),
    (ASSEMBLE, include_str!("../../page-tools/assemble.mjs")),
    ("later.mjs", include_str!("../../page-tools/later.mjs")),
    ("extras.mjs", include_str!("../../page-tools/extras.mjs")),
    ("package-lock.json", LOCK),
];
const ASSEMBLE: &str = "assemble.mjs";

pub(super) fn node(tools: &Tools) -> Result<()> {
    let found = tools.find("node").and_then(|program| version(tools.shell(), &program));
    let advice = format!("install Node {NODE} or later with its npm, for example from nodejs.org, and run this again");
    match found {
        None => bail!("there is no Node on PATH: {advice}"),
        Some(version) if major(&version) < NODE => bail!("Node {version} is too old: {advice}"),
        Some(_) => Ok(()),
    }
}

/// wasm-opt, esbuild and the editor, as the lock file names them, and the scripts that make the page with them.
pub(super) fn page_tools(tools: &Tools) -> Result<()> {
    node(tools)?;
    let folder = page_tools_folder(tools);
    let is = |name: &str, content: &str| fs::read_to_string(folder.join(name)).is_ok_and(|present| present == content);
    // npm writes a lock file of its own last, when all is in place.
    let installed = is("package-lock.json", LOCK) && folder.join("node_modules/.package-lock.json").is_file();
    fs::create_dir_all(&folder)?;
    for (name, content) in PAGE_TOOLS.into_iter().filter(|(name, content)| !is(name, content)) {
        fs::write(folder.join(name), content)?;
    }
    if installed {
        return Ok(());
    }
    println!("tools: fetching wasm-opt, esbuild and the editor");
    let _folder = tools.shell().push_dir(&folder);
    cmd!(tools.shell(), "npm ci --loglevel error").run().with_context(|| {
        format!("installing wasm-opt, esbuild and the editor failed; by hand: npm ci, in {}", folder.display())
    })
}

/// The script that makes the released page of its parts.
pub(super) fn assemble(tools: &Tools) -> PathBuf {
    page_tools_folder(tools).join(ASSEMBLE)
}

/// Where the npm package's programs are.
pub(super) fn binaries(tools: &Tools) -> PathBuf {
    page_tools_folder(tools).join("node_modules").join(".bin")
}

pub(super) fn page_tools_folder(tools: &Tools) -> PathBuf {
    tools.folder.join("page-tools")
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
