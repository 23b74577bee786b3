//! Says which limits were hit, without filling the log when somebody hits one all the time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Each reason gets one line in this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// The lines of the last moments. There are as many reasons as the code has names for them.
#[derive(Debug, Default)]
pub(super) struct LimitLog(Mutex<HashMap<&'static str, Last>>);

#[derive(Debug)]
struct Last {
    at: Instant,
    left_out: u64,
}

impl LimitLog {
    /// Whether a line is due for `reason`, and how many were left out since the last one.
    pub(super) fn due(&self, reason: &'static str) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(last) = lines.get_mut(reason) else {
            lines.insert(reason, Last { at: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(last.at) < INTERVAL {
            last.left_out += 1;
            return None;
        }
        last.at = now;
        Some(std::mem::take(&mut last.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reason_gets_a_line_a_second_and_the_next_line_says_how_many_it_stands_for() {
        let log = LimitLog::default();
        assert_eq!(log.due("one"), Some(0));
        for _ in 0..9 {
            assert_eq!(log.due("one"), None);
        }
        assert_eq!(log.due("other"), Some(0));
        tokio::time::advance(INTERVAL).await;
        assert_eq!(log.due("one"), Some(9));
        assert_eq!(log.due("one"), None);
    }
}
