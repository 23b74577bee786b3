//! Builds the page: the released one into `dist/`, or a quick one with trunk.
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::Result;
use xshell::{Cmd, cmd};

use crate::{
    lock::lock,
    project::{Project, package_variables},
    tools::Tools,
};

/// The relay's build embeds the page from here.
pub(crate) const DIST: &str = "dist";

pub(crate) const CRATE: &str = "framescope-page";
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The cargo profiles of released and quick builds.
const RELEASE: &str = "page";
const QUICK: &str = "page-dev";

/// What the released page is made from, besides the linked wasm.
const SOURCES: [&str; 6] =
    ["index.html", "frontend/style", "frontend/editor", "crates/page-split", "crates/xtask", "Cargo.lock"];

/// Builds the released page into `dist/`. Trunk cannot do this: it has no step in which the wasm could be split.
pub(crate) fn build(project: &Project, tools: &Tools) -> Result<()> {
    prepare(project, tools)?;
    // Cargo rebuilds the relay when a file is newer, even with the same content, so only files that differ are written.
    mirror(&finished(project), &project.path(DIST))?;
    Ok(())
}

/// Builds the released page into a folder that nothing else reads.
pub(crate) fn prepare(project: &Project, tools: &Tools) -> Result<()> {
    let target = project.wasm_target();
    let _lock = lock(&target.join("page.lock"), "builds the page")?;
    tools.for_page()?;
    // Splitting the wasm needs every reference that the linker knows.
    project
        .wasm_cargo("rustc")
        .args(["--package", CRATE, "--profile", RELEASE, "--target", TARGET, "--features", "split"])
        .args(["--", "-C", "link-arg=--emit-relocs"])
        .run()?;
    let linked = target.join(TARGET).join(RELEASE).join(format!("{CRATE}.wasm"));
    let (parts, dist, stamp) = (target.join("page-parts"), finished(project), target.join("page.stamp"));
    let sources = SOURCES.iter().map(|source| project.path(source)).chain([linked.clone()]);
    if is_newer(&stamp, sources)? {
        return Ok(());
    }
    project.shell.remove_path(&stamp)?;
    project.shell.remove_path(&parts)?;
    project.host_cargo("run").args(["--quiet", "--package", "page-split", "--"]).args([&linked, &parts]).run()?;
    let first_view = parts.join("page.wasm");
    // The other parts import from the first view by these names.
    cmd!(project.shell, "wasm-bindgen --target web --no-typescript --keep-lld-exports --out-name page")
        .arg("--out-dir")
        .args([&parts, &first_view])
        .envs(variables(project, tools))
        .run()?;
    let root = &project.root;
    cmd!(project.shell, "node crates/xtask/page-tools/assemble.mjs {root} {parts} {dist}")
        .envs(variables(project, tools))
        .run()?;
    fs::write(stamp, "")?;
    Ok(())
}

/// The folder of the finished page, before it is copied to `dist/`.
fn finished(project: &Project) -> PathBuf {
    project.wasm_target().join("page-dist")
}

/// Builds the page with trunk, in seconds instead of a minute: larger, slower, and in one module.
pub(crate) fn build_quickly(project: &Project, tools: &Tools, dist: &str) -> Result<()> {
    tools.for_quick_page()?;
    let trunk =
        cmd!(project.shell, "trunk build --cargo-profile {QUICK} --dist {dist}").envs(variables(project, tools));
    package_variables().fold(trunk, Cmd::env_remove).run()?;
    Ok(())
}

/// The command that does the same whenever a file of the page changes.
pub(crate) fn watch(project: &Project, tools: &Tools, dist: &str) -> Command {
    let mut command = Command::new("trunk");
    command.args(["watch", "--cargo-profile", QUICK, "--dist", dist]);
    command.current_dir(&project.root).envs(variables(project, tools));
    for name in package_variables() {
        command.env_remove(name);
    }
    command
}

fn variables(project: &Project, tools: &Tools) -> [(&'static str, std::ffi::OsString); 4] {
    [
        ("PATH", tools.path()),
        ("CARGO_TARGET_DIR", project.wasm_target().into()),
        // For the scripts in `page-tools/`, which trunk runs too.
        ("FRAMESCOPE_PAGE_TOOLS", tools.page_tools().into()),
        // Trunk would look for a newer version of itself.
        ("TRUNK_SKIP_VERSION_CHECK", "true".into()),
    ]
}

/// Whether `stamp` is newer than all `sources`, files and folders.
fn is_newer(stamp: &Path, sources: impl Iterator<Item = PathBuf>) -> io::Result<bool> {
    let changed = |file: &Path| file.metadata().and_then(|file| file.modified());
    let stamp = changed(stamp).unwrap_or(SystemTime::UNIX_EPOCH);
    for source in sources {
        let inside = files(&source)?;
        let all = if source.is_dir() { inside.iter().map(|file| source.join(file)).collect() } else { vec![source] };
        for file in all {
            if changed(&file)? >= stamp {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Copies all files below `from` to `to`. Files with the same content stay untouched; files that `from` lacks are removed.
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

/// All files below `folder`, relative to it; empty if there is no such folder.
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
