//! A session's log: numbered observations. When it is full, the oldest are dropped.
//!
//! They are packed into a few chunks. In a full log, the chunk that has become empty is written next, so a connection that
//! floods the log neither allocates nor contends with other logs.

mod budget;
mod concealed;
mod record;
#[cfg(test)]
mod tests;

pub(in crate::session) use budget::BudgetedLog;
pub(crate) use budget::{LogBudget, LogUsage};
pub(crate) use record::{End, FrameRecord, Kept, Records};
pub(in crate::session) use record::{Outline, next as next_record, next_to_stamp as stamp_record, read as read_record};

use crate::args::Config;
use observation::{ConnectionNumber, Gap, Observation, Seq};
use std::collections::VecDeque;
use std::sync::Arc;

/// The size of a chunk, in bytes. A larger record has its own chunk.
const CHUNK: usize = 32 << 10;
/// The memory of a record besides its bytes: its share of the structures around it.
const OVERHEAD: usize = 16;

#[derive(Debug)]
pub(in crate::session) struct Log {
    /// No chunk is empty. Numbers ascend, and only between two chunks some may be missing.
    chunks: VecDeque<Chunk>,
    /// Numbers are missing after the last chunk, so the next record begins another one.
    has_hole: bool,
    /// The buffer for the next chunk.
    spare: Vec<u8>,
    /// The number of observations, and of records.
    count: usize,
    records: usize,
    last: Seq,
    /// How many observations it has ever had.
    appended: u64,
    /// The memory of the records: the sum of their weights.
    bytes: u64,
    max_bytes: u64,
    max_count: usize,
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
    fn new(config: &Config) -> Self {
        Self::bounded(config.log_bytes, config.log_count)
    }

    /// A log with at most so many bytes and observations. The newest record always stays.
    pub(in crate::session) fn bounded(max_bytes: u64, max_count: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            has_hole: false,
            spare: Vec::new(),
            count: 0,
            records: 0,
            last: Seq(0),
            appended: 0,
            bytes: 0,
            max_bytes,
            max_count: max_count.max(1),
        }
    }

    fn last(&self) -> Seq {
        self.last
    }

    /// How many observations it has ever had.
    fn appended(&self) -> u64 {
        self.appended
    }

    /// How many of them were dropped.
    fn dropped(&self) -> u64 {
        self.appended - self.count as u64
    }

    pub(in crate::session) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends all `records` and empties it. Twins belong to both connections, all others to the first.
    pub(in crate::session) fn append(&mut self, at_us: u64, connections: [ConnectionNumber; 2], records: &mut Records) {
        self.append_walking(records, |bytes, at| record::next_to_stamp(bytes, at, at_us, connections));
    }

    /// Appends records that were stamped by another log. The first observation has number `first`; those between the last one and
    /// it are missing.
    fn append_stamped(&mut self, first: Seq, records: &mut Records) {
        self.skip_to(first);
        self.append_walking(records, |bytes, at| record::next(bytes, at));
    }

    /// Numbers before `first` that the log does not have yet are missing.
    fn skip_to(&mut self, first: Seq) {
        let last = Seq(first.0.saturating_sub(1));
        if last > self.last {
            self.last = last;
            self.has_hole = true;
        }
    }

    /// `next` finds the next record, and may write into it.
    #[inline(always)]
    fn append_walking(
        &mut self,
        records: &mut Records,
        mut next: impl FnMut(&mut [u8], &mut usize) -> Option<Outline>,
    ) {
        let Records { bytes, blobs, .. } = records;
        // `bytes[run..at]` waits to be copied into the last chunk, which has room for it.
        let (mut run, mut at) = (0, 0);
        while let Some(record) = next(bytes, &mut at) {
            let blob = if record.has_blob { blobs.pop_front() } else { None };
            let start = at - record.length;
            if self.has_hole || self.chunks.back().is_none_or(|chunk| chunk.bytes.len() + at - run > CHUNK) {
                self.copy(&bytes[run..start]);
                run = start;
                self.open_chunk();
                self.has_hole = false;
            }
            self.bytes += weight(record.length, blob.as_deref());
            self.records += 1;
            self.count += record.count as usize;
            self.appended += record.count;
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
        self.trim_to(self.max_bytes);
    }

    /// Drops the oldest records until the log has at most `max_bytes` and its maximum count. The newest record always stays.
    pub(in crate::session) fn trim_to(&mut self, max_bytes: u64) {
        while self.records > 1 && (self.count > self.max_count || self.bytes > max_bytes) {
            self.drop_oldest();
        }
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
    fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        let wanted = after.0.saturating_add(1);
        let mut chunks = self.chunks.iter().skip_while(|chunk| chunk.end() <= wanted).peekable();
        let from = chunks.peek().map_or(self.last.0 + 1, |chunk| chunk.first.0).max(wanted);
        let gap = (wanted < from).then_some(Gap { from: Seq(wanted), to: Seq(from - 1) });
        let mut extract = Extract { gap, first: Seq(from), half: false, bytes: Vec::new(), blobs: Vec::new() };
        let (mut json, mut left, mut end) = (0, max_count, None);
        for chunk in chunks {
            // The next extract begins with the gap before this chunk.
            if end.is_some_and(|end| end < chunk.first.0) {
                return extract;
            }
            end = Some(chunk.end());
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

    /// Takes all records out, and numbers begin again. Returns how many observations were dropped before the first one, how many
    /// there are, and the records.
    pub(in crate::session) fn take_all(&mut self) -> (u64, u64, Records) {
        let (dropped, count) = (self.dropped(), self.count as u64);
        let mut records = Records::default();
        for mut chunk in self.chunks.drain(..) {
            records.bytes.extend_from_slice(&chunk.bytes[chunk.start..]);
            records.blobs.append(&mut chunk.blobs);
            self.spare = chunk.bytes;
        }
        (self.count, self.records, self.last, self.appended, self.bytes) = (0, 0, Seq(0), 0, 0);
        self.has_hole = false;
        (dropped, count, records)
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
}

impl Chunk {
    /// The number after its last observation.
    fn end(&self) -> u64 {
        self.first.0 + self.count as u64
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

    /// All of it, for the relay itself.
    pub(crate) fn observations(&self) -> Vec<Observation> {
        self.visible(|_| true)
    }

    /// What observers may see. `has_passed` says whether the session has passed a challenge.
    pub(crate) fn visible(&self, has_passed: impl Fn(&str) -> bool) -> Vec<Observation> {
        let (mut at, mut seq) = (0, self.first);
        let mut blobs = self.blobs.iter();
        let mut observations = Vec::new();
        loop {
            let start = at;
            let Some(record) = record::next(&self.bytes, &mut at) else { return observations };
            let blob = if record.has_blob { blobs.next() } else { None };
            let bytes = &self.bytes[start..at];
            let read = record::read(seq, bytes, blob.map(|blob| &blob[..])).expect("what a log wrote can be read");
            let read = match read.concealed_by.is_none_or(|challenge| has_passed(&challenge)) {
                true => read.observation,
                false => concealed::concealed(read.observation),
            };
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
