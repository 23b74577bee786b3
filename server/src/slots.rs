//! Slots for expensive work: a number of them for the whole relay, and one for each session.
//!
//! Take a slot only when everything that the client has to send is there, so that no slot waits for a client's request. Work
//! that waits for its client to read says so, and loses its slot if others need it meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long a request waits for a slot. Requests are served in the order in which they came.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long work may wait for its client to read while others wait for a slot, and how often one of them gets its slot.
const LENT: Duration = Duration::from_secs(1);

/// The slots of one kind of work. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    count: usize,
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Vec<Arc<Taken>>>>,
    /// How many requests wait.
    waiting: Arc<AtomicUsize>,
}

/// A session's own slot of one kind of work. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct OwnSlot(Arc<Semaphore>);

/// Work that has a slot, released on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    taken: Arc<Taken>,
    all: Slots,
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

/// A request that waits for a slot, counted until it is dropped.
struct Waiting(Arc<AtomicUsize>);

#[derive(Debug, Default)]
struct Taken {
    /// Since when it waits for its client to read.
    waits: Mutex<Option<Instant>>,
    /// Somebody else gets the slot.
    revoked: CancellationToken,
}

/// Why there was no slot in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// The session already does such work.
    SessionBusy,
    /// All slots are taken; this is their number.
    AllTaken(usize),
}

impl Default for OwnSlot {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        Self { count, free: Arc::new(Semaphore::new(count)), taken: Arc::default(), waiting: Arc::default() }
    }

    /// Takes the session's own slot and then one for all, as soon as both are free.
    pub(crate) async fn take(&self, own: OwnSlot) -> Result<Slot, NoSlot> {
        let until = Instant::now() + PATIENCE;
        let _waiting = Waiting::new(&self.waiting);
        let own = timeout_at(until, own.0.acquire_owned()).await.ok().and_then(Result::ok);
        let own = own.ok_or(NoSlot::SessionBusy)?;
        let shared = timeout_at(until, self.free()).await.ok().flatten();
        let shared = shared.ok_or(NoSlot::AllTaken(self.count))?;
        let taken = Arc::<Taken>::default();
        self.taken().push(Arc::clone(&taken));
        Ok(Slot { taken, all: self.clone(), _own: own, _shared: shared })
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn used(&self) -> usize {
        self.taken().len()
    }

    /// How many requests wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Waits for a free slot, and now and then takes one from work that waits for its client.
    async fn free(&self) -> Option<OwnedSemaphorePermit> {
        let mut permit = std::pin::pin!(Arc::clone(&self.free).acquire_owned());
        let mut ticks = interval_at(Instant::now(), LENT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                permit = permit.as_mut() => return permit.ok(),
                _ = ticks.tick() => self.revoke_one(),
            }
        }
    }

    /// Revokes the slot of the work that has waited for its client for the longest time.
    fn revoke_one(&self) {
        let waiting = |taken: &Arc<Taken>| Some((taken.waiting_for()?, Arc::clone(taken)));
        let waiting =
            self.taken().iter().filter(|taken| !taken.revoked.is_cancelled()).filter_map(waiting).collect::<Vec<_>>();
        if let Some((waited, taken)) = waiting.into_iter().max_by_key(|(waited, _)| *waited)
            && waited >= LENT
        {
            taken.revoked.cancel();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Taken>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slot {
    /// Waits for the client. `None` if somebody else gets the slot.
    pub(crate) async fn while_waiting<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        *self.taken.waits() = Some(Instant::now());
        let waited = tokio::select! {
            biased;
            waited = wait => Some(waited),
            () = self.taken.revoked.cancelled() => None,
        };
        *self.taken.waits() = None;
        waited
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.all.taken().retain(|taken| !Arc::ptr_eq(taken, &self.taken));
    }
}

impl Taken {
    fn waiting_for(&self) -> Option<Duration> {
        self.waits().map(|since| since.elapsed())
    }

    fn waits(&self) -> MutexGuard<'_, Option<Instant>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test(start_paused = true)]
    async fn a_session_has_one_slot() {
        let (slots, own) = (Slots::new(2), OwnSlot::default());
        let first = slots.take(own.clone()).await.unwrap();
        assert_eq!(slots.take(own.clone()).await.unwrap_err(), NoSlot::SessionBusy);
        let _other = slots.take(OwnSlot::default()).await.unwrap();
        drop(first);
        let _second = slots.take(own).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_slot_and_not_for_long() {
        let slots = Slots::new(1);
        let taken = slots.take(OwnSlot::default()).await.unwrap();
        assert_eq!(slots.take(OwnSlot::default()).await.unwrap_err(), NoSlot::AllTaken(1));
        let (next, ()) = tokio::join!(slots.take(OwnSlot::default()), async {
            tokio::time::sleep(PATIENCE / 2).await;
            assert_eq!((slots.used(), slots.waiting()), (1, 1));
            drop(taken);
        });
        let next = next.unwrap();
        assert_eq!((slots.used(), slots.waiting()), (1, 0));
        drop(next);
        assert_eq!(slots.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_waits_for_its_client_loses_its_slot_only_when_others_need_it() {
        let slots = Slots::new(2);
        let (first, second) =
            (slots.take(OwnSlot::default()).await.unwrap(), slots.take(OwnSlot::default()).await.unwrap());
        let hour = tokio::time::sleep(Duration::from_secs(3600));
        assert!(first.while_waiting(hour).await.is_some(), "nobody else needs it");
        let waits = async {
            let lost = first.while_waiting(pending::<()>()).await;
            drop(first);
            lost
        };
        let (lost, third) = tokio::join!(waits, slots.take(OwnSlot::default()));
        assert_eq!(lost, None);
        let _third = third.unwrap();
        // The second does not wait for its client.
        assert_eq!(slots.take(OwnSlot::default()).await.unwrap_err(), NoSlot::AllTaken(2));
        drop(second);
        slots.take(OwnSlot::default()).await.unwrap();
    }
}
