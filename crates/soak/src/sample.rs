//! The relay's figures over time.

use crate::probe::{Latency, Probe};
use crate::tally::Tally;
use anyhow::Result;
use bench::server::Server;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The figures of the relay at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// Resident memory in bytes.
    pub(crate) resident: u64,
    /// Open descriptors.
    pub(crate) descriptors: u64,
    /// CPU time since the sample before, as a share of one core.
    pub(crate) cpu: f64,
    /// Since the sample before; `None` if no message of the probe was answered.
    pub(crate) latency: Option<Latency>,
    /// Connections that visitors have ended since the start.
    pub(crate) connections: u64,
    pub(crate) failures: u64,
}

/// Takes a sample every `pace` until `end`.
pub(crate) async fn take(
    server: &Server,
    probe: &Probe,
    tally: &Tally,
    pace: Duration,
    end: Instant,
) -> Result<Vec<Sample>> {
    let begun = Instant::now();
    let (mut last, mut last_cpu) = (begun, server.cpu_time()?);
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut samples = Vec::new();
    while last < end {
        ticks.tick().await;
        let (now, cpu) = (Instant::now(), server.cpu_time()?);
        let sample = Sample {
            at: now - begun,
            resident: server.resident()?,
            descriptors: server.descriptors()?,
            cpu: (cpu - last_cpu).as_secs_f64() / (now - last).as_secs_f64(),
            latency: probe.take(),
            connections: tally.connections.get(),
            failures: tally.failures(),
        };
        (last, last_cpu) = (now, cpu);
        eprintln!(
            "{:>5.0} s  {:>7.1} MiB  {:>6} descriptors  {:>4.0} % CPU  {} connections  {} failures",
            sample.at.as_secs_f64(),
            mebibytes(sample.resident),
            sample.descriptors,
            sample.cpu * 100.0,
            sample.connections,
            sample.failures
        );
        samples.push(sample);
    }
    Ok(samples)
}

pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
