//! What an observation costs in Redis: memory and CPU time.

use super::redis::Logs;
use super::{Setup, Site, Store};
use crate::batch::Batch;
use crate::contestant::session;
use crate::opening::open_many;
use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::time::Duration;

/// How a session is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A message at a time, as a person sends them, so each is shipped alone.
    Single,
    /// Many messages at once, so they share an entry.
    Many,
}

#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub logs: Logs,
    /// CPU time of Redis per observation, in microseconds.
    pub cpu: f64,
}

/// Messages of one batch if many are sent at once. Twice so many observations are far below the bounds of a log and of an outbox.
const MANY: usize = 100;
/// Longer than the relay gathers observations.
const BETWEEN: Duration = Duration::from_millis(20);

/// Sends `batches` batches of messages of `payload` bytes in each of `sessions` sessions, and asks Redis what that takes.
///
/// # Errors
/// If a server does not start, or does not echo correctly.
pub fn measure(setup: &Setup, pace: Pace, payload: usize, sessions: usize, batches: usize) -> Result<Stored> {
    let mut site = Site::start(setup, Store::Redis { relays: 1 }, &setup.cores, &setup.cores)?;
    let [relay] = site.relays.as_slice() else { bail!("this measurement has one relay") };
    let Some(redis) = &mut site.redis else { bail!("this measurement has a Redis") };
    let messages = if pace == Pace::Single { 1 } else { MANY };
    let mut streams = Vec::new();
    for _ in 0..sessions {
        streams.extend(open_many(relay.address(), &format!("/lab/{}", session(relay)?), 1)?);
    }
    std::thread::sleep(BETWEEN);
    let (before, begin) = (redis.logs()?.observations, redis.server.cpu_time()?);
    let batch = Batch::new(payload, messages, 0);
    let mut reply = vec![0; batch.reply.len()];
    for _ in 0..batches {
        for stream in &mut streams {
            stream.write_all(&batch.request).context("sending")?;
            stream.read_exact(&mut reply).context("receiving")?;
        }
        std::thread::sleep(BETWEEN);
    }
    let end = redis.server.cpu_time()?;
    let logs = redis.logs()?;
    let observations = logs.observations.saturating_sub(before).max(1);
    Ok(Stored { logs, cpu: end.saturating_sub(begin).as_secs_f64() / observations as f64 * 1e6 })
}
