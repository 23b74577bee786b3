//! A session's log: numbered observations. When it is full, the oldest are dropped.
//!
//! They are packed into a few chunks. In a full log, the chunk that has become empty is written next, so a connection that
//! floods the log neither allocates nor contends with other logs.

mod record;
#[cfg(test)]
mod tests;

pub(crate) use record::{End, FrameRecord, Kept, Records};

use crate::args::Config;
use observation::{ConnectionNumber, Gap, Observation, Seq};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The size of a chunk, in bytes. A larger record has its own chunk.
const CHUNK: usize = 32 << 10;
/// The memory of a record besides its bytes: its share of the structures around it.
const OVERHEAD: usize = 16;
/// A log claims its part of the memory for all logs in steps of this size, in bytes.
const STEP: u64 = 4 << 10;

#[derive(Debug)]
pub(super) struct Log {
    /// No chunk is empty. Numbers continue from chunk to chunk without gaps, and the last observation has number `last`.
    chunks: VecDeque<Chunk>,
    /// The buffer for the next chunk.
    spare: Vec<u8>,
    /// The number of observations, and of records.
    count: usize,
    records: usize,
    last: Seq,
    /// The memory of the records: the sum of their weights.
    bytes: u64,
    max_bytes: u64,
    max_count: usize,
    /// The memory that all logs have claimed, and this log's part of it: `bytes` rounded up, plus a little more if the log
    /// was larger before.
    all_bytes: Arc<AtomicU64>,
    announced: u64,
    max_all_bytes: u64,
}

#[derive(Debug)]
struct Chunk {
    /// The number of the first remaining observation.
    first: Seq,
    /// The number of remaining observations.
    count: usize,
    /// Records from `start` on.
    bytes: Vec<u8>,
    start: usize,
    blobs: VecDeque<Arc<[u8]>>,
}

/// A part of a log in packed form, and the gap before it.
#[derive(Debug)]
pub(crate) struct Extract {
    pub(crate) gap: Option<Gap>,
    first: Seq,
    /// Whether `first` is the second observation of a twin record.
    half: bool,
    bytes: Vec<u8>,
    blobs: Vec<Arc<[u8]>>,
}

impl Log {
    pub(super) fn new(config: &Config, all_bytes: Arc<AtomicU64>) -> Self {
        Self {
            chunks: VecDeque::new(),
            spare: Vec::new(),
            count: 0,
            records: 0,
            last: Seq(0),
            bytes: 0,
            max_bytes: config.log_bytes,
            max_count: config.log_count.max(1),
            all_bytes,
            announced: 0,
            max_all_bytes: config.all_logs_bytes,
        }
    }

    pub(super) fn last(&self) -> Seq {
        self.last
    }

    /// Appends all `records` and empties it. Twins belong to both connections, all others to the first.
    pub(super) fn append(&mut self, at_us: u64, connections: [ConnectionNumber; 2], records: &mut Records) {
        let Records { bytes, blobs, .. } = records;
        // `bytes[run..at]` waits to be copied into the last chunk, which has room for it.
        let (mut run, mut at) = (0, 0);
        while let Some(record) = record::next_to_stamp(bytes, &mut at, at_us, connections) {
            let blob = if record.has_blob { blobs.pop_front() } else { None };
            let start = at - record.length;
            if self.chunks.back().is_none_or(|chunk| chunk.bytes.len() + at - run > CHUNK) {
                self.copy(&bytes[run..start]);
                run = start;
                self.open_chunk();
            }
            self.bytes += weight(record.length, blob.as_deref());
            self.records += 1;
            self.count += record.count as usize;
            self.last = Seq(self.last.0 + record.count);
            if let Some(chunk) = self.chunks.back_mut() {
                chunk.count += record.count as usize;
                if let Some(blob) = blob {
                    chunk.blobs.push_back(blob);
                }
            }
        }
        self.copy(&bytes[run..at]);
        bytes.clear();
        // The newest record always stays.
        while self.records > 1 && self.is_over() {
            self.drop_oldest();
        }
        self.announce();
    }

