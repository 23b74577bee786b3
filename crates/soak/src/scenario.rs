//! What the visitors of a run do, and the order of a run.
#![expect(clippy::print_stdout, reason = "the figures go to stdout and the progress to stderr")]

use crate::probe::Probe;
use crate::tally::Tally;
use crate::{Arguments, crowd, report, sample, visitor};
use anyhow::{Context, Result, ensure};
use bench::cores;
use bench::server::Server;
use clap::ValueEnum;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Sessions come and go: echoes, faults, middleboxes, dropped connections, refusals, exports, each watched
    Mix,
    /// Each visitor has a session, an observer and a connection, all of which stay
    Visitors,
    /// Idle lab connections
    Connections,
    /// Observers of one busy session
    Observers,
}

impl Scenario {
    /// How many sockets a visitor has at a time, on each side.
    fn sockets(self) -> u64 {
        match self {
            Self::Mix => 4,
            Self::Visitors => 2,
            Self::Connections | Self::Observers => 1,
        }
    }

    /// The options of `framescope serve` that this many visitors need. They all come from one address.
    fn options(self, visitors: u32) -> Vec<OsString> {
        let (connections, sessions, observers) = match self {
            Self::Mix => (visitors * 4, visitors * 30, 16),
            Self::Visitors => (visitors * 2, visitors + 10, 16),
            Self::Connections => (visitors, visitors / 16 + 10, 16),
            Self::Observers => (visitors, 10, visitors),
        };
        let options = [
            ("--max-connections", connections + 100),
            ("--max-sessions", sessions + 100),
            ("--session-observers", observers + 10),
        ];
        let mut options: Vec<OsString> =
            options.into_iter().flat_map(|(name, value)| [name.into(), value.to_string().into()]).collect();
        if self == Self::Mix {
            // Each visitor leaves a session about every three seconds. The memory is level once as many expire as are made.
            options.extend(["--session-ttl".into(), "30s".into()]);
        }
        options
    }
}

/// The number of samples of a run, at most one a second.
const SAMPLES: f64 = 120.0;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    cores::allow_files(u64::from(arguments.visitors) * arguments.scenario.sockets() + 1000)
        .context("this many visitors need more files; lower --visitors")?;
    let relay = arguments.relay.as_ref().context("give the relay's binary with --relay")?;
    let mut options = vec!["serve".into(), "--listen".into(), "127.0.0.1:0".into()];
    options.extend(arguments.scenario.options(arguments.visitors));
    options.extend(arguments.serve.iter().cloned());
    let server = Server::start(relay, &options, &cores::allowed()?)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tally = Rc::new(Tally::default());
    let samples = LocalSet::new().block_on(&runtime, samples(arguments, &server, &tally))?;
    let name = arguments.scenario.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    println!("{}", report::text(&name, arguments.visitors, &samples, &tally));
    if let Some(file) = &arguments.plot {
        report::plot(file, &samples).with_context(|| format!("writing {}", file.display()))?;
    }
    ensure!(tally.failures() == 0, "{} visits failed", tally.failures());
    Ok(())
}

async fn samples(arguments: &Arguments, server: &Server, tally: &Rc<Tally>) -> Result<Vec<sample::Sample>> {
    let length = Duration::from_secs_f64(arguments.minutes * 60.0);
    let address = server.address();
    let probe = Probe::new()?;
    let probing = spawn_local(Rc::clone(&probe).run(address));
    let end = Instant::now() + length;
    let visiting = spawn_local(visit(arguments.scenario, arguments.visitors, address, Rc::clone(tally), end));
    let pace = Duration::from_secs_f64((length.as_secs_f64() / SAMPLES).max(1.0));
    let samples = sample::take(server, &probe, tally, pace, end).await?;
    if probing.is_finished() {
        probing.await?.context("the well-behaved visitor failed")?;
    }
    visiting.await??;
    Ok(samples)
}

async fn visit(scenario: Scenario, visitors: u32, address: SocketAddr, tally: Rc<Tally>, end: Instant) -> Result<()> {
    match scenario {
        Scenario::Mix => {
            let all: Vec<_> =
                (0..visitors).map(|_| spawn_local(visitor::visits(address, Rc::clone(&tally), end))).collect();
            for one in all {
                one.await?;
            }
            Ok(())
        }
        Scenario::Visitors => crowd::visitors(address, visitors, &tally, end).await,
        Scenario::Connections => crowd::connections(address, visitors, &tally, end).await,
        Scenario::Observers => crowd::observers(address, visitors, &tally, end).await,
    }
}
