//! Shutdown in stages: tasks are asked to finish, and are stopped after a grace period. Lab connections end first, so that
//! observers can still see how they ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long tasks have to stop after the grace period.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Shared by all tasks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    asked: CancellationToken,
    connections_over: CancellationToken,
    over: CancellationToken,
    stage: Arc<AtomicU8>,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Resolves when tasks should finish.
    pub(crate) fn asked(&self) -> WaitForCancellationFuture<'_> {
        self.asked.cancelled()
    }

    /// Resolves when lab connections must end.
    pub(crate) fn connections_over(&self) -> WaitForCancellationFuture<'_> {
        self.connections_over.cancelled()
    }

    /// Resolves when everything must end.
    pub(crate) fn over(&self) -> WaitForCancellationFuture<'_> {
        self.over.cancelled()
    }

    /// How many of these have resolved. Takes no lock, so check it before you poll one of them.
    pub(crate) fn stage(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    /// Starts a task that the shutdown waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Makes the shutdown wait for work in a task it did not spawn, until the token is dropped.
    pub(crate) fn hold(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Asks all tasks to finish, and waits for at most `grace`.
    pub(crate) async fn run(&self, grace: Duration) {
        self.next_stage(&self.asked);
        self.tasks.close();
        for (part, end) in [(grace * 3 / 4, &self.connections_over), (grace / 4, &self.over)] {
            if tokio::time::timeout(part, self.tasks.wait()).await.is_ok() {
                return;
            }
            self.next_stage(end);
        }
        if tokio::time::timeout(LAST_MOMENT, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "some tasks did not end in time");
        }
    }

    fn next_stage(&self, token: &CancellationToken) {
        // Before the token, so that a woken task sees the new stage.
        self.stage.fetch_add(1, Ordering::Release);
        token.cancel();
    }
}
