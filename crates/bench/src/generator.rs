//! The load: sends batches over open connections, checks and counts the replies, and measures the round-trip time.

use crate::TIMEOUT;
use crate::batch::Batch;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// The most bytes of one read. It is large, so a reply of 1 MiB needs no more reads than the network delivers pieces.
const READ: usize = 256 << 10;

/// When the load begins to count, and for how long it counts.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub warm_up: Duration,
    pub measure: Duration,
}

/// The start and the end of the measurement. The server's CPU time is read at both, while the load continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Begin,
    End,
}

#[derive(Debug)]
pub struct Outcome {
    pub messages: u64,
    pub elapsed: Duration,
    /// Nanoseconds from the first sent byte of a batch to the last byte of its replies.
    pub round_trips: Histogram<u64>,
}

/// Runs the load in this thread until the schedule is over and all replies have arrived. Calls `edge` twice.
///
/// # Errors
/// If a reply is wrong, a connection ends, or nothing arrives for a long time.
pub fn run(
    streams: Vec<std::net::TcpStream>,
    batch: impl Fn(u64) -> Batch,
    schedule: Schedule,
    mut edge: impl FnMut(Edge) -> Result<()>,
) -> Result<Outcome> {
    let mut poll = Poll::new().context("creating a poll")?;
    let mut lines = Vec::with_capacity(streams.len());
    for (number, stream) in streams.into_iter().enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        // Events are edge-triggered: after each one, the connection reads and writes until both would block.
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
            // The measurement needs at least one message, even if its time is short.
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
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(100, 60_000_000_000, 3)?)
}

/// The state that all connections share.
struct Load {
    phase: Phase,
    /// Only of the measurement.
    messages: u64,
    round_trips: Histogram<u64>,
    /// Connections that have received their last reply.
    idle: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Counting,
    /// Nothing more is sent.
    Draining,
}

/// One connection.
struct Line {
    stream: TcpStream,
    batch: Batch,
    /// `sent <= batch.request.len()`
    sent: usize,
    /// `received < batch.reply.len()`, except at the end
    received: usize,
    begun: Instant,
    /// The first reply was compared byte by byte. Later replies are only counted, to keep the load cheap.
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
                Ok(0) => bail!("the server accepts no more bytes"),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("sending"),
            }
        }
        Ok(())
    }

    /// Reads and writes until both would block. The connection reads a large message while it is still sending it.
    /// Otherwise both sides would fill their buffers and wait for each other.
    fn advance(&mut self, load: &mut Load, scratch: &mut [u8]) -> Result<()> {
        self.send()?;
        loop {
            match self.stream.read(scratch) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(read) => {
                    self.take(&scratch[..read], load)?;
                    // The socket is empty. Later bytes cause another event.
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
        let expected = expected.context("the server sent more bytes than it received")?;
        ensure!(self.proven || bytes == expected, "the server's reply differs from the message that was sent");
        self.received += bytes.len();
        if self.received < self.batch.reply.len() {
            return Ok(());
        }
        ensure!(self.sent == self.batch.request.len(), "the reply arrived before the request was sent completely");
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
