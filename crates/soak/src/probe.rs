//! A well-behaved visitor: one connection that echoes a short message again and again.

use crate::client::Client;
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use wire::opcode::Opcode;

/// The time between two messages.
const PACE: Duration = Duration::from_millis(20);

/// Round-trip times in microseconds since they were last taken.
pub(crate) struct Probe(RefCell<Histogram<u64>>);

/// Two percentiles, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

impl Probe {
    pub(crate) fn new() -> Result<Rc<Self>> {
        Ok(Rc::new(Self(RefCell::new(Histogram::new_with_bounds(1, 60_000_000, 3)?))))
    }

    /// Sends messages until it is dropped, or until one is not answered.
    pub(crate) async fn run(self: Rc<Self>, address: SocketAddr) -> Result<()> {
        let mut client = Client::open(address, "/echo?deflate=off", None).await?;
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let begun = Instant::now();
            client.send(Opcode::Text, b"a well-behaved visitor").await?;
            client.message().await?.context("the relay ended the probe's connection")?;
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.0.borrow_mut().saturating_record(micros);
        }
    }

    /// The percentiles since the last call; `None` if no message was answered.
    pub(crate) fn take(&self) -> Option<Latency> {
        let mut times = self.0.borrow_mut();
        let latency = Latency { p50: times.value_at_quantile(0.5), p99: times.value_at_quantile(0.99) };
        let any = !times.is_empty();
        times.reset();
        any.then_some(latency)
    }
}
