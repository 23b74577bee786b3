//! The end of the relay: everyone is asked to finish, and after a grace told to stop. Lab connections go first, so that
//! their observers still see how they ended.

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// After the grace, how long tasks have to notice that it is over.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Shared by everything that runs. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    asked: CancellationToken,
    lines_over: CancellationToken,
    over: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Resolves once everyone should say goodbye.
    pub(crate) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    /// Resolves once no lab connection waits any longer.
    pub(crate) async fn lines_over(&self) {
        self.lines_over.cancelled().await;
    }

    /// Resolves once nobody waits any longer.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
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
        self.asked.cancel();
        self.tasks.close();
        for (part, end) in [(grace * 3 / 4, &self.lines_over), (grace / 4, &self.over)] {
            if tokio::time::timeout(part, self.tasks.wait()).await.is_ok() {
                return;
            }
            end.cancel();
        }
        if tokio::time::timeout(LAST_MOMENT, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "some tasks did not end in time");
        }
    }
}
