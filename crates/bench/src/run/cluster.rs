//! The command line of `bench cluster`, and the order of its run.

use super::{on_path, seconds};
use anyhow::{Context, Result};
use bench::case::Shape;
use bench::cluster::busy::Traffic;
use bench::cluster::latency::{self, Audience};
use bench::cluster::stored::{self, Pace};
use bench::cluster::tables::{Echoes, Latencies, latency_table, stored_table, targets_table};
use bench::cluster::{Setup, Store, echo, probes};
use bench::contestant::Programs;
use bench::generator::Schedule;
use bench::{cores, machine};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Compare relays that share their sessions through Redis with a relay that has them in memory.
///
/// It starts Redis and the relays, and ends them. Do not run anything else on the machine meanwhile.
#[derive(Args)]
pub(super) struct Arguments {
    /// Measure only this part; can be repeated
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,

    /// The duration of each measurement of the echo in seconds
    #[arg(long, default_value = "1", value_parser = seconds)]
    seconds: Duration,

    /// The duration of the load before each measurement
    #[arg(long, value_name = "SECONDS", default_value = "0.3", value_parser = seconds)]
    warm_up: Duration,

    /// How often to measure the echo, in memory and through Redis in turn
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Connections that echo, all in one session
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,

    /// How many messages a connection has in flight when they are pipelined
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=1000))]
    in_flight: u16,

    /// The duration of each measurement of a latency in seconds
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = seconds)]
    probe_seconds: Duration,

    /// How often to measure each latency
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    probe_rounds: u16,

    /// Probes per second in each session
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    probes: u16,

    /// Relays that share the sessions
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=16))]
    relays: u16,

    /// Observers of all relays together in the measurement with many
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(2..=20_000))]
    observers: u16,

    /// Sessions that these observers watch, if it is not one
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=1000))]
    sessions: u16,

    /// Other sessions that are busy meanwhile
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=500))]
    busy_sessions: u16,

    /// Messages per second of all busy sessions together
    #[arg(long, value_name = "N", default_value_t = 8000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    busy_messages: u32,

    /// The relay's binary [default: `framescope` in the folder of this binary]
    #[arg(long, value_name = "FILE", env = "FRAMESCOPE_BIN")]
    relay: Option<PathBuf>,

    /// The binary of Redis [default: `redis-server` from PATH]
    #[arg(long, value_name = "FILE", env = "FRAMESCOPE_REDIS_SERVER")]
    redis_server: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The CPU time of an echoed message
    Echo,
    /// The latency to a few observers, idle and under load
    Latency,
    /// The latency to many observers, and their CPU time
    Observers,
    /// The memory and the CPU time of Redis for an observation
    Stored,
}

/// Connections of each busy session.
const BUSY_CONNECTIONS: usize = 4;

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    /// The open files of a process besides the observers.
    const OTHER_FILES: u64 = 1000;
    cores::allow_files(u64::from(arguments.observers) + OTHER_FILES)?;
    let this = std::env::current_exe().context("finding this binary")?;
    let relay = arguments.relay.clone().unwrap_or_else(|| this.with_file_name("framescope"));
    let redis = arguments.redis_server.clone().or_else(|| on_path("redis-server"));
    let redis = redis.context("redis-server is not on PATH: install it, or set its location with --redis-server")?;
    let programs = Programs { relay, peer: this.with_file_name("peer"), nginx: None, bench: this };
    let run = Run { arguments, setup: Setup { programs, redis, cores: cores::allowed()? } };
    println!("# Several relays\n\n{}", machine::description(&run.setup.cores));
    let echoes = if run.wants(Part::Echo) { run.echoes()? } else { Vec::new() };
    let latencies = if run.wants(Part::Latency) { run.latencies()? } else { Vec::new() };
    if run.wants(Part::Observers) {
        let title = format!("{} observers", arguments.observers);
        println!("## {title}\n\n{}", latency_table(&run.observers()?));
    }
    if run.wants(Part::Stored) {
        println!("## What an observation takes in Redis\n\n{}", run.stored()?);
    }
    println!("## Targets\n\n{}", targets_table(&echoes, &latencies));
    Ok(())
}

struct Run<'a> {
    arguments: &'a Arguments,
    setup: Setup,
}