    fn copy(&mut self, run: &[u8]) {
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.bytes.extend_from_slice(run);
        }
    }

    /// The next record is the first of a new chunk.
    fn open_chunk(&mut self) {
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        // The first chunk grows on demand, because most sessions stay small.
        if !self.chunks.is_empty() {
            bytes.reserve(CHUNK);
        }
        let first = Seq(self.last.0 + 1);
        self.chunks.push_back(Chunk { first, count: 0, bytes, start: 0, blobs: VecDeque::new() });
    }

    /// What follows `after`: at most `max_count` observations and about `max_json` bytes as JSON, but at least one if there is
    /// any.
    pub(super) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        let first = self.last.0 + 1 - self.count as u64;
        let wanted = after.0.saturating_add(1);
        let gap = (wanted < first).then_some(Gap { from: Seq(wanted), to: Seq(first - 1) });
        let from = wanted.max(first);
        let mut extract = Extract { gap, first: Seq(from), half: false, bytes: Vec::new(), blobs: Vec::new() };
        let (mut json, mut left) = (0, max_count);
        for chunk in self.chunks.iter().skip_while(|chunk| chunk.first.0 + chunk.count as u64 <= from) {
            let mut blobs = chunk.blobs.iter();
            let (mut at, mut number) = (chunk.start, chunk.first.0);
            loop {
                let start = at;
                let Some(record) = record::next(&chunk.bytes, &mut at) else { break };
                let blob = if record.has_blob { blobs.next() } else { None };
                let begin = number;
                number += record.count;
                if number <= from {
                    continue;
                }
                extract.half |= begin < from;
                json += record.count as usize * json_bytes(record.length + blob.map_or(0, |blob| blob.len()));
                if left == 0 || (json > max_json && left < max_count) {
                    return extract;
                }
                left = left.saturating_sub(record.count as usize);
                extract.bytes.extend_from_slice(&chunk.bytes[start..at]);
                extract.blobs.extend(blob.cloned());
            }
        }
        extract
    }

    fn is_over(&self) -> bool {
        self.count > self.max_count
            || self.bytes > self.max_bytes
            // The claims of the other logs, and the actual size of this one.
            || self.all_bytes.load(Ordering::Relaxed).saturating_sub(self.announced) + self.bytes > self.max_all_bytes
    }

    fn drop_oldest(&mut self) {
        let Some(chunk) = self.chunks.front_mut() else { return };
        let (mut at, mut count) = (chunk.start, 1);
        if let Some(record) = record::next(&chunk.bytes, &mut at) {
            count = record.count;
            let blob = if record.has_blob { chunk.blobs.pop_front() } else { None };
            self.bytes -= weight(record.length, blob.as_deref());
        }
        chunk.start = at;
        chunk.count -= count as usize;
        chunk.first = Seq(chunk.first.0 + count);
        self.count -= count as usize;
        self.records -= 1;
        if chunk.count == 0
            && let Some(chunk) = self.chunks.pop_front()
            && chunk.bytes.capacity() <= 2 * CHUNK
        {
            self.spare = chunk.bytes;
        }
    }

    /// Updates this log's claim in steps, so that logs rarely contend.
    fn announce(&mut self) {
        let wanted = self.bytes.next_multiple_of(STEP);
        if wanted > self.announced || wanted + 2 * STEP < self.announced {
            // Wraps around if the claim shrinks, which is intended.
            self.all_bytes.fetch_add(wanted.wrapping_sub(self.announced), Ordering::Relaxed);
            self.announced = wanted;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.all_bytes.fetch_sub(self.announced, Ordering::Relaxed);
    }
}

impl Extract {
    /// The number of its last observation; `None` if it is empty.
    pub(crate) fn last(&self) -> Option<Seq> {
        let mut at = 0;
        let counts = std::iter::from_fn(|| record::next(&self.bytes, &mut at)).map(|record| record.count);
        let count = counts.sum::<u64>() - u64::from(self.half);
        (count > 0).then(|| Seq(self.first.0 + count - 1))
    }

    pub(crate) fn observations(&self) -> Vec<Observation> {
        let (mut at, mut seq) = (0, self.first);
        let mut blobs = self.blobs.iter();
        let mut observations = Vec::new();
        loop {
            let start = at;
            let Some(record) = record::next(&self.bytes, &mut at) else { return observations };
            let blob = if record.has_blob { blobs.next() } else { None };
            let bytes = &self.bytes[start..at];
            let read = record::read(seq, bytes, blob.map(|blob| &blob[..])).expect("what a log wrote can be read");
            let twin = record::other(bytes).map(|connection| Observation { connection, ..read.clone() });
            let is_half = self.half && start == 0;
            for observation in Some(read).filter(|_| !is_half).into_iter().chain(twin) {
                observations.push(Observation { seq, ..observation });
                seq = Seq(seq.0 + 1);
            }
        }
    }
}

/// The memory of a record, in bytes. A payload that two records share counts for both.
fn weight(length: usize, blob: Option<&[u8]>) -> u64 {
    (OVERHEAD + length + blob.map_or(0, |blob| blob.len() + OVERHEAD)) as u64
}

/// The approximate size of a record as JSON.
fn json_bytes(bytes: usize) -> usize {
    // Names and numbers take about 400 bytes. Texts at most double: a non-ASCII byte takes two, a line end is escaped.
    400 + 2 * bytes
}
