//! The static binary: with musl if this machine has it, otherwise with glibc.
//!
//! ring has code in C, so musl needs a C compiler too. A static binary with glibc also runs in an empty container: since version
//! 2.34, glibc has the lookups of files and DNS inside.
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use xshell::cmd;

use crate::project::Project;

const MUSL: &str = "x86_64-unknown-linux-musl";
const GLIBC: &str = "x86_64-unknown-linux-gnu";

pub(super) struct Binary {
    pub(super) target: &'static str,
    pub(super) path: PathBuf,
}

pub(super) fn build(project: &Project) -> Result<Binary> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("`cargo xtask dist` runs on x86-64 Linux only");
    }
    let target = match missing_for_musl(project) {
        None => MUSL,
        Some(why) => {
            println!("dist: {why}, so the binary is static with glibc instead of musl");
            GLIBC
        }
    };
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_ascii_uppercase().replace('-', "_"));
    let command = project.host_cargo("build").args(["--release", "--package", "framescope", "--target", target]);
    command.env(flags, "-C target-feature=+crt-static").run()?;
    let path = project.path("target").join(target).join("release/framescope");
    check(project, &path)?;
    Ok(Binary { target, path })
}

/// What this machine lacks to build for musl.
fn missing_for_musl(project: &Project) -> Option<String> {
    let shell = &project.shell;
    let has_std = || {
        let folder = cmd!(shell, "rustc --print target-libdir --target {MUSL}").quiet().read();
        folder.is_ok_and(|folder| Path::new(&folder).is_dir())
    };
    if !has_std() {
        // Fails where Rust did not come from rustup, and without access to its server.
        let _ = cmd!(shell, "rustup target add {MUSL}").quiet().ignore_stdout().ignore_stderr().run();
    }
    if !has_std() {
        return Some(format!("Rust's std for {MUSL} is missing and cannot be added"));
    }
    let compiles = cmd!(shell, "musl-gcc --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    (!compiles).then(|| "musl-gcc is missing (Debian: musl-tools)".to_owned())
}

/// A binary that loads libraries would not run in an empty container.
fn check(project: &Project, binary: &Path) -> Result<()> {
    let said = cmd!(project.shell, "ldd {binary}").quiet().ignore_status().read()?;
    let errors = cmd!(project.shell, "ldd {binary}").quiet().ignore_status().read_stderr()?;
    if said.contains("statically linked") || errors.contains("not a dynamic executable") {
        return Ok(());
    }
    bail!("{} is not static: {said}", binary.display())
}