impl Run<'_> {
    fn wants(&self, part: Part) -> bool {
        self.arguments.only.is_empty() || self.arguments.only.contains(&part)
    }

    fn echoes(&self) -> Result<Vec<Echoes>> {
        let connections = usize::from(self.arguments.connections);
        let in_flight = usize::from(self.arguments.in_flight);
        let one = Shape { connections, payload: 20, in_flight: 1 };
        let shapes = [one, Shape { connections, payload: 125, in_flight }];
        // The load is on the second core. The relay gets the first one.
        let load = self.setup.cores.get(1).or(self.setup.cores.first()).context("this process may use no core")?;
        cores::pin(&[*load])?;
        let echoes = shapes.into_iter().map(|shape| self.echo(shape)).collect::<Result<_>>()?;
        cores::pin(&self.setup.cores)?;
        Ok(echoes)
    }

    fn echo(&self, shape: Shape) -> Result<Echoes> {
        let Shape { connections, payload, in_flight } = shape;
        let connections =
            if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") };
        let title = format!("{connections}, {payload} bytes, {in_flight} in flight");
        let schedule = Schedule { warm_up: self.arguments.warm_up, measure: self.arguments.seconds };
        let mut echoes = Echoes { title, in_flight, memory: Vec::new(), redis: Vec::new() };
        for round in 1..=self.arguments.rounds {
            // Each comes first in every other round.
            let mut stores = [Store::Memory, Store::Redis { relays: 1 }];
            stores.rotate_left(usize::from(round % 2));
            for store in stores {
                eprintln!("{}, round {round}: {store:?}", echoes.title);
                let measured = echo::measure(&self.setup, store, shape, schedule)?;
                let rounds = if store == Store::Memory { &mut echoes.memory } else { &mut echoes.redis };
                rounds.push(measured);
            }
        }
        println!("## {}\n\n{}", echoes.title, echoes.table());
        Ok(echoes)
    }

    fn schedule(&self) -> probes::Schedule {
        probes::Schedule {
            warm_up: self.arguments.warm_up,
            measure: self.arguments.probe_seconds,
            per_second: self.arguments.probes.into(),
        }
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            sessions: self.arguments.busy_sessions.into(),
            connections: BUSY_CONNECTIONS,
            per_second: self.arguments.busy_messages.into(),
        }
    }

    /// One observer at each relay.
    fn latencies(&self) -> Result<Vec<Latencies>> {
        let row = |title: &str, is_target| Latencies { title: title.to_owned(), is_target, rounds: Vec::new() };
        let mut rows = vec![
            row("idle, in memory", false),
            row("idle, through Redis", false),
            row("busy, in memory", false),
            row("busy, through Redis", true),
        ];
        for round in 1..=self.arguments.probe_rounds {
            for (index, row) in rows.iter_mut().enumerate() {
                eprintln!("latency, round {round}: {}", row.title);
                let traffic = (index >= 2).then(|| self.traffic());
                let store = if index % 2 == 0 { Store::Memory } else { Store::Redis { relays: 2 } };
                let observers = if index % 2 == 0 { 1 } else { 2 };
                let audience = Audience { sessions: 1, observers };
                row.rounds.push(latency::measure(&self.setup, store, audience, self.schedule(), traffic)?);
            }
        }
        println!("## From the wire to the observers\n\n{}", latency_table(&rows));
        Ok(rows)
    }

    fn observers(&self) -> Result<Vec<Latencies>> {
        let observers = usize::from(self.arguments.observers);
        let relays = usize::from(self.arguments.relays);
        let mut rows = Vec::new();
        for sessions in [1, usize::from(self.arguments.sessions)] {
            for (store, place) in
                [(Store::Memory, "in memory".to_owned()), (Store::Redis { relays }, format!("{relays} relays"))]
            {
                let watched = if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") };
                let title = format!("{watched}, {place}");
                eprintln!("{observers} observers: {title}");
                let audience = Audience { sessions, observers };
                let measured = latency::measure(&self.setup, store, audience, self.schedule(), None)?;
                rows.push(Latencies { title, is_target: false, rounds: vec![measured] });
            }
        }
        Ok(rows)
    }

    fn stored(&self) -> Result<String> {
        const SESSIONS: usize = 20;
        const BATCHES: usize = 50;
        let mut rows = Vec::new();
        for (pace, name) in [(Pace::Single, "a message at a time"), (Pace::Many, "100 messages at once")] {
            for payload in [20, 1024] {
                let title = format!("{payload} bytes, {name}");
                eprintln!("stored: {title}");
                let batches = if pace == Pace::Many { BATCHES / 5 } else { BATCHES };
                rows.push((title, stored::measure(&self.setup, pace, payload, SESSIONS, batches)?));
            }
        }
        Ok(stored_table(&rows))
    }
}
