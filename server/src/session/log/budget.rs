//! The memory budget of all logs together.
//!
//! Each live session has a fair share of it: the budget divided by the number of sessions. While there is room, a log may
//! grow beyond its share. When the budget is used up, logs above their share lose their oldest records, first those of
//! sessions that nobody uses, and always the largest first. A log within its share loses nothing to others.
//!
//! A log claims its memory in steps, so what logs share is touched only every few KiB. No thread ever holds the locks of two
//! logs.

use super::{Extract, Log, Records};
use crate::args::Config;
use crate::session::usage::Usage;
use observation::{ConnectionNumber, Seq};
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

/// Logs claim memory in steps of this size, in bytes.
const STEP: u64 = 4 << 10;
/// When the budget is used up, logs are trimmed until this part of it is free again, so that it happens rarely.
const FREED: u64 = 256;

/// The budget, and the logs that share it.
#[derive(Debug)]
pub(crate) struct LogBudget {
    bytes: u64,
    /// The sum of all claims.
    claimed: AtomicU64,
    /// Locked when a session begins, and while logs are trimmed.
    logs: Mutex<Vec<Weak<BudgetedLog>>>,
    /// What logs that no longer exist had recorded and dropped.
    ended: [AtomicU64; 2],
}

/// What all logs together have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogUsage {
    /// About how much memory they take.
    pub(crate) bytes: u64,
    /// How many observations were recorded since the relay started.
    pub(crate) observations: u64,
    /// How many of them were dropped because a log was full.
    pub(crate) dropped: u64,
}

/// A session's log and its claim on the budget.
#[derive(Debug)]
pub(in crate::session) struct BudgetedLog {
    /// A plain lock, held for an append or to copy pointers, never across an await. So readers cannot delay a lab
    /// connection. Many connections append, so a single-producer queue would not do.
    log: Mutex<Log>,
    usage: Arc<Usage>,
    budget: Arc<LogBudget>,
    /// The log's size rounded up, plus a little more if it was larger before. Changed only under the log's lock.
    claim: AtomicU64,
}

impl LogBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes, claimed: AtomicU64::new(0), logs: Mutex::default(), ended: Default::default() }
    }

    /// A new log with a share of the budget.
    pub(in crate::session) fn log(self: &Arc<Self>, config: &Config, usage: Arc<Usage>) -> Arc<BudgetedLog> {
        let log = Mutex::new(Log::new(config));
        let log = Arc::new(BudgetedLog { log, usage, budget: Arc::clone(self), claim: AtomicU64::new(0) });
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|log| log.strong_count() > 0);
        logs.push(Arc::downgrade(&log));
        log
    }

    pub(crate) fn usage(&self) -> LogUsage {
        let logs: Vec<_> = {
            let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
            logs.iter().filter_map(Weak::upgrade).collect()
        };
        let [mut observations, mut dropped] = [0, 1].map(|index: usize| self.ended[index].load(Ordering::Relaxed));
        for log in logs {
            let log = log.lock();
            observations += log.appended();
            dropped += log.dropped();
        }
        LogUsage { bytes: self.claimed.load(Ordering::Relaxed), observations, dropped }
    }

    /// Trims logs that are above their share until the budget holds. The caller holds no lock of a log.
    fn hold(&self) {
        let mut logs = match self.logs.try_lock() {
            Ok(logs) => logs,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another thread is doing it, or a session begins. The next step of any log comes back to it.
            Err(TryLockError::WouldBlock) => return,
        };
        logs.retain(|log| log.strong_count() > 0);
        let share = self.bytes / logs.len().max(1) as u64;
        // A whole number of steps, so that the claims of logs within their share hold the budget too.
        let share = (share - share % STEP).max(STEP);
        let goal = self.bytes - self.bytes / FREED;
        let mut above: Vec<_> = logs.iter().filter_map(Weak::upgrade).filter(|log| log.claim() > share).collect();
        above.sort_by_cached_key(|log| (!log.usage.is_idle(), Reverse(log.claim()), Reverse(log.usage.unused_for())));
        for log in above {
            let over = self.claimed.load(Ordering::Relaxed).saturating_sub(goal);
            if over == 0 {
                return;
            }
            log.trim_to(log.claim().saturating_sub(over.next_multiple_of(STEP)).max(share));
        }
    }
}

