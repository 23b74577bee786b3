//! `cargo xtask attack` and `cargo xtask soak`: programs that start a released relay on this machine and load it.
use std::process::Command;

use anyhow::{Result, ensure};

use crate::project::Project;

/// Builds the relay and the program of `package`, and runs it.
pub(crate) fn run(project: &Project, package: &str, args: &[String]) -> Result<()> {
    // Two builds, so that the relay's dependencies have only the features of a released one.
    for package in ["framescope", package] {
        project.host_cargo("build").args(["--release", "--package", package]).run()?;
    }
    let relay = project.relay("release");
    let program = relay.with_file_name(format!("{package}{}", std::env::consts::EXE_SUFFIX));
    let status = Command::new(program).arg("--relay").arg(relay).args(args).status()?;
    ensure!(status.success(), "{package} failed with {status}; its report says why");
    Ok(())
}
