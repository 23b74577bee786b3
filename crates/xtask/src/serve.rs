//! `cargo xtask serve`: runs the released relay with the released page inside.
use anyhow::Result;

use crate::{page, project::Project, tools::Tools};

pub(crate) fn serve(project: &Project, relay_args: &[String]) -> Result<()> {
    let tools = Tools::new(project);
    println!("[1/2] building the page");
    page::build(project, &tools)?;
    println!("[2/2] building the relay with the page inside");
    project.host_cargo("build").args(["--release", "--package", "framescope"]).run()?;

    let mut relay = std::process::Command::new(project.relay("release"));
    relay.arg("serve").args(relay_args);
    become_process(relay)
}

/// Replaces xtask with the relay, so Ctrl-C and signals reach it directly.
#[cfg(unix)]
fn become_process(mut command: std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::new(command.exec()).context("cannot start the relay"))
}

#[cfg(not(unix))]
fn become_process(mut command: std::process::Command) -> Result<()> {
    let status = command.status()?;
    anyhow::ensure!(status.success(), "the relay failed with {status}");
    Ok(())
}
