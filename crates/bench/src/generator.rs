//! The load: sends batches over open connections, checks and counts what comes back, and times it.

use crate::TIMEOUT;
use crate::batch::Batch;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// What one read takes at most: a reply of 1 MiB should not cost more reads than the network cuts it into.
const READ: usize = 256 << 10;

/// When the load begins to count, and for how long it counts.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub warm_up: Duration,
    pub measure: Duration,
}

/// The two moments between which messages count. The CPU time of the server is taken at each, with the load still on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Begin,
    End,
}

#[derive(Debug)]
pub struct Outcome {
    pub messages: u64,
    pub elapsed: Duration,
    /// Nanoseconds from the first byte sent of a batch to the last byte of its replies.
    pub round_trips: Histogram<u64>,
}

/// Runs the load in this thread until the schedule is over and every reply has come. `edge` is called twice.
///
/// # Errors
/// When a reply is wrong, a connection ends, or nothing comes for long.
pub fn run(
    streams: Vec<std::net::TcpStream>,
    batch: impl Fn(u64) -> Batch,
    schedule: Schedule,
    mut edge: impl FnMut(Edge) -> Result<()>,
) -> Result<Outcome> {
    let mut poll = Poll::new().context("making a poll")?;
    let mut lines = Vec::with_capacity(streams.len());
    for (number, stream) in streams.into_iter().enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        // Edges only: whoever hears of one reads until there is no more, and writes until there is no room.
        poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        lines.push(Line::new(stream, batch(number as u64)));
    }

    let mut load = Load { phase: Phase::WarmUp, messages: 0, round_trips: histogram()?, idle: 0 };
    let start = Instant::now();
    let (mut begun, mut elapsed) = (start, Duration::ZERO);
    let mut heard = start;
    let mut events = Events::with_capacity(1024);
    let mut scratch = vec![0; READ];
    for line in &mut lines {
        line.begin(start)?;
    }
    while load.idle < lines.len() {
        match poll.poll(&mut events, Some(Duration::from_millis(100))) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.context("waiting for replies")?,
        }
        let now = Instant::now();
        match load.phase {
            Phase::WarmUp if now >= start + schedule.warm_up => {
                load.phase = Phase::Counting;
                edge(Edge::Begin)?;
                begun = Instant::now();
            }
            // However short the time: a figure needs a message.
            Phase::Counting if now >= begun + schedule.measure && load.messages > 0 => {
                load.phase = Phase::Draining;
                edge(Edge::End)?;
                elapsed = begun.elapsed();
            }
            _ => {}
        }
        for event in &events {
            let line = &mut lines[event.token().0];
            line.advance(&mut load, &mut scratch).with_context(|| format!("connection {}", event.token().0))?;
            heard = now;
        }
        ensure!(heard.elapsed() < TIMEOUT, "no reply for {TIMEOUT:?}");
    }
    Ok(Outcome { messages: load.messages, elapsed, round_trips: load.round_trips })
}

/// From 0.1 µs to a minute, with three digits.
fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(100, 60_000_000_000, 3)?)
}

/// What all connections have in common.
struct Load {
    phase: Phase,
    /// Those of the phase that counts.
    messages: u64,
    round_trips: Histogram<u64>,
    /// Connections that have had their last reply.
    idle: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Counting,
    /// Nothing new is sent.
    Draining,
}

/// One connection.
struct Line {
    stream: TcpStream,
    batch: Batch,
    /// `sent <= batch.request.len()`
    sent: usize,
    /// `received < batch.reply.len()`, but when all is over
    received: usize,
    begun: Instant,
    /// The first reply has been compared byte by byte. After that only bytes are counted, to keep the load cheap.
    proven: bool,
}

impl Line {
    fn new(stream: TcpStream, batch: Batch) -> Self {
        Self { stream, batch, sent: 0, received: 0, begun: Instant::now(), proven: false }
    }

    fn begin(&mut self, now: Instant) -> Result<()> {
        (self.sent, self.received, self.begun) = (0, 0, now);
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        while self.sent < self.batch.request.len() {
            match self.stream.write(&self.batch.request[self.sent..]) {
                Ok(0) => bail!("the server takes no more"),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("sending"),
            }
        }
        Ok(())
    }

    /// Does what can be done without waiting. A large message is read while it is still being sent, so that neither side
    /// waits for the other with its buffers full.
    fn advance(&mut self, load: &mut Load, scratch: &mut [u8]) -> Result<()> {
        self.send()?;
        loop {
            match self.stream.read(scratch) {
                Ok(0) => bail!("the server closed it"),
                Ok(read) => {
                    self.take(&scratch[..read], load)?;
                    // There was no more than that; what comes later is another event.
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

    fn take(&mut self, bytes: &[u8], load: &mut Load) -> Result<()> {
        let expected = self.batch.reply.get(self.received..self.received + bytes.len());
        let expected = expected.context("more came back than was sent")?;
        ensure!(self.proven || bytes == expected, "what came back is not what was sent");
        self.received += bytes.len();
        if self.received < self.batch.reply.len() {
            return Ok(());
        }
        ensure!(self.sent == self.batch.request.len(), "the reply was there before the request");
        self.proven = true;
        let now = Instant::now();
        if load.phase == Phase::Draining {
            load.idle += 1;
            return Ok(());
        }
        if load.phase == Phase::Counting {
            load.messages += self.batch.messages;
            let nanoseconds = now.duration_since(self.begun).as_nanos();
            load.round_trips.saturating_record(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        }
        self.begin(now)
    }
}
