//! How long an observation takes from the wire to the observers, at the same relay and at others.

use super::busy::{Busy, Traffic};
use super::probes::{Schedule, Session, run};
use super::{Setup, Site, Store};
use crate::contestant::session;
use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use std::time::Duration;

/// Observers of one measurement.
#[derive(Clone, Copy, Debug)]
pub struct Audience {
    pub sessions: usize,
    /// All sessions together.
    pub observers: usize,
}

#[derive(Debug)]
pub struct Latency {
    /// Nanoseconds to observers at the relay that has the connection.
    pub here: Histogram<u64>,
    /// Nanoseconds to observers at other relays; `None` with one relay.
    pub elsewhere: Option<Histogram<u64>>,
    pub missing: u64,
    /// CPU seconds per second: of all relays, and of Redis.
    pub relays_cpu: f64,
    pub redis_cpu: Option<f64>,
    /// Messages per second of the other sessions.
    pub traffic: Option<f64>,
}

/// Starts the relays, and sends probes into sessions whose observers are spread over the relays.
///
/// # Errors
/// If a server does not start, or a connection ends.
pub fn measure(
    setup: &Setup,
    store: Store,
    audience: Audience,
    schedule: Schedule,
    traffic: Option<Traffic>,
) -> Result<Latency> {
    let site = Site::start(setup, store, &setup.cores, &setup.cores)?;
    let relays = &site.relays;
    let mut sessions = Vec::new();
    for index in 0..audience.sessions {
        let relay = &relays[index % relays.len()];
        sessions.push(Session::open(relay.address(), session(relay)?)?);
    }
    for observer in 0..audience.observers {
        let index = observer % audience.sessions;
        let relay = (index + observer / audience.sessions) % relays.len();
        let group = usize::from(relay != index % relays.len());
        sessions[index].observe(relays[relay].address(), group).with_context(|| format!("observer {observer}"))?;
    }
    let busy = traffic.map(|traffic| Busy::start(&site, traffic)).transpose()?;
    let mut times = Vec::with_capacity(2);
    let outcome = run(sessions, relays.len().min(2), schedule, |_| {
        times.push(cpu_times(&site)?);
        Ok(())
    })?;
    let traffic = busy.map(Busy::end).transpose()?;
    let &[begin, end] = times.as_slice() else { bail!("the measurement did not finish") };
    let share =
        |begin: Duration, end: Duration| end.saturating_sub(begin).as_secs_f64() / outcome.elapsed.as_secs_f64();
    let mut latencies = outcome.latencies.into_iter();
    Ok(Latency {
        here: latencies.next().context("the first group is here")?,
        elsewhere: latencies.next(),
        missing: outcome.missing,
        relays_cpu: share(begin.0, end.0),
        redis_cpu: begin.1.zip(end.1).map(|(begin, end)| share(begin, end)),
        traffic,
    })
}

/// The CPU time so far of all relays, and of Redis.
fn cpu_times(site: &Site) -> Result<(Duration, Option<Duration>)> {
    let relays = site.relays.iter().map(|relay| relay.cpu_time()).sum::<Result<Duration>>()?;
    Ok((relays, site.redis.as_ref().map(|redis| redis.server.cpu_time()).transpose()?))
}
