//! The commands that build, serve and test Framescope: `cargo xtask --help`.
#![expect(clippy::print_stdout, reason = "a command-line tool prints its progress there")]

mod again;
mod ahead;
mod bench;
mod budget;
mod child;
mod deny;
mod dev;
#[cfg(unix)]
mod dist;
#[cfg(test)]
mod docs;
mod fuzz;
mod load;
mod lock;
mod page;
mod project;
mod serve;
mod sharing;
mod stage;
mod tally;
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
        /// Use quick builds, and rebuild and restart when a file changes
        #[arg(long)]
        dev: bool,
        /// Arguments for `framescope serve`, for example `-- --listen 127.0.0.1:9000`
        #[arg(last = true)]
        relay_args: Vec<String>,
    },
    /// Run all stages of the tests in order, or only the ones you name
    Test {
        #[arg(value_enum, value_name = "STAGE")]
        stages: Vec<Stage>,
        /// Arguments for the test runner of the stage you name, for example `e2e -- --headed`
        #[arg(last = true)]
        runner_args: Vec<String>,
    },
    /// Fuzz the protocol code: all targets, or only the ones you name
    Fuzz {
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,
        /// The time for each target, in seconds
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Benchmark the relay against other echo servers; do not use the machine meanwhile
    Bench {
        #[arg(value_enum, value_name = "SUBJECT", default_value = "relay")]
        subject: Subject,
        /// Arguments for the benchmark, for example `-- --only pipelined --rounds 1`; `-- --help` lists them
        #[arg(last = true)]
        bench_args: Vec<String>,
    },
    /// Run visitors of every kind on the relay, and report its memory, descriptors and latency over time
    Soak {
        /// Arguments for the run, for example `-- --visitors 200 --minutes 60 --plot soak.svg`; `-- --help` lists them
        #[arg(last = true)]
        soak_args: Vec<String>,
    },
    /// Build what is needed to install the relay elsewhere: a static binary, its licenses, man pages, completions and a .deb
    #[cfg(unix)]
    Dist,
    /// Attack the relay on this machine, and print the table for docs/security.md; do not use the machine meanwhile
    Attack {
        /// Arguments for the attacks: parts of their names, or `-- --seconds 3`
        #[arg(last = true)]
        attack_args: Vec<String>,
    },
    /// Write the tables of docs/behaviours.md from the relay and real browsers
    Docs,
    /// Install the tools for the page and the tests, and do nothing else
    Setup,
    /// Used by `test`: install the tools of these stages and build the page
    #[command(hide = true)]
    Ahead {
        #[arg(value_enum)]
        stages: Vec<Stage>,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Gives whether all tests passed; `true` for a task without tests.
fn run(task: Task) -> anyhow::Result<bool> {
    let project = Project::open()?;
    match task {
        Task::Serve { dev: false, relay_args } => serve::serve(&project, &relay_args)?,
        Task::Serve { dev: true, relay_args } => dev::serve(&project, &relay_args)?,
        Task::Test { stages, runner_args } => return test::test(&project, stages, &runner_args),
        Task::Fuzz { targets, seconds } => fuzz::fuzz(&project, &targets, seconds)?,
        Task::Attack { attack_args } => load::run(&project, "attack", &attack_args)?,
        Task::Bench { subject, bench_args } => bench::bench(&project, subject, &bench_args)?,
        Task::Soak { soak_args } => load::run(&project, "soak", &soak_args)?,
        #[cfg(unix)]
        Task::Dist => dist::dist(&project)?,
        Task::Docs => stage::docs(&project, &Tools::new(&project))?,
        Task::Setup => setup(&project)?,
        Task::Ahead { stages } => ahead::run(&stages),
    }
    Ok(true)
}

fn setup(project: &Project) -> anyhow::Result<()> {
    let tools = Tools::new(project);
    for stage in stage::ALL {
        stage.install_tools(&tools)?;
    }
    tools.for_quick_page()?;
    println!("All tools are installed. Next: cargo xtask serve");
    Ok(())
}
