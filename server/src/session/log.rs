//! A session's log: numbered observations, the oldest of which go when it is full.

use crate::args::Config;
use observation::{ConnectionNumber, Event, Gap, Observation, Seq};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Log {
    /// Without holes: `kept[i].seq == kept[0].seq + i`, and the last one has number `last`.
    kept: VecDeque<Arc<Observation>>,
    last: Seq,
    /// What `kept` takes in memory: the sum of its weights.
    bytes: u64,
    max_bytes: u64,
    max_count: usize,
    /// What all logs of the relay take together.
    all_bytes: Arc<AtomicU64>,
    max_all_bytes: u64,
}

/// A part of a log, and what is gone before it.
#[derive(Debug)]
pub(crate) struct Extract {
    pub(crate) gap: Option<Gap>,
    pub(crate) items: Vec<Arc<Observation>>,
}

impl Log {
    pub(super) fn new(config: &Config, all_bytes: Arc<AtomicU64>) -> Self {
        Self {
            kept: VecDeque::new(),
            last: Seq(0),
            bytes: 0,
            max_bytes: config.log_bytes,
            max_count: config.log_count.max(1),
            all_bytes,
            max_all_bytes: config.all_logs_bytes,
        }
    }

    pub(super) fn last(&self) -> Seq {
        self.last
    }

    pub(super) fn push(&mut self, at_us: u64, connection: ConnectionNumber, event: Event) {
        self.last = Seq(self.last.0 + 1);
        let observation = Observation { seq: self.last, at_us, connection, event };
        let weight = weight(&observation);
        self.bytes += weight;
        self.all_bytes.fetch_add(weight, Ordering::Relaxed);
        self.kept.push_back(Arc::new(observation));
        // The newest stays whatever it weighs.
        while self.kept.len() > 1 && self.is_over() {
            self.drop_oldest();
        }
    }

    /// What follows `after`: at most `max_count`, and about `max_json` bytes as JSON but always something, if there is
    /// something.
    pub(super) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        let first = self.last.0 + 1 - self.kept.len() as u64;
        let wanted = after.0.saturating_add(1);
        let gap = (wanted < first).then_some(Gap { from: Seq(wanted), to: Seq(first - 1) });
        let skip = usize::try_from(wanted.saturating_sub(first)).unwrap_or(usize::MAX).min(self.kept.len());
        let mut items = Vec::new();
        let mut json = 0;
        for observation in self.kept.range(skip..).take(max_count) {
            json += json_bytes(observation);
            if json > max_json && !items.is_empty() {
                break;
            }
            items.push(Arc::clone(observation));
        }
        Extract { gap, items }
    }

    fn is_over(&self) -> bool {
        self.kept.len() > self.max_count
            || self.bytes > self.max_bytes
            || self.all_bytes.load(Ordering::Relaxed) > self.max_all_bytes
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else { return };
        let weight = weight(&oldest);
        self.bytes -= weight;
        self.all_bytes.fetch_sub(weight, Ordering::Relaxed);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.all_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What an observation takes in memory, in bytes: itself, its counters and pointer, and what it points to.
fn weight(observation: &Observation) -> u64 {
    let own = size_of::<Observation>() + 3 * size_of::<usize>();
    (own + heap_bytes(&observation.event)) as u64
}

/// About how long an observation is as JSON.
fn json_bytes(observation: &Observation) -> usize {
    // Names and numbers take about 400 bytes; texts at most double (a byte past ASCII takes two, a line end is escaped).
    400 + 2 * heap_bytes(&observation.event)
}

fn heap_bytes(event: &Event) -> usize {
    match event {
        Event::Opening(opening) => {
            let subprotocol = opening.subprotocol.as_ref().map_or(0, String::capacity);
            opening.request.capacity() + opening.response.capacity() + subprotocol
        }
        Event::Refusal(refusal) => {
            refusal.request.capacity() + refusal.response.capacity() + refusal.explanation.capacity()
        }
        Event::Frame(frame) => {
            let violations: usize = frame.violations.iter().map(|v| size_of_val(v) + v.explanation.capacity()).sum();
            frame.header.capacity() + frame.payload.capacity() + violations
        }
        Event::Closed(closed) => closed.reason.capacity(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::event::{Cause, Closed, Count};

    fn event(reason: &str) -> Event {
        let count = Count::default();
        let reason = reason.to_owned();
        Event::Closed(Closed {
            first: None,
            code: None,
            reason,
            clean: false,
            cause: Cause::LineEnded,
            client: count,
            server: count,
        })
    }

    fn log(change: impl FnOnce(&mut Config)) -> Log {
        let mut config = Config::default();
        change(&mut config);
        Log::new(&config, Arc::default())
    }

    fn push(log: &mut Log, count: usize) {
        for _ in 0..count {
            log.push(0, ConnectionNumber(1), event("because"));
        }
    }

    fn numbers(extract: &Extract) -> Vec<u64> {
        extract.items.iter().map(|observation| observation.seq.0).collect()
    }

    #[test]
    fn what_follows_a_number() {
        let mut log = log(|_| {});
        assert!(log.extract(Seq(0), 10, 10_000).items.is_empty());
        push(&mut log, 5);
        assert_eq!(numbers(&log.extract(Seq(0), 3, 100_000)), [1, 2, 3]);
        assert_eq!(numbers(&log.extract(Seq(3), 3, 100_000)), [4, 5]);
        assert_eq!(numbers(&log.extract(Seq(3), 3, 0)), [4]);
        assert!(log.extract(Seq(5), 3, 100_000).items.is_empty());
        assert!(log.extract(Seq(u64::MAX), 3, 100_000).items.is_empty());
    }

    #[test]
    fn a_full_log_loses_its_oldest_and_says_so() {
        let mut log = log(|config| config.log_count = 3);
        push(&mut log, 10);
        let all = log.extract(Seq(0), 100, 100_000);
        assert_eq!((all.gap, numbers(&all)), (Some(Gap { from: Seq(1), to: Seq(7) }), vec![8, 9, 10]));
        let tail = log.extract(Seq(7), 100, 100_000);
        assert_eq!((tail.gap, numbers(&tail)), (None, vec![8, 9, 10]));
    }

    #[test]
    fn bytes_are_bounded_and_the_newest_stays() {
        let mut log = log(|config| config.log_bytes = 2000);
        push(&mut log, 100);
        assert!(log.bytes <= 2000 && log.kept.len() > 1);
        log.push(0, ConnectionNumber(1), event(&"x".repeat(10_000)));
        assert_eq!(log.kept.len(), 1);
    }

    #[test]
    fn all_logs_together_are_bounded_and_give_back_what_they_took() {
        let all = Arc::new(AtomicU64::new(0));
        let config = Config { all_logs_bytes: 5000, ..Config::default() };
        let (mut one, mut two) = (Log::new(&config, all.clone()), Log::new(&config, all.clone()));
        push(&mut one, 100);
        push(&mut two, 100);
        assert!(all.load(Ordering::Relaxed) < 6000);
        drop((one, two));
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
