//! The command line, and the order of a run.
#![expect(clippy::print_stdout, reason = "the figures go to stdout and the progress to stderr")]

mod cluster;

use anyhow::{Context, Result, bail};
use bench::case::Case;
use bench::cluster::redis;
use bench::contestant::{Contestant, Programs};
use bench::generator::Schedule;
use bench::measure::{Setup, measure};
use bench::results::Results;
use bench::rules::{self, Rules, RulesResults};
use bench::table::{number, table};
use bench::{cores, machine, memory, nginx, scaling, server, targets};
use clap::builder::PossibleValue;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Compare the relay with other echo servers: CPU time per message, throughput, round-trip time, memory per connection.
///
/// Each server runs on one core and the load generator on another. Do not run anything else on the machine meanwhile. Figures
/// go to stdout as Markdown, progress to stderr. A missed target is not an error.
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Measure only this part; can be repeated
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,

    /// Measure only this contestant; can be repeated
    #[arg(long, value_enum, value_name = "NAME")]
    contestant: Vec<Contestant>,

    /// The duration of each measurement in seconds
    #[arg(long, default_value = "1", value_parser = seconds)]
    seconds: Duration,

    /// The duration of the load before each measurement
    #[arg(long, value_name = "SECONDS", default_value = "0.3", value_parser = seconds)]
    warm_up: Duration,

    /// How often to measure everything; the results are medians
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// How many connections to open for the memory measurement
    #[arg(long, value_name = "N", default_value_t = 8000, value_parser = clap::value_parser!(u16).range(1..))]
    memory_connections: u16,

    /// The nginx binary for the proxy comparison [default: from PATH; the comparison is skipped if there is none]
    #[arg(long, value_name = "FILE", env = "FRAMESCOPE_NGINX")]
    nginx: Option<PathBuf>,

    /// The relay's binary [default: `framescope` in the folder of this binary]
    #[arg(long, value_name = "FILE", env = "FRAMESCOPE_BIN")]
    relay: Option<PathBuf>,

    #[command(subcommand)]
    inner: Option<Inner>,
}

