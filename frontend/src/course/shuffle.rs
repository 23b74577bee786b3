//! Orders that look random and can be repeated: the same seed and name always give the same order.

/// The numbers below `count` in the order of this seed and name.
pub(super) fn shuffled(seed: u32, name: &str, count: usize) -> Vec<usize> {
    let mut random = Random::new(seed, name);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}

/// The same, but never in ascending order, if there are two numbers or more.
pub(super) fn disordered(seed: u32, name: &str, count: usize) -> Vec<usize> {
    let mut order = shuffled(seed, name, count);
    if count > 1 && order.is_sorted() {
        order.rotate_left(1);
    }
    order
}

/// SplitMix64, which starts from an FNV-1a hash of the name.
struct Random(u64);

impl Random {
    fn new(seed: u32, name: &str) -> Self {
        let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(seed);
        Self(name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Below `end`, so it fits.
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_can_be_repeated_and_has_every_number_once() {
        for count in 0..9 {
            let order = shuffled(7, "quiz", count);
            assert_eq!(order, shuffled(7, "quiz", count));
            let mut sorted = order;
            sorted.sort_unstable();
            assert_eq!(sorted, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_position_is_likelier_than_another() {
        // Readers differ in the seed, and quizzes in the name.
        let orders = |at: u32| [shuffled(at, "which-header", 4), shuffled(7, &format!("quiz-{at}"), 4)];
        for kind in 0..2 {
            let mut first = [0; 4];
            for at in 0..4_000 {
                first[orders(at)[kind][0]] += 1;
            }
            assert!(first.iter().all(|count| (900..1_100).contains(count)), "{first:?}");
        }
    }

    #[test]
    fn items_to_be_ordered_are_never_in_order_at_first() {
        for seed in 0..1_000 {
            assert!(!disordered(seed, "a", 3).is_sorted());
            assert!(!disordered(seed, "a", 2).is_sorted());
        }
        assert_eq!(disordered(1, "a", 1), [0]);
    }
}
