//! The sessions with something for Redis, and how much memory that takes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long records are gathered after a shipment, at most.
const GATHER: Duration = Duration::from_millis(10);
/// So many bytes are shipped without gathering more. Each shipment wakes Redis, so fewer of them cost both less.
const ENOUGH: i64 = 128 << 10;

#[derive(Debug)]
pub(super) struct Queue<S> {
    waiting: Mutex<Vec<Arc<S>>>,
    /// Something is waiting.
    wake: Notify,
    /// It need not gather any longer.
    hurry: Notify,
    bytes: AtomicI64,
    max_bytes: i64,
}

impl<S> Queue<S> {
    pub(super) fn new(max_bytes: u64) -> Self {
        Self {
            waiting: Mutex::default(),
            wake: Notify::new(),
            hurry: Notify::new(),
            bytes: AtomicI64::new(0),
            max_bytes: i64::try_from(max_bytes).unwrap_or(i64::MAX),
        }
    }

    pub(super) fn push(&self, session: Arc<S>) {
        let mut waiting = self.waiting();
        waiting.push(session);
        let is_first = waiting.len() == 1;
        drop(waiting);
        if is_first {
            self.wake.notify_one();
        }
    }

    /// An outbox has grown by so many bytes. Returns whether all together are too large now.
    pub(super) fn grew(&self, bytes: i64) -> bool {
        let before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        if before < ENOUGH && before + bytes >= ENOUGH {
            self.hurry.notify_one();
        }
        before + bytes > self.max_bytes
    }

    pub(super) fn shrank(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes as i64, Ordering::AcqRel);
    }

    /// Somebody waits for what is in the queue.
    pub(super) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// Waits until something is there, and a little longer for more of it, if the last shipment was just now.
    pub(super) async fn gathered(&self, last: Instant) {
        while self.waiting().is_empty() {
            self.wake.notified().await;
        }
        let until = last + GATHER;
        if Instant::now() < until {
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.hurry.notified() => {}
            }
        }
    }

    pub(super) fn take(&self) -> Vec<Arc<S>> {
        std::mem::take(&mut *self.waiting())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Arc<S>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
