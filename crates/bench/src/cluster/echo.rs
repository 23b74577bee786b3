//! The CPU time of an echoed message that the lab records, in memory or through Redis.

use super::{Setup, Site, Store};
use crate::batch::Batch;
use crate::case::Shape;
use crate::contestant::session;
use crate::generator::{self, Schedule};
use crate::measure::{Figures, figures};
use crate::opening::open_many;
use anyhow::{Result, bail};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// Of the relay.
    pub figures: Figures,
    /// `None` in memory.
    pub redis: Option<RedisShare>,
}

/// What Redis had to do with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedisShare {
    /// CPU time of Redis per echoed message, in microseconds.
    pub cpu: f64,
    /// The share of the observations at the end of the log that were dropped, because Redis did not take them in time.
    pub dropped: f64,
}

/// Starts a relay, measures it under load, and ends it. The relay is alone on the first core; Redis and the load share the second.
///
/// # Errors
/// If a server does not start, or does not echo correctly.
pub fn measure(setup: &Setup, store: Store, shape: Shape, schedule: Schedule) -> Result<Round> {
    let (relay_core, other_core) = (&setup.cores[..1], &setup.cores[setup.cores.len().min(2) - 1..][..1]);
    let mut site = Site::start(setup, store, relay_core, other_core)?;
    let [relay] = site.relays.as_slice() else { bail!("this measurement has one relay") };
    let streams = open_many(relay.address(), &format!("/lab/{}", session(relay)?), shape.connections)?;
    let batch = |seed| Batch::new(shape.payload, shape.in_flight, seed);
    let mut times = Vec::with_capacity(2);
    let outcome = generator::run(streams, batch, schedule, |_| {
        let redis = site.redis.as_ref().map(|redis| redis.server.cpu_time()).transpose()?;
        times.push((relay.cpu_time()?, relay.waited(), redis.unwrap_or_default()));
        Ok(())
    })?;
    let &[begin, end] = times.as_slice() else { bail!("the measurement did not finish") };
    let figures = figures((end.0.saturating_sub(begin.0), end.1.saturating_sub(begin.1)), &outcome)?;
    let redis = match &mut site.redis {
        None => None,
        Some(redis) => {
            let logs = redis.logs()?;
            let cpu = end.2.saturating_sub(begin.2).as_secs_f64() / outcome.messages as f64 * 1e6;
            Some(RedisShare { cpu, dropped: logs.dropped as f64 / (logs.dropped + logs.observations) as f64 })
        }
    };
    Ok(Round { figures, redis })
}
