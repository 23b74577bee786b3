//! The memory for messages that have not arrived whole: each connection is bounded by the largest frame, all together here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left of it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<AtomicUsize>);

/// One connection's part. Given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Room,
    bytes: usize,
}

/// There is not so much left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfRoom;

impl Room {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicUsize::new(usize::try_from(bytes).unwrap_or(usize::MAX))))
    }

    /// A part of nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { room: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Makes it `bytes`. Costs nothing where that is what it has.
    #[inline]
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), OutOfRoom> {
        if bytes == self.bytes { Ok(()) } else { self.settle(bytes) }
    }

    fn settle(&mut self, bytes: usize) -> Result<(), OutOfRoom> {
        let left = &self.room.0;
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(more));
            taken.map_err(|_| OutOfRoom)?;
        } else {
            left.fetch_add(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_together_are_bounded_and_given_back() {
        let room = Room::new(100);
        let (mut one, mut two) = (room.share(), room.share());
        assert_eq!(one.resize(60), Ok(()));
        assert_eq!(two.resize(41), Err(OutOfRoom));
        assert_eq!(two.resize(40), Ok(()));
        assert_eq!(one.resize(61), Err(OutOfRoom));
        assert_eq!(one.resize(10), Ok(()));
        assert_eq!(two.resize(90), Ok(()));
        drop((one, two));
        assert_eq!(room.share().resize(100), Ok(()));
    }
}
