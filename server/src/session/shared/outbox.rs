//! What a session has recorded and Redis has not taken yet.

use super::keys::{NONCE, Seal};
use super::pack::pack;
use crate::session::log::{Log, Records};
use crate::session::store::Change;
use observation::ConnectionNumber;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most bytes of one session that wait, if payloads are not large. Beyond it the oldest are dropped.
const MAX_BYTES: u64 = 256 << 10;
/// A message and its echo wait with what is before and behind them, however large recorded payloads may be.
const LARGEST: u64 = 4;
/// The most observations of one session that wait.
const MAX_COUNT: usize = 1 << 16;
/// What a session keeps when all outboxes together have used up their memory, in bytes.
const FLOOR: u64 = 4 << 10;

#[derive(Debug)]
pub(super) struct Outbox {
    log: Log,
    max_bytes: u64,
    /// Connections that were opened and closed since the last batch, and challenges passed.
    opened: BTreeSet<u32>,
    closed: BTreeSet<u32>,
    passed: BTreeSet<String>,
    /// All connections of this relay that are open.
    open: BTreeSet<u32>,
    /// The batch that Redis has not acknowledged.
    sent: Option<Batch>,
    batches: u64,
    /// Whether the session waits for the shipper.
    pub(super) is_queued: bool,
    /// Whether the session goes on without this object, so nothing may be recorded here any more.
    is_retired: bool,
}

/// Records on their way to Redis. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Numbered for each session and relay from 1, so that Redis takes each once.
    pub(super) number: u64,
    /// The run of Redis that may have taken it; empty if none.
    pub(super) tried: String,
    /// How many observations were dropped before it, and how many it has.
    pub(super) dropped: u64,
    pub(super) count: u64,
    pub(super) sealed: Arc<Vec<u8>>,
    /// Lists with commas.
    pub(super) opened: String,
    pub(super) closed: String,
    pub(super) passed: String,
}

impl Outbox {
    /// `payload_cap` is how many bytes of a payload are recorded at most.
    pub(super) fn new(payload_cap: u64) -> Self {
        Self::bounded(MAX_BYTES.max(payload_cap.saturating_mul(LARGEST)))
    }

    fn bounded(max_bytes: u64) -> Self {
        Self {
            log: Log::bounded(max_bytes, MAX_COUNT),
            max_bytes,
            opened: BTreeSet::new(),
            closed: BTreeSet::new(),
            passed: BTreeSet::new(),
            open: BTreeSet::new(),
            sent: None,
            batches: 0,
            is_queued: false,
            is_retired: false,
        }
    }

    /// Appends all `records` and empties it. Returns by how many bytes the outbox has grown.
    pub(super) fn append(
        &mut self,
        now_us: u64,
        connections: [ConnectionNumber; 2],
        records: &mut Records,
        change: Option<Change>,
    ) -> i64 {
        if self.is_retired {
            records.bytes.clear();
            records.blobs.clear();
            return 0;
        }
        let before = self.log.bytes();
        self.log.append(now_us, connections, records);
        match change {
            Some(Change::Opened(ConnectionNumber(connection))) => {
                self.open.insert(connection);
                self.opened.insert(connection);
            }
            Some(Change::Closed(ConnectionNumber(connection))) => {
                self.open.remove(&connection);
                if !self.opened.remove(&connection) {
                    self.closed.insert(connection);
                }
            }
            None => {}
        }
        self.log.bytes() as i64 - before as i64
    }

    pub(super) fn pass(&mut self, challenge: &str) {
        self.passed.insert(challenge.to_owned());
    }

    /// Drops all but the newest records. Returns by how many bytes the outbox has grown, which is negative.
    pub(super) fn shrink(&mut self) -> i64 {
        let before = self.log.bytes();
        self.log.trim_to(FLOOR);
        self.log.bytes() as i64 - before as i64
    }

    /// How many bytes wait, without the batch that was sent.
    pub(super) fn bytes(&self) -> u64 {
        self.log.bytes()
    }

    /// Whether Redis has everything.
    pub(super) fn is_empty(&self) -> bool {
        let lists = self.opened.is_empty() && self.closed.is_empty() && self.passed.is_empty();
        self.sent.is_none() && lists && self.log.bytes() == 0
    }

    /// What to send next: the same batch again, or a new one.
    pub(super) fn batch(&mut self, seal: &Seal) -> Option<Batch> {
        self.is_queued = false;
        if self.is_empty() {
            return None;
        }
        if self.sent.is_none() {
            let (dropped, count, mut records) = self.log.take_all();
            self.batches += 1;
            let sealed = if count == 0 { Some(Vec::new()) } else { seal.seal_in_place(pack(&mut records, NONCE)) };
            // Without a nonce, all that is left is to say that they are missing.
            let (dropped, count) = if sealed.is_some() { (dropped, count) } else { (dropped + count, 0) };
            self.sent = Some(Batch {
                number: self.batches,
                tried: String::new(),
                dropped,
                count,
                sealed: sealed.unwrap_or_default().into(),
                opened: list(&std::mem::take(&mut self.opened)),
                closed: list(&std::mem::take(&mut self.closed)),
                passed: std::mem::take(&mut self.passed).into_iter().collect::<Vec<_>>().join(","),
            });
        }
        self.sent.clone()
    }

    /// Redis has the batch.
    pub(super) fn acknowledge(&mut self, number: u64) {
        self.sent.take_if(|sent| sent.number == number);
    }

    /// Nobody knows whether `run` has taken the batch.
    pub(super) fn doubt(&mut self, number: u64, run: &str) {
        if let Some(sent) = self.sent.as_mut().filter(|sent| sent.number == number && sent.tried.is_empty()) {
            run.clone_into(&mut sent.tried);
        }
    }

    /// The run that may have taken the batch has lost it.
    pub(super) fn doubt_again(&mut self, number: u64) {
        if let Some(sent) = self.sent.as_mut().filter(|sent| sent.number == number) {
            sent.tried = "lost".to_owned();
        }
    }

    /// The open connections of this relay, as a list with commas.
    pub(super) fn open(&self) -> String {
        list(&self.open)
    }

    pub(super) fn has_open(&self, ConnectionNumber(connection): ConnectionNumber) -> bool {
        self.open.contains(&connection)
    }

    /// From now on, nothing is recorded. Returns how many bytes that freed.
    pub(super) fn retire(&mut self) -> u64 {
        let freed = self.log.bytes();
        *self = Self { is_retired: true, ..Self::bounded(self.max_bytes) };
        freed
    }

    pub(super) fn is_retired(&self) -> bool {
        self.is_retired
    }
}

fn list(numbers: &BTreeSet<u32>) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
