//! `cargo xtask dist`: what is needed to install the relay elsewhere, in `target/dist/`.
//!
//! - `binary`: the static binary
//! - `licenses`: the licenses of everything inside it
//! - `deb`: the package for Debian
//! - `image`: tries the Containerfile out
//! - `trial`: installs, runs and removes that package in a folder of its own
mod binary;
mod deb;
mod image;
mod licenses;
mod trial;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::{page, project::Project, tools::Tools};

/// What is released, and where it is put together.
struct Release<'a> {
    project: &'a Project,
    version: String,
    /// Such as `x86_64-unknown-linux-musl`.
    target: &'static str,
    /// The folder that becomes the archive.
    folder: PathBuf,
}

impl Release<'_> {
    fn name(&self) -> String {
        format!("framescope-{}-{}", self.version, self.target)
    }
}

pub(crate) fn dist(project: &Project) -> Result<()> {
    let tools = Tools::new(project);
    page::build(project, &tools)?;
    let built = binary::build(project)?;
    let version = project.locked_version("framescope")?;
    let out = project.path("target/dist");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let mut release = Release { project, version, target: built.target, folder: PathBuf::new() };
    release.folder = out.join(release.name());
    fs::create_dir_all(&release.folder)?;
    copy(&built.path, &release.folder.join("framescope"))?;
    for file in ["README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&project.path(file), &release.folder.join(file))?;
    }
    copy(&project.path("deploy/container/Containerfile"), &release.folder.join("Containerfile"))?;
    copy_all(&project.path("deploy"), &release.folder.join("deploy"))?;
    let folder = &release.folder;
    // The Containerfile copies it.
    fs::create_dir(folder.join("data"))?;
    project
        .host_cargo("run")
        .args(["--quiet", "--package", "framescope", "--example", "manual", "--"])
        .arg(folder)
        .run()?;
    let licenses = licenses::collect(project, &tools)?;
    fs::write(folder.join("THIRD-PARTY.txt"), licenses)?;
    let package = deb::build(&release, &out)?;
    trial::run(project, &package)?;
    image::try_out(project, &release.folder)?;
    let (shell, name) = (&project.shell, release.name());
    cmd!(
        shell,
        "tar --create --gzip --owner 0 --group 0 --numeric-owner --file {out}/{name}.tar.gz --directory {out} {name}"
    )
    .run()?;
    sums(project, &out)?;
    println!("dist: everything is in {}", out.display());
    Ok(())
}

/// Writes the checksums that `sha256sum --check SHA256SUMS` compares.
fn sums(project: &Project, out: &Path) -> Result<()> {
    let _here = project.shell.push_dir(out);
    let mut files: Vec<_> = fs::read_dir(out)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.is_file());
    files.sort();
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    let sums = cmd!(project.shell, "sha256sum {names...}").read()?;
    fs::write(out.join("SHA256SUMS"), sums + "\n")?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for file in page::files(from)? {
        copy(&from.join(&file), &to.join(&file))?;
    }
    Ok(())
}
