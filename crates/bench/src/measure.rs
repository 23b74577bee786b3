//! One contestant in one case, and the summary of several rounds.

use crate::batch::Batch;
use crate::case::Case;
use crate::contestant::{Contestant, Programs, Running};
use crate::generator::{self, Outcome, Schedule};
use crate::opening::open_many;
use anyhow::{Context, Result, bail, ensure};
use std::net::TcpStream;
use std::time::Duration;

/// The settings that all measurements share.
#[derive(Clone, Debug)]
pub struct Setup {
    pub programs: Programs,
    pub server_core: usize,
    /// The core of the load generator and of the server behind a proxy.
    pub generator_core: usize,
    pub schedule: Schedule,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// CPU time of the server per message, in microseconds.
    pub cpu: f64,
    pub per_second: f64,
    /// Of the round trip of a batch, in microseconds.
    pub p50: f64,
    pub p99: f64,
    /// The share of the time that the server ran. It is 1 if the generator kept the server busy.
    pub busy: f64,
    /// The share of the time that the server was ready to run while another process had its core. It is 0 on an idle machine.
    pub waited: f64,
}

/// The median of each figure separately.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub median: Figures,
    /// The spread of the rounds: the largest CPU time minus the smallest, divided by the median.
    pub spread: f64,
}

/// Starts a new server, measures it under load, and ends it.
///
/// # Errors
/// If the server does not start or does not echo correctly.
pub fn measure(contestant: Contestant, case: Case, setup: &Setup) -> Result<Figures> {
    let running = contestant.start(&setup.programs, &[setup.server_core], &[setup.generator_core], &[])?;
    let streams = open_many(running.server.address(), &running.path, case.shape().connections)?;
    under_load(&running, streams, case, setup)
}

/// Measures a server whose connections are open.
pub(crate) fn under_load(running: &Running, streams: Vec<TcpStream>, case: Case, setup: &Setup) -> Result<Figures> {
    let shape = case.shape();
    let batch = |seed| Batch::new(shape.payload, shape.in_flight, seed);
    let mut times = Vec::with_capacity(2);
    let outcome = generator::run(streams, batch, setup.schedule, |_| {
        times.push((running.server.cpu_time()?, running.server.waited()));
        Ok(())
    })?;
    if let Some(observer) = &running.observer {
        let read = observer.read().context("the relay dropped the observer")?;
        ensure!(read > 0, "the observer received nothing");
    }
    let &[begin, end] = times.as_slice() else { bail!("the measurement did not finish") };
    let server = (end.0.saturating_sub(begin.0), end.1.saturating_sub(begin.1));
    figures(server, &outcome)
}

/// `server` has the time that it ran and the time that it waited for its core.
pub(crate) fn figures(server: (Duration, Duration), outcome: &Outcome) -> Result<Figures> {
    ensure!(outcome.messages > 0, "the server echoed no message");
    let (cpu, waited) = (server.0.as_secs_f64(), server.1.as_secs_f64());
    let (elapsed, messages) = (outcome.elapsed.as_secs_f64(), outcome.messages as f64);
    let quantile = |part| outcome.round_trips.value_at_quantile(part) as f64 / 1e3;
    Ok(Figures {
        cpu: cpu / messages * 1e6,
        per_second: messages / elapsed,
        p50: quantile(0.5),
        p99: quantile(0.99),
        busy: cpu / elapsed,
        waited: waited / elapsed,
    })
}

impl Summary {
    /// `None` without rounds.
    #[must_use]
    pub fn of(rounds: &[Figures]) -> Option<Self> {
        let over = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure).collect());
        let cpu = over(|round| round.cpu)?;
        let most = rounds.iter().map(|round| round.cpu).fold(f64::MIN, f64::max);
        let least = rounds.iter().map(|round| round.cpu).fold(f64::MAX, f64::min);
        let median = Figures {
            cpu,
            per_second: over(|round| round.per_second)?,
            p50: over(|round| round.p50)?,
            p99: over(|round| round.p99)?,
            busy: over(|round| round.busy)?,
            waited: over(|round| round.waited)?,
        };
        Some(Self { median, spread: (most - least) / cpu })
    }
}

/// The value in the middle, or the mean of the two middle values if the count is even.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn figures_are_per_message_and_per_second() {
        let mut outcome = Outcome {
            messages: 100_000,
            elapsed: Duration::from_secs(2),
            round_trips: Histogram::new_with_bounds(1, 1_000_000, 3).unwrap(),
        };
        outcome.round_trips.record_n(1_000, 99).unwrap();
        outcome.round_trips.record_n(2_000, 1).unwrap();
        let server = (Duration::from_millis(500), Duration::from_millis(20));
        let expected = Figures { cpu: 5.0, per_second: 50_000.0, p50: 1.0, p99: 1.0, busy: 0.25, waited: 0.01 };
        assert_eq!(figures(server, &outcome).unwrap(), expected);
        outcome.messages = 0;
        assert!(figures(server, &outcome).is_err());
    }

    #[test]
    fn one_bad_round_does_not_change_the_median() {
        let round = |cpu| Figures { cpu, per_second: 1e6 / cpu, p50: cpu, p99: cpu, busy: 1.0, waited: 0.0 };
        let summary = Summary::of(&[round(5.0), round(20.0), round(4.0)]).unwrap();
        assert_eq!(summary, Summary { median: round(5.0), spread: 3.2 });
        assert_eq!(Summary::of(&[]), None);
    }
}
