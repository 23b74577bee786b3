//! `cargo xtask bench`: the relay beside other echo servers, or the wire crate beside other crates.
use std::process::Command;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::project::Project;
use crate::tools::Tools;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Subject {
    /// The relay beside echo servers on axum, fastwebsockets and tokio-websockets, and as a proxy beside nginx
    Relay,
    /// Headers, masking and the UTF-8 check by themselves, with criterion
    Wire,
}

pub(crate) fn bench(project: &Project, subject: Subject, bench_args: &[String]) -> Result<()> {
    match subject {
        Subject::Relay => relay(project, bench_args),
        Subject::Wire => Ok(project.host_cargo("bench").args(["--package", "bench", "--"]).args(bench_args).run()?),
    }
}

fn relay(project: &Project, bench_args: &[String]) -> Result<()> {
    // One after the other: in one build the relay would get whatever features the peers ask of the crates it shares with
    // them, and be another relay than the released one.
    for package in ["framescope", "bench"] {
        project.host_cargo("build").args(["--release", "--package", package]).run()?;
    }
    let relay = project.relay("release");
    let mut bench = Command::new(relay.with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    // The figures name the commit, which is the checkout's wherever this is called from.
    if let Some(nginx) = Tools::new(project).for_proxy_bench() {
        bench.arg("--nginx").arg(nginx);
    }
    let status = bench.arg("--relay").arg(relay).args(bench_args).current_dir(&project.root).status()?;
    ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}
