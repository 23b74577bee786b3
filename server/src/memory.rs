//! The memory budget for incomplete messages and request bodies of all connections. It counts what is allocated. The frame limit bounds each single
//! connection.
//!
//! Half of the budget is kept for the first [`SMALL`] bytes of each share, so that a few large messages cannot take it from
//! those who need little.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a share beyond this size needs comes from the half of the budget that is not kept for small shares, in bytes.
const SMALL: usize = 64 << 10;

/// Appends to the buffer of an incomplete message that will have at most `most` bytes. The budget counts what is allocated, so the
/// buffer grows by an eighth instead of doubling.
pub(crate) fn extend(buffer: &mut Vec<u8>, bytes: &[u8], most: usize) {
    let needed = buffer.len() + bytes.len();
    if needed > buffer.capacity() {
        let wanted = (needed + needed / 8).min(most).max(needed);
        buffer.reserve_exact(wanted - buffer.len());
    }
    buffer.extend_from_slice(bytes);
}

/// What is left of the budget. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBudget(Arc<Left>);

#[derive(Debug)]
struct Left {
    budget: usize,
    all: AtomicUsize,
    /// What shares may have beyond [`SMALL`].
    large: AtomicUsize,
}

/// One connection's share of the budget, returned on drop.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    budget: MemoryBudget,
    bytes: usize,
}

/// The budget has not enough memory left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BudgetExhausted;

impl MemoryBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self(Arc::new(Left { budget: bytes, all: AtomicUsize::new(bytes), large: AtomicUsize::new(bytes / 2) }))
    }

    /// How many bytes all shares have together.
    pub(crate) fn used(&self) -> u64 {
        let left = self.0.all.load(Ordering::Relaxed);
        u64::try_from(self.0.budget.saturating_sub(left)).unwrap_or(u64::MAX)
    }

    /// An empty share.
    pub(crate) fn share(&self) -> MemoryShare {
        MemoryShare { budget: self.clone(), bytes: 0 }
    }
}

impl MemoryShare {
    /// Changes the share to `bytes`. Cheap if the size is unchanged.
    #[inline]
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), BudgetExhausted> {
        if bytes == self.bytes { Ok(()) } else { self.settle(bytes) }
    }

    fn settle(&mut self, bytes: usize) -> Result<(), BudgetExhausted> {
        let Left { all, large, .. } = &*self.budget.0;
        let beyond = |bytes: usize| bytes.saturating_sub(SMALL);
        change(all, self.bytes, bytes)?;
        if let Err(exhausted) = change(large, beyond(self.bytes), beyond(bytes)) {
            all.fetch_add(bytes - self.bytes, Ordering::Relaxed);
            return Err(exhausted);
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// Takes from `left` what a share needs to grow from `before` to `after` bytes, or gives back what it no longer needs.
fn change(left: &AtomicUsize, before: usize, after: usize) -> Result<(), BudgetExhausted> {
    if after <= before {
        left.fetch_add(before - after, Ordering::Relaxed);
        return Ok(());
    }
    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(after - before));
    taken.map(|_| ()).map_err(|_| BudgetExhausted)
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        // Never fails, because the share does not grow.
        let _ = self.resize(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_together_are_bounded_and_given_back() {
        let budget = MemoryBudget::new(100);
        let (mut one, mut two) = (budget.share(), budget.share());
        assert_eq!(one.resize(60), Ok(()));
        assert_eq!(two.resize(41), Err(BudgetExhausted));
        assert_eq!(budget.used(), 60);
        assert_eq!(two.resize(40), Ok(()));
        assert_eq!(one.resize(61), Err(BudgetExhausted));
        assert_eq!(one.resize(10), Ok(()));
        assert_eq!(two.resize(90), Ok(()));
        drop((one, two));
        assert_eq!(budget.share().resize(100), Ok(()));
    }

    #[test]
    fn a_buffer_has_little_more_than_its_bytes() {
        for piece in [1, 700, 260 << 10] {
            let mut buffer = Vec::new();
            while buffer.len() < 1 << 20 {
                extend(&mut buffer, &vec![0; piece], usize::MAX);
                assert!(buffer.capacity() <= buffer.len() + buffer.len() / 8, "{} {}", buffer.len(), buffer.capacity());
            }
            extend(&mut buffer, &[0; 9], 0);
            assert!(buffer.len() > 1 << 20, "a wrong limit loses nothing");
        }
        let mut buffer = vec![0; 1000];
        extend(&mut buffer, &[0; 50], 1060);
        assert!(buffer.capacity() <= 1060);
    }

    #[test]
    fn large_shares_leave_half_of_it_for_small_ones() {
        let budget = MemoryBudget::new(10 * SMALL as u64);
        let (mut one, mut two) = (budget.share(), budget.share());
        assert_eq!(one.resize(5 * SMALL), Ok(()));
        assert_eq!(two.resize(2 * SMALL + 1), Err(BudgetExhausted));
        assert_eq!(two.resize(2 * SMALL), Ok(()));
        let mut small: Vec<_> = (0..3).map(|_| budget.share()).collect();
        for share in &mut small {
            assert_eq!(share.resize(SMALL), Ok(()));
        }
        assert_eq!(budget.share().resize(1), Err(BudgetExhausted));
        drop(small);
        assert_eq!(one.resize(0), Ok(()));
        assert_eq!(two.resize(6 * SMALL), Ok(()));
        drop((one, two));
        assert_eq!(budget.0.all.load(Ordering::Relaxed), 10 * SMALL);
        assert_eq!(budget.0.large.load(Ordering::Relaxed), 5 * SMALL);
    }
}
