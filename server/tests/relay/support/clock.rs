//! A clock that the test moves, for tests of what the relay does after a time.
//!
//! The relay runs on the test's thread and shares tokio's clock with it. While the clock is stopped, no timer fires early
//! because the machine is slow, and the test does not wait in real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How long a test may wait in real time without moving its stopped clock. After that, tokio moves it, so that a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(40);
/// The longest step of `Clock::pass`. Timers further apart than this fire in their order.
const STEP: Duration = Duration::from_millis(10);
/// The same for tests in which minutes pass, and only timers of seconds matter.
const LONG_STEP: Duration = Duration::from_millis(250);
/// tokio's timers fire on whole milliseconds, so a timer can be late by nearly one.
const ROUNDING: Duration = Duration::from_millis(1);

/// tokio's clock is stopped until this is dropped.
pub(crate) struct Clock {
    moves: mpsc::Sender<()>,
    forgotten: Arc<AtomicBool>,
}

impl Clock {
    pub(crate) fn stop() -> Self {
        tokio::time::pause();
        // When no task can run, tokio moves a paused clock to the next timer, except while a blocking task runs.
        let (moves, moved) = mpsc::channel::<()>();
        let forgotten = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&forgotten);
        tokio::task::spawn_blocking(move || {
            loop {
                match moved.recv_timeout(PATIENCE) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                    Err(RecvTimeoutError::Timeout) => return flag.store(true, Ordering::Relaxed),
                }
            }
        });
        Self { moves, forgotten }
    }

    /// Lets the relay do what it can do now, then moves the clock step by step.
    pub(crate) async fn pass(&self, time: Duration) {
        settle().await;
        let mut left = time + ROUNDING;
        while !left.is_zero() {
            let step = left.min(STEP);
            self.advance(step).await;
            left -= step;
        }
    }

    /// Moves the clock until `what` has happened.
    pub(crate) async fn pass_until<T>(&self, what: impl Future<Output = T>) -> T {
        self.pass_in_steps_until(STEP, what).await
    }

    /// The same in long steps, for what takes minutes.
    pub(crate) async fn pass_minutes_until<T>(&self, what: impl Future<Output = T>) -> T {
        self.pass_in_steps_until(LONG_STEP, what).await
    }

    async fn advance(&self, step: Duration) {
        // Nobody listens any more once the patience is over.
        let _ = self.moves.send(());
        tokio::time::advance(step).await;
        settle().await;
    }

    async fn pass_in_steps_until<T>(&self, step: Duration, what: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                settle().await;
                self.advance(step).await;
            }
        };
        tokio::select! {
            biased;
            happened = what => happened,
            () = passing => unreachable!("it does not end"),
        }
    }
}

impl Drop for Clock {
    /// # Panics
    /// If the test waited for something that needs time: `pass_until` waits for it.
    fn drop(&mut self) {
        tokio::time::resume();
        let is_forgotten = self.forgotten.load(Ordering::Relaxed);
        assert!(!is_forgotten || std::thread::panicking(), "the test waited {PATIENCE:?} without moving its clock");
    }
}

/// Gives every task of the relay several turns, and reads what has arrived.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// How often the relay's thread wakes up during `time`, which passes without waiting.
///
/// tokio moves a paused clock only when every task waits. A task that never waits therefore stops the clock, and fails the
/// test.
pub(crate) async fn wakeups(time: Duration) -> u64 {
    let metrics = Handle::current().metrics();
    let before = metrics.worker_park_count(0);
    let (alarm, alarmed) = oneshot::channel();
    let (over, is_over) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let _ = alarm.send(());
        }
    });
    tokio::time::pause();
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        Ok(()) = alarmed => panic!("a task never waits, so it uses the whole CPU"),
    }
    tokio::time::resume();
    drop(over);
    metrics.worker_park_count(0) - before
}
