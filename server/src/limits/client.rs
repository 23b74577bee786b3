//! What the clients at one address use, and how much they may.

use super::bucket::Bucket;
use super::kinds::{Counted, Rated};
use super::over_limit::OverLimit;
use crate::args::ClientLimits;
use crate::args::rate::{AtOnce, Rate};
use crate::client::LimitKey;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long to wait for something that ends when another client ends it.
const UNTIL_ONE_ENDS: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Client {
    key: LimitKey,
    /// How many there are, in the order of [`Counted`].
    counts: [(AtomicUsize, AtOnce); 2],
    /// How many of them are in a session of this relay.
    present: [AtomicUsize; 2],
    /// In the order of [`Rated`]. `None` for no limit.
    buckets: [Option<Bucket>; 5],
    bytes: Option<Bucket>,
}

/// One of what is counted, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    client: Arc<Client>,
    counted: Counted,
}

impl Client {
    pub(super) fn new(key: LimitKey, limits: &ClientLimits) -> Self {
        let ClientLimits {
            client_session_rate: sessions,
            client_handshakes: handshakes,
            client_commands: commands,
            client_receipts: receipts,
            client_exports: exports,
            ..
        } = *limits;
        let bucket = |Rate(rate)| rate.map(Bucket::new);
        Self {
            key,
            counts: [limits.client_connections, limits.client_observers].map(|most| (AtomicUsize::new(0), most)),
            present: Default::default(),
            buckets: [sessions, handshakes, commands, receipts, exports].map(bucket),
            bytes: limits.client_bytes.0.map(Bucket::new),
        }
    }

    /// Counts one more of `counted`, unless the limit is reached.
    pub(crate) fn enter(self: &Arc<Self>, counted: Counted) -> Result<Share, OverLimit> {
        let (count, AtOnce(most)) = &self.counts[counted as usize];
        let more = |here: usize| most.is_none_or(|most| here < most).then(|| here.saturating_add(1));
        match count.fetch_update(Ordering::AcqRel, Ordering::Acquire, more) {
            Ok(_) => Ok(Share { client: Arc::clone(self), counted }),
            Err(here) => Err(OverLimit::at_once(self.key, counted, here, UNTIL_ONE_ENDS)),
        }
    }

    pub(crate) fn key(&self) -> LimitKey {
        self.key
    }

    /// One more of `counted` enters a session, until [`Client::leave`].
    pub(crate) fn arrive(&self, counted: Counted) {
        self.present[counted as usize].fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn leave(&self, counted: Counted) {
        self.present[counted as usize].fetch_sub(1, Ordering::AcqRel);
    }

    /// How many of `counted` are in sessions of this relay.
    pub(crate) fn present(&self, counted: Counted) -> usize {
        self.present[counted as usize].load(Ordering::Acquire)
    }

    /// The most of `counted` at once; `None` for no limit.
    pub(crate) fn most(&self, counted: Counted) -> Option<usize> {
        self.counts[counted as usize].1.0
    }

    /// The clients have too many of `counted`, on all relays together.
    pub(crate) fn over(&self, counted: Counted) -> OverLimit {
        OverLimit::at_once(self.key, counted, self.most(counted).unwrap_or(0), UNTIL_ONE_ENDS)
    }

    /// Does one of `rated`, unless there were too many lately.
    pub(crate) fn spend(&self, rated: Rated) -> Result<(), OverLimit> {
        let Some(bucket) = &self.buckets[rated as usize] else { return Ok(()) };
        bucket.take_one().map_err(|wait| OverLimit::in_a_time(self.key, rated, bucket.rate(), wait))
    }

    /// Spends up to `kib` of the bytes that the clients may transfer, and returns how many. Otherwise says how long to wait before
    /// the next try.
    pub(super) fn transfer(&self, kib: NonZeroU32) -> Result<NonZeroU32, Duration> {
        self.bytes.as_ref().map_or(Ok(kib), |bytes| bytes.take_up_to(kib))
    }

    /// Whether the bytes are limited.
    pub(super) fn is_paced(&self) -> bool {
        self.bytes.is_some()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.client.counts[self.counted as usize].0.fetch_sub(1, Ordering::AcqRel);
    }
}
