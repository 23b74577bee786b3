//! The memory budget for incomplete messages of all connections. The frame limit bounds each single connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left of the budget. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBudget(Arc<AtomicUsize>);

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
        Self(Arc::new(AtomicUsize::new(usize::try_from(bytes).unwrap_or(usize::MAX))))
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
        let left = &self.budget.0;
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(more));
            taken.map_err(|_| BudgetExhausted)?;
        } else {
            left.fetch_add(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
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
        assert_eq!(two.resize(40), Ok(()));
        assert_eq!(one.resize(61), Err(BudgetExhausted));
        assert_eq!(one.resize(10), Ok(()));
        assert_eq!(two.resize(90), Ok(()));
        drop((one, two));
        assert_eq!(budget.share().resize(100), Ok(()));
    }
}
