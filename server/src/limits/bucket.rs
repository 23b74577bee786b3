//! A token bucket that measures time with tokio's clock, so tests can move it.

use crate::args::rate::PerTime;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// As many as the rate allows in its time may come at once. Then they may come only as fast as the rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, SinceStart, NoOpMiddleware<Duration>>,
    rate: PerTime,
}

/// The time since the bucket was made.
#[derive(Clone, Copy, Debug)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: PerTime) -> Self {
        let clock = SinceStart(Instant::now());
        let period = (rate.time / rate.amount.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(rate.amount));
        Self { limiter: RateLimiter::direct_with_clock(quota.allow_burst(rate.amount), clock), rate }
    }

    pub(crate) fn rate(&self) -> PerTime {
        self.rate
    }

    /// Takes one, or says how long to wait for it.
    pub(crate) fn take_one(&self) -> Result<(), Duration> {
        self.take_up_to(NonZeroU32::MIN).map(drop)
    }

    /// Takes `amount`, or what the bucket can hold if that is less, and returns how many. If there is not enough, it takes nothing and
    /// says how long to wait.
    pub(crate) fn take_up_to(&self, amount: NonZeroU32) -> Result<NonZeroU32, Duration> {
        let amount = amount.min(self.rate.amount);
        // This never exceeds the capacity.
        let taken = self.limiter.check_n(amount).unwrap_or(Ok(()));
        taken.map(|()| amount).map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }
}
