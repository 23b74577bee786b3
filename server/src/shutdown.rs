//! The end of the relay: everyone is asked to finish, and after a grace told to stop. Lab connections go first, so that
//! their observers still see how they ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// After the grace, how long tasks have to notice that it is over.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Shared by everything that runs. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    asked: CancellationToken,
    connections_over: CancellationToken,
    over: CancellationToken,
    stage: Arc<AtomicU8>,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Resolves once everyone should say goodbye.
    pub(crate) fn asked(&self) -> WaitForCancellationFuture<'_> {
        self.asked.cancelled()
    }

    /// Resolves once no lab connection waits any longer.
    pub(crate) fn connections_over(&self) -> WaitForCancellationFuture<'_> {
        self.connections_over.cancelled()
    }

    /// Resolves once nobody waits any longer.
    pub(crate) fn over(&self) -> WaitForCancellationFuture<'_> {
        self.over.cancelled()
    }

    /// How many of these have resolved. Cheap, and nobody waits for anybody: to be asked before each of them.
    pub(crate) fn stage(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    /// Starts a task that the shutdown waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Makes the shutdown wait for work that runs in a task of someone else, until the token is dropped.
    pub(crate) fn hold(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Asks everyone to finish and waits for it, for `grace` at the most.
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
        // First, so that whoever is woken by the token finds it done.
        self.stage.fetch_add(1, Ordering::Release);
        token.cancel();
    }
}
