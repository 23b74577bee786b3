//! How often the behaviors of all connections together may send something because time has passed. A client that sends nothing can ask
//! for a write every millisecond, on many connections.

use super::bucket::Bucket;
use crate::args::rate::PerTime;
use observation::{Act, Deliberate};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a connection gathers what it would have sent, when there are too many writes.
const GATHERED: Duration = Duration::from_millis(250);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct TimedWrites(Option<Arc<Bucket>>);

/// What a connection gathers.
#[derive(Debug, Default)]
pub(crate) struct Gathers {
    until: Option<Instant>,
    told: bool,
}

impl TimedWrites {
    /// `None` for no limit.
    pub(crate) fn new(rate: Option<PerTime>) -> Self {
        Self(rate.map(|rate| Arc::new(Bucket::new(rate))))
    }
}

impl Gathers {
    /// Counts a write that is due. Returns whether it has to wait, because there are too many. After a wait, it need not wait again.
    pub(crate) fn must_wait(&mut self, writes: &TimedWrites) -> bool {
        let has_waited = self.until.take().is_some();
        let are_too_many = || writes.0.as_ref().is_some_and(|bucket| bucket.take_one().is_err());
        if has_waited || !are_too_many() {
            return false;
        }
        self.until = Some(Instant::now() + GATHERED);
        true
    }

    /// When the wait ends.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// What to record about the first wait.
    pub(crate) fn first_wait(&mut self) -> Option<Act> {
        let explanation = "the relay sends what is due together, a few times a second: the behaviors of all its connections together send \
                           too often; the gaps from here on are not those that the settings ask for";
        let is_first = !std::mem::replace(&mut self.told, true);
        is_first.then(|| Act::of(Deliberate::by_limit("timed-writes", explanation)))
    }
}