#[derive(Subcommand)]
enum Inner {
    Cluster(cluster::Arguments),
    /// Pin this process to cores and become a server; used internally
    #[command(hide = true)]
    Launch {
        #[arg(long)]
        core: Vec<usize>,
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Become nginx in front of another server; used internally
    #[command(hide = true)]
    Nginx {
        #[arg(long)]
        program: PathBuf,
        #[arg(long)]
        upstream: SocketAddr,
        #[arg(long)]
        folder: PathBuf,
    },
    /// Become Redis; used internally
    #[command(hide = true)]
    Redis {
        #[arg(long)]
        program: PathBuf,
        #[arg(long)]
        folder: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Case(Case),
    Proxies,
    Rules,
    Memory,
    Cores,
}

impl ValueEnum for Part {
    fn value_variants<'a>() -> &'a [Self] {
        const CASES: [Case; 4] = Case::ALL;
        &[
            Self::Case(CASES[0]),
            Self::Case(CASES[1]),
            Self::Case(CASES[2]),
            Self::Case(CASES[3]),
            Self::Proxies,
            Self::Rules,
            Self::Memory,
            Self::Cores,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Case(case) => case.to_possible_value(),
            Self::Proxies => {
                Some(PossibleValue::new("proxies").help("The relay compared with nginx, as a proxy to an echo server"))
            }
            Self::Rules => Some(PossibleValue::new("rules").help("What rules cost, in the lab and through /relay")),
            Self::Memory => Some(PossibleValue::new("memory").help("The memory of an idle connection")),
            Self::Cores => Some(PossibleValue::new("cores").help("The relay on one core compared with two")),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number; give a number of seconds")?;
    if (0.05..=600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("out of range; give 0.05 to 600 seconds".into())
    }
}

pub(super) fn run() -> Result<()> {
    let mut arguments = Arguments::parse();
    match arguments.inner.take() {
        Some(Inner::Launch { core, command }) => {
            let (program, rest) = command.split_first().context("clap requires one")?;
            match server::become_server(&core, program, rest)? {}
        }
        Some(Inner::Nginx { program, upstream, folder }) => match nginx::become_nginx(&program, upstream, &folder)? {},
        Some(Inner::Redis { program, folder }) => match redis::become_redis(&program, &folder)? {},
        Some(Inner::Cluster(arguments)) => cluster::run(&arguments),
        None => Run::new(arguments)?.all(),
    }
}

struct Run {
    arguments: Arguments,
    setup: Setup,
    cores: Vec<usize>,
    results: Results,
}

impl Run {
    fn new(arguments: Arguments) -> Result<Self> {
        let cores = cores::allowed()?;
        let Some(&server_core) = cores.first() else { bail!("this process is not allowed to use any core") };
        // With a single core, server and generator share it. The server's CPU time can still be measured.
        let generator_core = cores.get(1).copied().unwrap_or(server_core);
        cores::pin(&[generator_core])?;
        let this = std::env::current_exe().context("finding this binary")?;
        let relay = arguments.relay.clone().unwrap_or_else(|| this.with_file_name("framescope"));
        let nginx = arguments.nginx.clone().or_else(|| on_path("nginx"));
        let programs = Programs { relay, peer: this.with_file_name("peer"), nginx, bench: this };
        let schedule = Schedule { warm_up: arguments.warm_up, measure: arguments.seconds };
        let setup = Setup { programs, server_core, generator_core, schedule };
        Ok(Self { arguments, setup, cores, results: Results::default() })
    }

    fn all(mut self) -> Result<()> {
        /// The open files of a process besides its connections.
        const OTHER_FILES: u64 = 500;
        let connections = if self.wants(Part::Memory) { self.arguments.memory_connections } else { 0 };
        cores::allow_files(u64::from(connections) + OTHER_FILES)?;
        println!("# Benchmark\n\n{}", machine::description(&self.cores));
        if self.cores.len() < 2 {
            println!("This machine has one core, which the server and the load generator share.\n");
        }
        for case in Case::ALL {
            if self.wants(Part::Case(case)) {
                println!("## {}\n\n{}", case.title(), self.case(case)?);
            }
        }
        if self.wants(Part::Proxies) {
            self.proxies()?;
        }
        if self.wants(Part::Rules) {
            println!("## Rules\n\n{}", self.rules()?);
        }
        if self.wants(Part::Memory) {
            let connections = self.arguments.memory_connections;
            println!("## Memory: {connections} idle connections\n\n{}", self.memory()?);
            println!(
                "The increase of the server's resident memory per connection, after the upgrade and one echoed message of \
                 20 bytes. The kernel's socket buffers are not included. In the lab, all connections are in one session, \
                 whose log is limited to 64 KiB.\n"
            );
        }
        if self.wants(Part::Cores) {
            println!("## Cores\n\n{}", self.scaling()?);
        }
        println!("## Targets\n\n{}", targets::targets_table(&self.results));
        Ok(())
    }

    fn wants(&self, part: Part) -> bool {
        self.arguments.only.is_empty() || self.arguments.only.contains(&part)
    }

    /// The contestants in `all` that the command line selects.
    fn contestants(&self, all: &[Contestant]) -> Vec<Contestant> {
        let named = &self.arguments.contestant;
        all.iter().copied().filter(|contestant| named.is_empty() || named.contains(contestant)).collect()
    }

    fn case(&mut self, case: Case) -> Result<String> {
        self.rounds(case, &Contestant::ALL)?;
        Ok(self.results.case_table(case))
    }

    /// All proxies forward to the same echo server, which runs on the load generator's core.
    fn proxies(&mut self) -> Result<()> {
        println!("## As a proxy\n");
        if self.setup.programs.nginx.is_none() {
            println!("Skipped: nginx is not on PATH. Set its location with --nginx.\n");
            return Ok(());
        }
        for case in Case::ALL {
            self.rounds(case, &Contestant::PROXIES)?;
            println!("### {}\n\n{}", case.title(), self.results.proxy_table(case));
        }
        Ok(())
    }

    /// The contestants take turns, so slow phases of the machine affect all of them.
    fn rounds(&mut self, case: Case, all: &[Contestant]) -> Result<()> {
        let contestants = self.contestants(all);
        for round in 1..=self.arguments.rounds {
            for &contestant in &contestants {
                eprintln!("{}, round {round}: {}", case.title(), contestant.title());
                let measured = measure(contestant, case, &self.setup);
                let figures = measured.with_context(|| format!("{} with {}", contestant.title(), case.title()))?;
                self.results.rounds.entry((case, contestant)).or_default().push(figures);
            }
        }
        Ok(())
    }

    /// The kinds of rules take turns within a round.
    fn rules(&self) -> Result<String> {
        let mut text = String::new();
        for contestant in self.contestants(&rules::CONTESTANTS) {
            for case in rules::CASES {
                let mut results = RulesResults::new();
                for round in 1..=self.arguments.rounds {
                    for rules in Rules::ALL {
                        let title = format!("{}, {}", contestant.title(), case.title());
                        eprintln!("{title}, round {round}: {}", rules.title());
                        let figures = rules::measure(contestant, case, rules, &self.setup);
                        let figures = figures.with_context(|| format!("{title}: {}", rules.title()))?;
                        results.entry((case, contestant, rules)).or_default().push(figures);
                    }
                }
                let table = rules::rules_table(&results, case, contestant);
                text += &format!("### {}: {}\n\n{table}\n", contestant.title(), case.title());
            }
        }
        Ok(text)
    }

    fn memory(&mut self) -> Result<String> {
        for contestant in self.contestants(&memory::CONTESTANTS) {
            eprintln!("memory: {}", contestant.title());
            let bytes = memory::per_connection(contestant, self.arguments.memory_connections.into(), &self.setup);
            let bytes = bytes.with_context(|| format!("{}: idle connections", contestant.title()))?;
            self.results.memory.insert(contestant, bytes);
        }
        Ok(self.results.memory_table())
    }

    fn scaling(&self) -> Result<String> {
        if self.contestants(&[Contestant::Echo]).is_empty() {
            return Ok("Skipped: this part measures only the contestant `echo`.\n".to_owned());
        }
        let (here, needed) = (self.cores.len(), scaling::CORES);
        if here < needed {
            return Ok(format!(
                "Skipped: this part needs {needed} cores, two for the relay and two for the load; this machine has {here}.\n"
            ));
        }
        eprintln!("cores: {}", Contestant::Echo.title());
        let [one, two] = scaling::one_core_and_two(&self.cores, self.arguments.rounds.into(), &self.setup)?;
        let head = ["`/echo`, 64 connections, 125 bytes, 16 in flight", "messages/s", "to one core"];
        let row = |name: &str, rate: f64| vec![name.to_owned(), number(rate), number(rate / one)];
        Ok(table(&head, &[row("one core", one), row("two cores", two)]))
    }
}

/// Finds a program on PATH.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Debian installs nginx here, which is only on the PATH of root.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_valid() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parts_are_selected_by_name() {
        let arguments = Arguments::try_parse_from(["bench", "--only", "16kib", "--only", "memory"]).unwrap();
        assert!(arguments.only == [Part::Case(Case::Kib16), Part::Memory]);
        assert!(Arguments::try_parse_from(["bench", "--seconds", "0"]).is_err());
    }
}
