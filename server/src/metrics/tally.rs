//! One WebSocket connection, counted from its upgrade to its end.

use super::{Direction, Metrics, Path, traffic::Batch};
use crate::listen::ConnectionId;
use observation::event::{Cause, Party};
use std::sync::Arc;
use wire::close::ClosePayload;
use wire::violation::Violation;

/// Counts the connection as open until it is dropped.
#[derive(Debug)]
pub(crate) struct Tally {
    metrics: Arc<Metrics>,
    id: ConnectionId,
    path: Path,
    batch: Batch,
    /// Who sent the first close frame, and its code.
    close: Option<(Party, Option<u16>)>,
    cause: Cause,
}

impl Tally {
    pub(crate) fn new(metrics: Arc<Metrics>, id: ConnectionId, path: Path) -> Self {
        tracing::debug!(connection = %id, path = path.name(), "a WebSocket opened");
        metrics.opened(path);
        // Used if the task ends without setting another cause.
        Self { metrics, id, path, batch: Batch::default(), close: None, cause: Cause::ConnectionLost }
    }

    #[inline]
    pub(crate) fn count(&mut self, direction: Direction, frames: u64, bytes: u64) {
        self.batch.count(direction, frames, bytes);
    }

    pub(crate) fn violated(&self, violations: &[Violation]) {
        for violation in violations {
            self.metrics.violated(violation);
        }
    }

    /// A close frame crossed. Only the first counts.
    pub(crate) fn close(&mut self, from: Party, close: &ClosePayload) {
        self.close.get_or_insert((from, close.code.map(|code| code.0)));
    }

    /// Makes what was counted so far visible.
    #[inline]
    pub(crate) fn publish(&mut self) {
        self.metrics.add(self.path, &mut self.batch);
    }

    /// Why the connection ended.
    pub(crate) fn end(&mut self, cause: Cause) {
        self.cause = cause;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.publish();
        self.metrics.closed(self.path, self.cause, self.close);
        let code = self.close.and_then(|(_, code)| code);
        tracing::debug!(connection = %self.id, path = self.path.name(), cause = ?self.cause, code, "a WebSocket ended");
    }
}
