//! Sends probes into sessions, and measures how long their observations take to the observers. All clocks are this thread's.

use super::feed::{Finder, frame};
use crate::generator::{Edge, histogram};
use crate::observer::SUBPROTOCOL;
use crate::opening::{open_many, open_with};
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the observers get for the last probes.
const LAST: Duration = Duration::from_secs(3);
/// The most bytes of one read.
const READ: usize = 64 << 10;

/// When probes are sent.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Probes in this time do not count.
    pub warm_up: Duration,
    pub measure: Duration,
    /// For each session.
    pub per_second: f64,
}

#[derive(Debug)]
pub struct Outcome {
    /// Nanoseconds from just before a probe is written to the end of the read in which an observer finds its observation: for each
    /// group of observers.
    pub latencies: Vec<Histogram<u64>>,
    /// Observations that some observer should have received and did not.
    pub missing: u64,
    pub elapsed: Duration,
}

/// A session with one connection and its observers.
pub struct Session {
    name: String,
    lab: std::net::TcpStream,
    observers: Vec<(usize, std::net::TcpStream)>,
}

impl Session {
    /// Opens a connection in `session` at `relay`.
    ///
    /// # Errors
    /// If the relay does not upgrade.
    pub fn open(relay: SocketAddr, session: String) -> Result<Self> {
        let lab = open_many(relay, &format!("/lab/{session}"), 1)?.pop().context("one connection was opened")?;
        Ok(Self { name: session, lab, observers: Vec::new() })
    }

    /// Opens an observer at any relay. Its latencies count for `group`.
    ///
    /// # Errors
    /// If the relay does not upgrade.
    pub fn observe(&mut self, relay: SocketAddr, group: usize) -> Result<()> {
        self.observers.push((group, observe(relay, &self.name)?));
        Ok(())
    }
}

/// Opens an observer of `session` at `relay`.
///
/// # Errors
/// If the relay does not upgrade.
pub fn observe(relay: SocketAddr, session: &str) -> Result<std::net::TcpStream> {
    open_with(relay, &format!("/api/sessions/{session}/observe"), SUBPROTOCOL)
}

/// Sends probes in this thread until the schedule is over, and all observers have them or have had enough time. Calls `edge` twice.
///
/// # Errors
/// If a connection ends, or no observer of a group receives anything.
pub fn run(
    sessions: Vec<Session>,
    groups: usize,
    schedule: Schedule,
    mut edge: impl FnMut(Edge) -> Result<()>,
) -> Result<Outcome> {
    let mut run = Run::new(sessions, groups)?;
    let interval = Duration::from_secs_f64(1.0 / schedule.per_second);
    let start = Instant::now();
    while start.elapsed() < schedule.warm_up {
        run.step(interval)?;
    }
    edge(Edge::Begin)?;
    let begun = Instant::now();
    run.counts_from = Some(begun);
    while begun.elapsed() < schedule.measure {
        run.step(interval)?;
    }
    edge(Edge::End)?;
    let elapsed = begun.elapsed();
    let end = Instant::now() + LAST;
    while run.missing() > 0 && Instant::now() < end {
        run.receive(end)?;
    }
    let missing = run.missing() + run.skipped;
    ensure!(run.latencies.iter().all(|group| !group.is_empty()), "a group of observers received no observation");
    Ok(Outcome { latencies: run.latencies, missing, elapsed })
}

struct Run {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    labs: Vec<Lab>,
    watches: Vec<Watch>,
    latencies: Vec<Histogram<u64>>,
    counts_from: Option<Instant>,
    /// Probes that an observer did not receive, although it received a later one.
    skipped: u64,
}

/// The connection of one session.
struct Lab {
    stream: TcpStream,
    /// When each probe was sent. The first has the number 1.
    sent: Vec<Instant>,
    next: Instant,
}

/// An observer.
struct Watch {
    stream: TcpStream,
    lab: usize,
    group: usize,
    finder: Finder,
    /// The number of the last probe that it received.
    seen: u64,
}

