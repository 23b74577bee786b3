//! The relay's throughput on one core and on two.

use crate::batch::Batch;
use crate::case::Case;
use crate::contestant::Contestant;
use crate::cores;
use crate::generator::{self, Outcome};
use crate::measure::{Setup, median};
use crate::opening::open_many;
use anyhow::{Context, Result};

/// Two for the server, and two for the generator, because a generator on one core cannot load a server on two.
pub const CORES: usize = 4;

/// Echoed messages per second with the server on one core and on two. Each is the median of `rounds` rounds.
///
/// # Errors
/// If the server does not start or does not echo correctly.
pub fn one_core_and_two(all: &[usize], rounds: usize, setup: &Setup) -> Result<[f64; 2]> {
    let (servers, generators) = all.split_at_checked(2).context("this measurement needs four cores")?;
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        rates[0].push(per_second(&servers[..1], generators, setup)?);
        rates[1].push(per_second(servers, generators, setup)?);
    }
    let [one, two] = rates.map(median);
    Ok([one.context("no round was run")?, two.context("no round was run")?])
}

fn per_second(server_cores: &[usize], generator_cores: &[usize], setup: &Setup) -> Result<f64> {
    let running = Contestant::Echo.start(&setup.programs, server_cores, &[], &[])?;
    let shape = Case::Pipelined.shape();
    let generators = generator_cores.iter().take(2).map(|&core| {
        let streams = open_many(running.server.address(), &running.path, shape.connections / 2)?;
        Ok((core, streams))
    });
    let generators: Vec<_> = generators.collect::<Result<_>>()?;
    let outcomes: Vec<Result<Outcome>> = std::thread::scope(|scope| {
        let threads = generators.into_iter().map(|(core, streams)| {
            scope.spawn(move || {
                cores::pin(&[core])?;
                let batch = |seed| Batch::new(shape.payload, shape.in_flight, seed);
                generator::run(streams, batch, setup.schedule, |_| Ok(()))
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a generator panicked"))?).collect()
    });
    outcomes.into_iter().map(|outcome| outcome.map(|it| it.messages as f64 / it.elapsed.as_secs_f64())).sum()
}
