//! Traffic in other sessions, at a fixed rate, while something else is measured.

use super::Site;
use super::probes::{observe, read, register};
use crate::batch::Batch;
use crate::contestant::session;
use crate::opening::open_many;
use anyhow::{Context, Result, anyhow, ensure};
use mio::net::TcpStream;
use mio::{Events, Poll};
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes in each message.
const PAYLOAD: usize = 125;
/// What was not sent for so long is not sent later.
const LATE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    pub sessions: usize,
    /// In each session.
    pub connections: usize,
    /// Messages per second, all connections together.
    pub per_second: f64,
}

/// Runs in its own thread.
pub struct Busy {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Result<f64>>,
}

impl Busy {
    /// Opens the sessions at the relays in turn, each with an observer at the next relay, and begins to send.
    ///
    /// # Errors
    /// If a relay does not upgrade.
    pub fn start(site: &Site, traffic: Traffic) -> Result<Self> {
        let (mut labs, mut observers) = (Vec::new(), Vec::new());
        for index in 0..traffic.sessions {
            let relay = |index: usize| &site.relays[index % site.relays.len()];
            let name = session(relay(index))?;
            labs.extend(open_many(relay(index).address(), &format!("/lab/{name}"), traffic.connections)?);
            observers.push(observe(relay(index + 1).address(), &name)?);
        }
        ensure!(!labs.is_empty(), "traffic needs at least one connection");
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let thread = std::thread::spawn(move || send(labs, observers, traffic.per_second, &end));
        Ok(Self { ends, thread })
    }

    /// Ends the traffic, and returns how many messages it sent per second.
    ///
    /// # Errors
    /// If a connection has ended.
    pub fn end(self) -> Result<f64> {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the traffic panicked"))?.context("traffic in other sessions")
    }
}

fn send(
    labs: Vec<std::net::TcpStream>,
    observers: Vec<std::net::TcpStream>,
    per_second: f64,
    ends: &AtomicBool,
) -> Result<f64> {
    let mut poll = Poll::new().context("creating a poll")?;
    let count = labs.len();
    let streams = labs.into_iter().chain(observers).enumerate();
    let mut streams =
        streams.map(|(token, stream)| register(&poll, stream, token)).collect::<Result<Vec<TcpStream>>>()?;
    let (mut events, mut scratch) = (Events::with_capacity(256), vec![0; 64 << 10]);
    let batch = Batch::new(PAYLOAD, 1, 0);
    let start = Instant::now();
    let (mut sent, mut skipped) = (0, 0);
    while !ends.load(Ordering::Relaxed) {
        let due = (start.elapsed().as_secs_f64() * per_second) as u64;
        // After a pause of the machine, it does not send everything at once.
        skipped += (due - sent - skipped).saturating_sub((LATE.as_secs_f64() * per_second) as u64);
        while sent + skipped < due {
            let stream = &mut streams[(sent % count as u64) as usize];
            match stream.write(&batch.request) {
                Ok(written) => ensure!(written == batch.request.len(), "the relay reads too slowly"),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("sending"),
            }
            sent += 1;
        }
        match poll.poll(&mut events, Some(Duration::from_millis(1))) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.context("waiting for replies")?,
        }
        for event in &events {
            read(&mut streams[event.token().0], &mut scratch, |_| {})?;
        }
    }
    Ok(sent as f64 / start.elapsed().as_secs_f64())
}