impl BudgetedLog {
    /// Appends all `records` and empties it. Twins belong to both connections, all others to the first. `now_us` is read under
    /// the log's lock, so that times ascend with numbers.
    pub(in crate::session) fn append(
        &self,
        now_us: impl FnOnce() -> u64,
        connections: [ConnectionNumber; 2],
        records: &mut Records,
    ) {
        let mut log = self.lock();
        log.append(now_us(), connections, records);
        let over = self.announce(&log);
        drop(log);
        if over {
            self.budget.hold();
        }
    }

    /// Appends records that another relay, or this one, has stamped. The first observation has number `first`; numbers that are
    /// missing before it are a gap. What the log already has is not appended again.
    pub(in crate::session) fn append_stamped(&self, first: Seq, records: &mut Records) {
        let mut log = self.lock();
        if first <= log.last() {
            return;
        }
        log.append_stamped(first, records);
        let over = self.announce(&log);
        drop(log);
        if over {
            self.budget.hold();
        }
    }

    /// The number of the last observation.
    pub(in crate::session) fn last(&self) -> Seq {
        self.lock().last()
    }

    /// What follows `after`: at most `max_count` observations and about `max_json` bytes as JSON, but at least one if there is
    /// any.
    pub(in crate::session) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.lock().extract(after, max_count, max_json)
    }

    /// About how much memory it takes, in bytes.
    pub(in crate::session) fn claim(&self) -> u64 {
        self.claim.load(Ordering::Relaxed)
    }

    fn trim_to(&self, bytes: u64) {
        let mut log = self.lock();
        log.trim_to(bytes);
        self.set_claim(log.bytes().next_multiple_of(STEP));
    }

    /// Updates the claim in steps, so that logs rarely contend. Returns whether this used up the budget.
    fn announce(&self, log: &Log) -> bool {
        let (wanted, claim) = (log.bytes().next_multiple_of(STEP), self.claim());
        (wanted > claim || wanted + 2 * STEP < claim) && self.set_claim(wanted)
    }

    fn set_claim(&self, wanted: u64) -> bool {
        let claim = self.claim.swap(wanted, Ordering::Relaxed);
        // Wraps around if the claim shrinks, which is intended.
        let change = wanted.wrapping_sub(claim);
        let before = self.budget.claimed.fetch_add(change, Ordering::Relaxed);
        wanted > claim && before.wrapping_add(change) > self.budget.bytes
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BudgetedLog {
    fn drop(&mut self) {
        self.budget.claimed.fetch_sub(self.claim(), Ordering::Relaxed);
        let (appended, dropped) = {
            let log = self.lock();
            (log.appended(), log.dropped())
        };
        self.budget.ended[0].fetch_add(appended, Ordering::Relaxed);
        self.budget.ended[1].fetch_add(dropped, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::OVERHEAD;
    use super::super::tests::{event, push_event};
    use super::*;
    use crate::session::usage::Role;

    const KIB: u64 = 1 << 10;

    /// A budget, and a log for each of `wanted`: how many KiB it tries to hold, and whether its session is in use.
    fn logs(budget: u64, wanted: &[(u64, bool)]) -> (Arc<LogBudget>, Vec<Arc<BudgetedLog>>) {
        let budget = Arc::new(LogBudget::new(budget));
        let logs: Vec<_> = wanted.iter().map(|_| budget.log(&Config::default(), Arc::default())).collect();
        for (log, (kib, used)) in logs.iter().zip(wanted) {
            if *used {
                assert!(log.usage.enter(Role::Connection, 1));
            }
            fill(log, *kib);
        }
        (budget, logs)
    }

    /// Appends about so many KiB.
    fn fill(log: &BudgetedLog, kib: u64) {
        let mut records = Records::default();
        let mut left = kib * KIB;
        while left > 0 {
            records.event(&event(&"x".repeat(400)));
            left = left.saturating_sub((records.bytes.len() + OVERHEAD) as u64);
            log.append(|| 0, [ConnectionNumber(1); 2], &mut records);
        }
    }

    fn kib(log: &BudgetedLog) -> u64 {
        log.lock().bytes() / KIB
    }

    #[test]
    fn all_logs_together_are_bounded_and_give_back_what_they_took() {
        let (budget, logs) = logs(256 * KIB, &[(1000, true), (1000, true), (1000, false)]);
        let sizes: Vec<_> = logs.iter().map(|log| kib(log)).collect();
        assert!(sizes.iter().sum::<u64>() <= 256, "{sizes:?}");
        assert!(budget.claimed.load(Ordering::Relaxed) <= 256 * KIB);
        let usage = budget.usage();
        let kept: usize = logs.iter().map(|log| log.extract(Seq(0), usize::MAX, usize::MAX).observations().len()).sum();
        assert_eq!(usage.observations, logs.iter().map(|log| log.last().0).sum::<u64>());
        assert_eq!(usage.dropped, usage.observations - kept as u64);
        drop(logs);
        assert_eq!(budget.usage(), LogUsage { bytes: 0, ..usage });
        assert_eq!(budget.claimed.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn one_log_may_use_what_others_leave() {
        let (_, logs) = logs(256 * KIB, &[(10, true), (10, false), (1000, true)]);
        assert!(kib(&logs[0]) >= 10 && kib(&logs[1]) >= 10, "they stay within their share");
        assert!(kib(&logs[2]) > 200, "{}", kib(&logs[2]));
    }

    /// The attack: idle logs that hold everything, and one that begins to grow.
    #[test]
    fn a_growing_log_gets_its_share_from_those_who_hold_more() {
        let (_, logs) = logs(256 * KIB, &[(120, false), (120, false), (0, true)]);
        let all = logs[2].last().0;
        fill(&logs[2], 60);
        let kept = logs[2].extract(Seq(0), usize::MAX, usize::MAX);
        assert_eq!((kept.gap, kept.observations().len() as u64), (None, logs[2].last().0 - all));
        assert!(kib(&logs[0]) >= 80 && kib(&logs[1]) >= 80, "nor less than their share");
    }

    #[test]
    fn idle_logs_are_trimmed_first_and_the_largest_of_them_before_others() {
        let (_, logs) = logs(400 * KIB, &[(130, false), (150, false), (115, true), (0, true)]);
        let before: Vec<_> = logs.iter().map(|log| kib(log)).collect();
        fill(&logs[3], 15);
        assert_eq!((kib(&logs[0]), kib(&logs[2])), (before[0], before[2]));
        assert!(kib(&logs[1]) < before[1]);
        // Soon both idle logs are about equal, and both pay until they have only their share.
        fill(&logs[3], 40);
        assert!(kib(&logs[0]) < before[0] && kib(&logs[0]) >= 99, "{}", kib(&logs[0]));
        assert_eq!(kib(&logs[2]), before[2]);
        // After that, the one in use pays too, but keeps its share.
        fill(&logs[3], 60);
        assert!(kib(&logs[2]) < before[2] && kib(&logs[2]) >= 95, "{}", kib(&logs[2]));
    }

    #[test]
    fn the_newest_record_of_a_log_stays() {
        let (budget, logs) = logs(8 * KIB, &[(0, true), (0, true), (0, true), (0, true)]);
        for log in &logs {
            let mut records = Records::default();
            records.event(&event(&"x".repeat(5000)));
            log.append(|| 0, [ConnectionNumber(1); 2], &mut records);
        }
        for log in &logs {
            assert_eq!(log.extract(Seq(0), 9, usize::MAX).observations().len(), 1);
        }
        drop(logs);
        assert_eq!(budget.claimed.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn logs_that_grow_in_several_threads_stay_within_the_budget() {
        let (budget, logs) = logs(512 * KIB, &[(0, true); 8]);
        std::thread::scope(|scope| {
            for log in &logs {
                scope.spawn(move || fill(log, 300));
            }
        });
        // A thread that was trimming may have missed the last step of another.
        push_event_to(&logs[0]);
        let claims: u64 = logs.iter().map(|log| log.claim()).sum();
        assert_eq!(budget.claimed.load(Ordering::Relaxed), claims);
        assert!(claims <= 512 * KIB, "{claims}");
        for log in &logs {
            assert!(kib(log) >= 60, "{}", kib(log));
        }
    }

    fn push_event_to(log: &BudgetedLog) {
        push_event(&mut log.lock(), &event("because"));
        log.budget.hold();
    }
}
