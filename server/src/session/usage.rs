//! Who uses a session, and when it was last used.

use crate::args::rate::PerTime;
use crate::limits::Counted;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How many attempts of one session are graded in a time. The page asks after each run.
pub(crate) const GRADINGS: PerTime =
    PerTime { amount: NonZeroU32::new(60).expect("not zero"), time: Duration::from_secs(60) };

/// Which of a session's two limits a presence counts toward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connection,
    Observer,
}

impl Role {
    /// What a limit for each client address counts it as.
    pub(super) fn counted(self) -> Counted {
        match self {
            Self::Connection => Counted::Connections,
            Self::Observer => Counted::Observers,
        }
    }
}

#[derive(Debug)]
pub(in crate::session) struct Usage {
    began: Instant,
    /// How long the session had existed then, on another relay.
    before: Duration,
    connections: AtomicUsize,
    observers: AtomicUsize,
    /// Microseconds from `began` to the last activity.
    touched_us: AtomicU64,
}

impl Default for Usage {
    fn default() -> Self {
        let (connections, observers) = Default::default();
        let (began, before) = (Instant::now(), Duration::ZERO);
        Self { began, before, connections, observers, touched_us: AtomicU64::new(0) }
    }
}

impl Usage {
    /// Of a session that has existed for `age`, and is used now.
    pub(super) fn of_age(age: Duration) -> Self {
        let usage = Self { before: age, ..Self::default() };
        usage.touch();
        usage
    }

    /// How long ago the session began.
    pub(super) fn age(&self) -> Duration {
        self.before + self.began.elapsed()
    }

    /// Microseconds since the session began.
    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.age().as_micros()).unwrap_or(u64::MAX)
    }

    /// Counts one more as `role`, unless the limit is reached.
    pub(super) fn enter(&self, role: Role, limit: usize) -> bool {
        let more = |here| (here < limit).then_some(here + 1);
        let entered = self.count(role).fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok();
        if entered {
            self.touch();
        }
        entered
    }

    pub(super) fn leave(&self, role: Role) {
        self.touch();
        self.count(role).fetch_sub(1, Ordering::AcqRel);
    }

    /// How many there are as `role`.
    pub(super) fn present(&self, role: Role) -> usize {
        self.count(role).load(Ordering::Acquire)
    }

    pub(super) fn touch(&self) {
        self.touched_us.fetch_max(self.now_us(), Ordering::Relaxed);
    }

    /// The same for an append, under the log's lock. A plain store is enough, because a later append has a later time. Returns the
    /// time, in microseconds since the session began.
    pub(super) fn touch_now(&self) -> u64 {
        let now_us = self.now_us();
        self.touched_us.store(now_us, Ordering::Relaxed);
        now_us
    }

    /// Whether there is no connection and no observer.
    pub(super) fn is_idle(&self) -> bool {
        [Role::Connection, Role::Observer].into_iter().all(|role| self.present(role) == 0)
    }

    /// How long ago the last activity was.
    pub(super) fn unused_for(&self) -> Duration {
        self.age().saturating_sub(Duration::from_micros(self.touched_us.load(Ordering::Relaxed)))
    }

    fn count(&self, role: Role) -> &AtomicUsize {
        match role {
            Role::Connection => &self.connections,
            Role::Observer => &self.observers,
        }
    }
}
