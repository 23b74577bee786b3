//! What a person types to build, serve and test Framescope: `cargo xtask --help`.
#![expect(clippy::print_stdout, reason = "a command line tool tells its progress there")]

mod bench;
mod budget;
mod child;
mod dev;
#[cfg(test)]
mod docs;
mod fuzz;
mod page;
mod project;
mod serve;
mod stage;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{bench::Subject, project::Project, stage::Stage, tools::Tools};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Build, serve and test Framescope")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything and serve it on this machine
    Serve {
        /// Quick builds, rebuilt and restarted whenever a file changes
        #[arg(long)]
        dev: bool,
        /// Passed on to `framescope serve`, for example `-- --listen 127.0.0.1:9000`
        #[arg(last = true)]
        relay_args: Vec<String>,
    },
    /// Run the tests: all stages in order, or only those named
    Test {
        #[arg(value_enum, value_name = "STAGE")]
        stages: Vec<Stage>,
        /// Passed on to the test runner of the one stage named, for example `e2e -- --headed`
        #[arg(last = true)]
        runner_args: Vec<String>,
    },
    /// Look for bytes that the protocol's code does wrong by: all targets, or only those named
    Fuzz {
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        /// For how long, each
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Measure the relay beside other echo servers; leave the machine to it meanwhile
    Bench {
        #[arg(value_enum, value_name = "SUBJECT", default_value = "relay")]
        subject: Subject,
        /// Passed on to the benchmark, for example `-- --only pipelined --rounds 1`, or `-- --help` for all of them
        #[arg(last = true)]
        bench_args: Vec<String>,
    },
    /// Write the tables of docs/behaviours.md anew, from the relay and a real browser
    Docs,
    /// Install what the page and the tests need, and nothing else
    Setup,
}

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let project = Project::open()?;
    match task {
        Task::Serve { dev: false, relay_args } => serve::serve(&project, &relay_args),
        Task::Serve { dev: true, relay_args } => dev::serve(&project, &relay_args),
        Task::Test { stages, runner_args } => test::test(&project, stages, &runner_args),
        Task::Fuzz { targets, seconds } => fuzz::fuzz(&project, &targets, seconds),
        Task::Bench { subject, bench_args } => bench::bench(&project, subject, &bench_args),
        Task::Docs => stage::docs(&project, &Tools::new(&project)),
        Task::Setup => setup(&Tools::new(&project)),
    }
}

fn setup(tools: &Tools) -> anyhow::Result<()> {
    tools.for_page()?;
    tools.for_quick_page()?;
    tools.for_native_tests()?;
    tools.for_wasm_tests()?;
    tools.for_e2e()?;
    println!("Everything is in place. Next: cargo xtask serve");
    Ok(())
}
