//! A visitor who does no harm, beside an attack.

use crate::client::{connect, frame, http, open, session};
use crate::target::Target;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// The pause between two messages.
const PAUSE: Duration = Duration::from_millis(2);
/// An echo that takes longer counts as that long.
const LONGEST: Duration = Duration::from_secs(10);

const WITNESS: Ipv4Addr = Ipv4Addr::new(127, 2, 0, 1);
const VISITOR: Ipv4Addr = Ipv4Addr::new(127, 2, 0, 2);

/// Measures how long an echo takes, in two phases.
pub(crate) struct Witness {
    phase: Arc<AtomicU8>,
    task: JoinHandle<Result<[Histogram<u64>; 2]>>,
}

impl Witness {
    pub(crate) async fn start(relay: SocketAddr) -> Result<Self> {
        let stream = open(WITNESS, relay, "/echo", "").await?;
        let phase = Arc::<AtomicU8>::default();
        let task = tokio::spawn(measure(stream, Arc::clone(&phase)));
        Ok(Self { phase, task })
    }

    /// The attack begins.
    pub(crate) fn next_phase(&self) {
        self.phase.fetch_add(1, Ordering::Relaxed);
    }

    /// The 99th percentile before and during the attack, in milliseconds.
    pub(crate) async fn finish(self) -> (f64, f64) {
        self.next_phase();
        let milliseconds = |histogram: &Histogram<u64>| histogram.value_at_quantile(0.99) as f64 / 1000.0;
        match self.task.await {
            Ok(Ok([before, during])) => (milliseconds(&before), milliseconds(&during)),
            // Its connection was lost, which is the worst that an attack can do to it.
            _ => (f64::NAN, f64::INFINITY),
        }
    }
}

async fn measure(mut stream: TcpStream, phase: Arc<AtomicU8>) -> Result<[Histogram<u64>; 2]> {
    let histogram = || Histogram::new_with_max(LONGEST.as_micros() as u64, 3);
    let mut phases = [histogram()?, histogram()?];
    let message = frame(0x81, b"a message of thirty-two bytes...");
    let mut echo = [0; 34];
    loop {
        let began = Instant::now();
        stream.write_all(&message).await?;
        let read = timeout(LONGEST, stream.read_exact(&mut echo)).await;
        let Some(histogram) = phases.get_mut(usize::from(phase.load(Ordering::Relaxed))) else { return Ok(phases) };
        histogram.saturating_record(began.elapsed().as_micros() as u64);
        read.context("no echo")??;
        sleep(PAUSE).await;
    }
}

/// What a new visitor does, right at the end of the attack: the page, a session, an observer and an echo in the lab.
pub(crate) async fn visit(target: &Target) -> Result<()> {
    let (status, _) = http(VISITOR, target.http, "GET", "/", "").await.context("the page")?;
    ensure!(status == 200, "the page was answered with {status}");
    let id = session(VISITOR, target).await?;
    let observe = format!("/api/sessions/{id}/observe");
    let _observer = open(VISITOR, target.http, &observe, "").await.context("the feed")?;
    let mut lab = open(VISITOR, target.http, &format!("/lab/{id}"), "").await.context("the lab")?;
    lab.write_all(&frame(0x81, b"Hello")).await?;
    let mut echo = [0; 7];
    timeout(LONGEST, lab.read_exact(&mut echo)).await.context("no echo")??;
    ensure!(echo == *b"\x81\x05Hello", "another echo");
    // A connection that says nothing more does not stop the process from being stopped.
    drop(connect(VISITOR, target.http).await?);
    Ok(())
}