impl Run {
    fn new(sessions: Vec<Session>, groups: usize) -> Result<Self> {
        let poll = Poll::new().context("creating a poll")?;
        let (mut labs, mut watches) = (Vec::new(), Vec::new());
        let count = sessions.len();
        let now = Instant::now();
        for (lab, session) in sessions.into_iter().enumerate() {
            let stream = register(&poll, session.lab, lab)?;
            labs.push(Lab { stream, sent: Vec::new(), next: now });
            for (group, stream) in session.observers {
                let stream = register(&poll, stream, count + watches.len())?;
                watches.push(Watch { stream, lab, group, finder: Finder::default(), seen: 0 });
            }
        }
        let latencies = (0..groups).map(|_| histogram()).collect::<Result<_>>()?;
        let (events, scratch) = (Events::with_capacity(1024), vec![0; READ]);
        Ok(Self { poll, events, scratch, labs, watches, latencies, counts_from: None, skipped: 0 })
    }

    /// Sends the probes whose time has come, and receives until the time of the next one.
    fn step(&mut self, interval: Duration) -> Result<()> {
        let now = Instant::now();
        for lab in self.labs.iter_mut().filter(|lab| lab.next <= now) {
            lab.send(interval)?;
        }
        let next = self.labs.iter().map(|lab| lab.next).min().context("there is no session")?;
        self.receive(next)
    }

    fn receive(&mut self, until: Instant) -> Result<()> {
        let wait = until.saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled.context("waiting for observations")?,
        }
        for event in &self.events {
            let Some(index) = event.token().0.checked_sub(self.labs.len()) else {
                read(&mut self.labs[event.token().0].stream, &mut self.scratch, |_| {})?;
                continue;
            };
            let watch = &mut self.watches[index];
            let (lab, latencies) = (&self.labs[watch.lab], &mut self.latencies[watch.group]);
            read(&mut watch.stream, &mut self.scratch, |piece| {
                let now = Instant::now();
                watch.finder.find(piece, |number| {
                    // The echo has the same payload.
                    if number <= watch.seen {
                        return;
                    }
                    let Some(&sent) = lab.sent.get(number as usize - 1) else { return };
                    let skipped = number - watch.seen - 1;
                    watch.seen = number;
                    if self.counts_from.is_some_and(|begin| sent >= begin) {
                        self.skipped += skipped;
                        let nanoseconds = now.saturating_duration_since(sent).as_nanos();
                        latencies.saturating_record(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
                    }
                });
            })?;
        }
        Ok(())
    }

    /// How many observations the observers still have to receive.
    fn missing(&self) -> u64 {
        self.watches.iter().map(|watch| self.labs[watch.lab].sent.len() as u64 - watch.seen).sum()
    }
}

impl Lab {
    fn send(&mut self, interval: Duration) -> Result<()> {
        let number = self.sent.len() as u64 + 1;
        let frame = frame(number);
        let now = Instant::now();
        let written = self.stream.write(&frame).context("sending a probe")?;
        ensure!(written == frame.len(), "the relay does not read its probes");
        self.sent.push(now);
        // From half the interval to one and a half, so probes have no common rhythm with timers of the relay.
        let part = 0.5 + (number as f64 * 0.618_033_988_75).fract();
        self.next = now + interval.mul_f64(part);
        Ok(())
    }
}

/// Registers it for reading.
pub(super) fn register(poll: &Poll, stream: std::net::TcpStream, token: usize) -> Result<TcpStream> {
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    poll.registry().register(&mut stream, Token(token), Interest::READABLE)?;
    Ok(stream)
}

/// Reads until nothing is left.
pub(super) fn read(stream: &mut TcpStream, scratch: &mut [u8], mut piece: impl FnMut(&[u8])) -> Result<()> {
    loop {
        match stream.read(scratch) {
            Ok(0) => bail!("the relay closed a connection"),
            Ok(read) => {
                piece(&scratch[..read]);
                if read < scratch.len() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("receiving"),
        }
    }
}
