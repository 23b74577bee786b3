//! Frames and bytes of all connections.
//!
//! A connection counts in plain numbers of its own, and adds them once per turn to the counters of its thread. So threads do not
//! wait for each other's caches, and a turn with many frames costs no more than one with a single frame.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters exist so many times. More threads share them.
const SHARDS: usize = 16;

/// What a WebSocket connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Echo,
    Lab,
    /// The client side of a middlebox that reads HTTP. Its server side is counted as `Lab`.
    Via,
    Relay,
}

/// As a visitor sees it: `In` is what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// What one connection has counted since it last added it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// By [`Direction`].
    frames: [u64; 2],
    bytes: [u64; 2],
}

#[derive(Debug, Default)]
pub(super) struct Traffic {
    shards: [Shard; SHARDS],
}

/// By [`Path`] and [`Direction`]. In cache lines that no other shard uses.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    frames: [[AtomicU64; 2]; 4],
    bytes: [[AtomicU64; 2]; 4],
}

impl Path {
    pub(super) const ALL: [Self; 4] = [Self::Echo, Self::Lab, Self::Via, Self::Relay];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Lab => "lab",
            Self::Via => "via",
            Self::Relay => "relay",
        }
    }
}

impl Direction {
    const BOTH: [Self; 2] = [Self::In, Self::Out];

    fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Batch {
    #[inline]
    pub(crate) fn count(&mut self, direction: Direction, frames: u64, bytes: u64) {
        self.frames[direction as usize] += frames;
        self.bytes[direction as usize] += bytes;
    }
}

impl Traffic {
    #[inline]
    pub(super) fn add(&self, path: Path, batch: &mut Batch) {
        let Batch { frames, bytes } = std::mem::take(batch);
        let shard = &self.shards[own_shard()];
        for direction in [0, 1] {
            if frames[direction] > 0 || bytes[direction] > 0 {
                shard.frames[path as usize][direction].fetch_add(frames[direction], Ordering::Relaxed);
                shard.bytes[path as usize][direction].fetch_add(bytes[direction], Ordering::Relaxed);
            }
        }
    }

    fn sum(&self, of: impl Fn(&Shard) -> &AtomicU64) -> u64 {
        self.shards.iter().map(|shard| of(shard).load(Ordering::Relaxed)).sum()
    }
}

/// The shard of this thread.
fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    OWN.with(|own| *own)
}

impl Collector for Traffic {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        type Of = fn(&Shard) -> &[[AtomicU64; 2]; 4];
        let both: [(&str, &str, Of); 2] = [
            ("frames", "Frames, by path and direction", |shard| &shard.frames),
            ("bytes", "Bytes of frames with their headers, by path and direction", |shard| &shard.bytes),
        ];
        for (name, help, of) in both {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for path in Path::ALL {
                for direction in Direction::BOTH {
                    let count = self.sum(|shard| &of(shard)[path as usize][direction as usize]);
                    let labels = [("path", path.name()), ("direction", direction.name())];
                    ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_count_for_the_same_total() {
        let traffic = Traffic::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                scope.spawn(|| {
                    let mut batch = Batch::default();
                    for _ in 0..10 {
                        batch.count(Direction::In, 1, 7);
                        batch.count(Direction::Out, 1, 3);
                        traffic.add(Path::Lab, &mut batch);
                        assert_eq!(batch, Batch::default());
                    }
                });
            }
        });
        let expect = 2 * SHARDS as u64 * 10;
        assert_eq!(traffic.sum(|shard| &shard.frames[Path::Lab as usize][0]), expect);
        assert_eq!(traffic.sum(|shard| &shard.bytes[Path::Lab as usize][0]), 7 * expect);
        assert_eq!(traffic.sum(|shard| &shard.bytes[Path::Lab as usize][1]), 3 * expect);
        assert_eq!(traffic.sum(|shard| &shard.frames[Path::Echo as usize][0]), 0);
    }
}
