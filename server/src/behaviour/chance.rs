//! Random choices of a behavior. They come from the operating system, so a client cannot predict them.

/// A number from 0 to `limit` - 1.
pub(super) fn below(limit: u32) -> u32 {
    // The limits are small, so all numbers are about equally likely.
    u32::from_be_bytes(bytes(4).try_into().unwrap_or_default()) % limit.max(1)
}

/// This many random bytes.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system provides no random bytes; the behavior uses zeros");
    }
    bytes
}

/// Puts `items` into a random order, but not into the one that they have.
pub(crate) fn another_order<T>(items: &mut [T]) {
    let Some(last) = items.len().checked_sub(1).filter(|last| *last > 0) else { return };
    // Of a shuffle by Sattolo's algorithm, no item stays in its place.
    for at in (1..=last).rev() {
        items.swap(at, below(at as u32) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_item_stays_in_its_place() {
        let orders: BTreeSet<_> = (0..200)
            .map(|_| {
                let mut items = [0, 1, 2, 3, 4];
                another_order(&mut items);
                assert!(items.iter().enumerate().all(|(at, item)| at != *item), "{items:?}");
                items
            })
            .collect();
        assert!(orders.len() > 10, "{orders:?}");
        another_order(&mut [0; 0]);
        another_order(&mut [0]);
    }

    #[test]
    fn all_numbers_occur() {
        let numbers: BTreeSet<_> = (0..1_000).map(|_| below(4)).collect();
        assert_eq!(numbers, (0..4).collect());
        assert_eq!(below(0), 0);
    }
}
