//! `cargo xtask bench`: the relay compared with other echo servers and with relays that share sessions, or the wire crate with other
//! crates.
use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::project::Project;
use crate::tools::Tools;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Subject {
    /// The relay, compared with echo servers on axum, fastwebsockets and tokio-websockets, and as a proxy with nginx
    Relay,
    /// The protocol code alone: headers, masking and the UTF-8 check, with criterion
    Wire,
    /// Relays that share their sessions through Redis, compared with one that has them in memory
    Cluster,
}

pub(crate) fn bench(project: &Project, subject: Subject, bench_args: &[String]) -> Result<()> {
    match subject {
        Subject::Relay => {
            let nginx = Tools::new(project).for_proxy_bench();
            released(project, &[], nginx.map(|nginx| ("--nginx", nginx)), bench_args)
        }
        Subject::Wire => Ok(project.host_cargo("bench").args(["--package", "bench", "--"]).args(bench_args).run()?),
        Subject::Cluster => {
            let redis = Tools::new(project).for_cluster_bench().context("this benchmark needs redis-server")?;
            released(project, &["cluster"], Some(("--redis-server", redis)), bench_args)
        }
    }
}

/// Builds a released relay and the benchmark, and runs it with another `program` that it needs, if that was found.
fn released(
    project: &Project,
    subcommand: &[&str],
    program: Option<(&str, PathBuf)>,
    bench_args: &[String],
) -> Result<()> {
    // Two builds: in one, the relay's dependencies would also get the features that the other servers need, and the relay
    // would differ from the released one.
    for package in ["framescope", "bench"] {
        project.host_cargo("build").args(["--release", "--package", package]).run()?;
    }
    let relay = project.relay("release");
    let mut bench = Command::new(relay.with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    bench.args(subcommand);
    if let Some((flag, program)) = program {
        bench.arg(flag).arg(program);
    }
    // The results name the commit of the checkout, in which the benchmark therefore runs.
    let status = bench.arg("--relay").arg(relay).args(bench_args).current_dir(&project.root).status()?;
    ensure!(status.success(), "the benchmark failed with {status}");
    Ok(())
}
