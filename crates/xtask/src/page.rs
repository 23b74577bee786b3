//! The page: released into `dist/`, or by trunk quickly and again after each change.
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use xshell::cmd;

use crate::{project::Project, tools::Tools};

/// Where the relay's build takes the page from.
pub(crate) const DIST: &str = "dist";

pub(crate) const CRATE: &str = "framescope-page";
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The cargo profiles of the release and of quick builds.
const RELEASE: &str = "page";
const QUICK: &str = "page-dev";

/// The page as it is released; once for each run of xtask. Not by trunk, since what it calls one after the other leaves no
/// place for cutting the wasm apart.
pub(crate) fn build(project: &Project, tools: &Tools) -> Result<()> {
    if project.page_built.get() {
        return Ok(());
    }
    tools.for_page()?;
    let target = project.wasm_target();
    let (parts, fresh) = (target.join("page-parts"), target.join("page-dist"));
    // To cut the wasm apart takes all that the linker knew of what refers to what.
    project
        .wasm_cargo("rustc")
        .args(["--package", CRATE, "--profile", RELEASE, "--target", TARGET, "--features", "split"])
        .args(["--", "-C", "link-arg=--emit-relocs"])
        .run()?;
    let linked = target.join(TARGET).join(RELEASE).join(format!("{CRATE}.wasm"));
    project.shell.remove_path(&parts)?;
    project.host_cargo("run").args(["--quiet", "--package", "page-split", "--"]).args([&linked, &parts]).run()?;
    let first_view = parts.join("page.wasm");
    // What the other parts import of the first view must stay in it, under its name.
    cmd!(project.shell, "wasm-bindgen --target web --no-typescript --keep-lld-exports --out-name page")
        .arg("--out-dir")
        .args([&parts, &first_view])
        .envs(variables(project, tools))
        .run()?;
    let (assemble, root) = (tools.assemble(), &project.root);
    cmd!(project.shell, "node {assemble} {root} {parts} {fresh}").envs(variables(project, tools)).run()?;
    // Cargo takes a file written anew for a change and would build the relay again, so only what differs is brought.
    mirror(&fresh, &project.path(DIST))?;
    project.page_built.set(true);
    Ok(())
}

/// The page in seconds instead of a minute, larger and slower, and all of it in its first view.
pub(crate) fn build_quickly(project: &Project, tools: &Tools, dist: &str) -> Result<()> {
    tools.for_quick_page()?;
    cmd!(project.shell, "trunk build --cargo-profile {QUICK} --dist {dist}").envs(variables(project, tools)).run()?;
    Ok(())
}

/// The same over and over, whenever a file of the page changes.
pub(crate) fn watch(project: &Project, tools: &Tools, dist: &str) -> Command {
    let mut command = Command::new("trunk");
    command.args(["watch", "--cargo-profile", QUICK, "--dist", dist]);
    command.current_dir(&project.root).envs(variables(project, tools));
    command
}

fn variables(project: &Project, tools: &Tools) -> [(&'static str, std::ffi::OsString); 4] {
    [
        ("PATH", tools.path()),
        ("CARGO_TARGET_DIR", project.wasm_target().into()),
        // For `extras.mjs`, which trunk runs.
        ("FRAMESCOPE_PAGE_TOOLS", tools.page_tools().into()),
        // Whether a newer trunk exists is of no use here.
        ("TRUNK_SKIP_VERSION_CHECK", "true".into()),
    ]
}

/// All files below `from`, brought to `to`, where those that are the same stay untouched and others are removed.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    let (wanted, present) = (files(from)?, files(to)?);
    for stale in present.difference(&wanted) {
        fs::remove_file(to.join(stale))?;
    }
    for file in &wanted {
        let (source, target) = (from.join(file), to.join(file));
        let content = fs::read(source)?;
        if !fs::read(&target).is_ok_and(|old| old == content) {
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::write(target, content)?;
        }
    }
    Ok(())
}

/// Every file below `folder`, named from there; none if there is no such folder.
pub(crate) fn files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                found.insert(name.to_owned());
            }
        }
    }
    Ok(found)
}
