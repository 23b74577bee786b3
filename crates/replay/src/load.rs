//! Round trips of an echo: how many a second, and how long they take.

/// Measured round trips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// In microseconds, the shortest first.
    trips_us: Vec<u64>,
    took_us: u64,
}

/// A bar of the distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its shortest round trip, and the next bar's, in microseconds.
    pub from_us: u64,
    pub to_us: u64,
    pub count: usize,
}

impl Load {
    /// These round trips, which took this long together, in microseconds.
    #[must_use]
    pub fn new(mut trips_us: Vec<u64>, took_us: u64) -> Self {
        trips_us.sort_unstable();
        Self { trips_us, took_us }
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.trips_us.len()
    }

    /// Round trips a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.took_us == 0 { 0.0 } else { self.count() as f64 * 1e6 / self.took_us as f64 }
    }

    /// The time that this share of the round trips did not exceed, in microseconds: the nearest-rank percentile. `None` without
    /// round trips.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        let rank = (self.count() * usize::from(percent.min(100))).div_ceil(100).max(1);
        self.trips_us.get(rank - 1).copied()
    }

    /// The distribution in this many bars. Each is as much wider than the one before it, so that short and long times are both seen.
    #[must_use]
    pub fn bars(&self, bars: u32) -> Vec<Bar> {
        let (Some(&shortest), Some(&longest)) = (self.trips_us.first(), self.trips_us.last()) else {
            return Vec::new();
        };
        let (shortest, longest) = (shortest.max(1), longest.max(2));
        let ratio = (longest as f64 / shortest as f64).powf(1.0 / f64::from(bars.max(1)));
        let mut from_us = 0;
        (1..=bars.max(1))
            .map(|number| {
                let is_last = number == bars.max(1);
                let end = (shortest as f64 * ratio.powf(f64::from(number))) as u64;
                let to_us = if is_last { longest + 1 } else { end.max(from_us) };
                let below = |limit: u64| self.trips_us.partition_point(|trip| *trip < limit);
                let bar = Bar {
                    from_us: if number == 1 { shortest } else { from_us },
                    to_us,
                    count: below(to_us) - below(from_us),
                };
                from_us = to_us;
                bar
            })
            .collect()
    }
}
