//! `cargo xtask soak`: visitors of every kind on one relay for as long as told, with its memory, descriptors and latency over time.
//!
//! | module | content |
//! |---|---|
//! | `scenario` | what the visitors of a run do |
//! | `visitor` | one visitor after another: sessions, observers, connections of every kind |
//! | `crowd` | many connections or observers that stay |
//! | `client` | a WebSocket client |
//! | `probe` | a well-behaved visitor beside them, whose echoes are timed |
//! | `sample` | the relay's figures over time |
//! | `report` | tables, the slope of the memory, the plot |
#![cfg(target_os = "linux")]

mod client;
mod crowd;
mod probe;
mod report;
mod sample;
mod scenario;
mod tally;
mod visitor;

use anyhow::Result;
use bench::server;
use clap::{Parser, Subcommand};
use scenario::Scenario;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Run visitors of every kind on one relay, and report its memory, descriptors and latency over time.
///
/// Everything stays on loopback. Figures go to stdout as Markdown, progress to stderr.
#[derive(Parser)]
#[command(name = "soak", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What the visitors do
    #[arg(long, value_enum, default_value_t = Scenario::Mix)]
    scenario: Scenario,

    /// How many visitors are there at the same time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    visitors: u32,

    /// How long the run takes, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, value_parser = minutes)]
    minutes: f64,

    /// Write the figures as a plot to this SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    /// The relay's binary
    #[arg(long, value_name = "FILE", env = "FRAMESCOPE_BIN")]
    relay: Option<PathBuf>,

    /// More options of `framescope serve`
    #[arg(last = true)]
    serve: Vec<OsString>,

    #[command(subcommand)]
    inner: Option<Inner>,
}

#[derive(Subcommand)]
enum Inner {
    /// Pin this process to cores and become a server; used internally
    #[command(hide = true)]
    Launch {
        #[arg(long)]
        core: Vec<usize>,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number; give a number of minutes")?;
    if (0.1..=1440.0).contains(&minutes) { Ok(minutes) } else { Err("give 0.1 to 1440 minutes".to_owned()) }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.inner {
        Some(Inner::Launch { core, command }) => {
            server::become_server(core, &command[0], &command[1..]).map(|never| match never {})
        }
        None => scenario::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
