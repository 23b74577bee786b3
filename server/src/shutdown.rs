//! Shutdown in stages. First the relay drains: everything goes on, but no session begins. Then tasks are asked to finish, and are
//! stopped after a grace period. Lab connections end first, so that observers can still see how they ended. A session can end in the
//! same stages before the relay does.

use observation::event::Cause;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wire::close_code::CloseCode;

/// How long tasks have to stop after the grace period.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Shared by all tasks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    draining: CancellationToken,
    /// Until when, once it drains.
    drained_by: Arc<OnceLock<Instant>>,
    asked: CancellationToken,
    connections_over: CancellationToken,
    over: CancellationToken,
    stage: Arc<AtomicU8>,
    /// Set in the shutdown of a session that goes on elsewhere.
    elsewhere: Arc<OnceLock<()>>,
    /// The stage of the relay, in the shutdown of a session.
    relay_stage: Option<Arc<AtomicU8>>,
    tasks: TaskTracker,
}

impl Shutdown {
    /// The shutdown of a session, which ends with the relay or before.
    pub(crate) fn of_session(&self) -> Self {
        let [asked, connections_over, over] =
            [&self.asked, &self.connections_over, &self.over].map(CancellationToken::child_token);
        let relay_stage = Some(Arc::clone(&self.stage));
        let (stage, elsewhere) = Default::default();
        Self { asked, connections_over, over, stage, elsewhere, relay_stage, ..self.clone() }
    }

    /// What clients and observers are told.
    pub(crate) fn reason(&self) -> &'static str {
        match self.cause() {
            Cause::Operator => "the operator ended this session",
            Cause::RelayLost => "the other relays have taken this one for lost; connect again",
            _ => "the relay is shutting down",
        }
    }

    /// The session goes on elsewhere, because other relays have taken this one for lost.
    pub(crate) fn goes_on_elsewhere(&self) {
        let _ = self.elsewhere.set(());
    }

    /// Why connections end.
    pub(crate) fn cause(&self) -> Cause {
        match (self.is_by_itself(), self.elsewhere.get()) {
            (false, _) => Cause::Shutdown,
            (true, None) => Cause::Operator,
            (true, Some(())) => Cause::RelayLost,
        }
    }

    /// The code for close frames. A session that goes on elsewhere can be joined again at once.
    pub(crate) fn close_code(&self) -> CloseCode {
        if self.cause() == Cause::RelayLost { CloseCode::SERVICE_RESTART } else { CloseCode::GOING_AWAY }
    }

    /// Whether the session ends, and not the relay.
    fn is_by_itself(&self) -> bool {
        self.relay_stage.is_some() && self.stage.load(Ordering::Acquire) > 0
    }

    /// The relay will stop in this time. No session begins any more.
    pub(crate) fn drain(&self, time: Duration) {
        self.drained_by.get_or_init(|| Instant::now() + time);
        self.draining.cancel();
    }

    /// How much of that time is left.
    pub(crate) fn drain_left(&self) -> Duration {
        self.drained_by.get().map_or(Duration::ZERO, |by| by.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Resolves when the relay drains.
    pub(crate) fn draining(&self) -> WaitForCancellationFuture<'_> {
        self.draining.cancelled()
    }

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
        let relay = self.relay_stage.as_ref().map_or(0, |stage| stage.load(Ordering::Acquire));
        self.stage.load(Ordering::Acquire).max(relay)
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
        self.drain(Duration::ZERO);
        self.tasks.close();
        self.end_in_stages(grace, || self.tasks.wait()).await;
        if tokio::time::timeout(LAST_MOMENT, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "some tasks did not end in time");
        }
    }

    /// Ends a session. `ended` resolves when nobody is left in it.
    pub(crate) async fn end_session<E: Future<Output = ()>>(&self, grace: Duration, ended: impl Fn() -> E) {
        self.end_in_stages(grace, ended).await;
        // For a request that had found the session before, and enters it now.
        self.next_stage(&self.connections_over);
        self.next_stage(&self.over);
    }

    async fn end_in_stages<E: Future<Output = ()>>(&self, grace: Duration, ended: impl Fn() -> E) {
        self.next_stage(&self.asked);
        for (part, end) in [(grace * 3 / 4, &self.connections_over), (grace / 4, &self.over)] {
            if tokio::time::timeout(part, ended()).await.is_ok() {
                return;
            }
            self.next_stage(end);
        }
    }

    fn next_stage(&self, token: &CancellationToken) {
        // Before the token, so that a woken task sees the new stage.
        self.stage.fetch_add(1, Ordering::Release);
        token.cancel();
    }
}
