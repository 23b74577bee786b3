//! A session in this relay's memory.

use super::{Change, EnterError, Store};
use crate::limits::Client;
use crate::session::log::{BudgetedLog, Extract, Records};
use crate::session::mailbox::PendingCommand;
use crate::session::usage::{Role, Usage};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use observation::{ConnectionNumber, Seq};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Debug)]
pub(in crate::session) struct MemoryStore {
    log: Arc<BudgetedLog>,
    usage: Arc<Usage>,
    last_connection: AtomicU32,
    /// How many connections got something in turn.
    turns: AtomicUsize,
    /// The challenges that the session has passed, of those that conceal something. Their number is limited by the course.
    passed: Mutex<BTreeSet<String>>,
}

impl MemoryStore {
    pub(in crate::session) fn new(log: Arc<BudgetedLog>, usage: Arc<Usage>) -> Self {
        let (last_connection, turns, passed) = Default::default();
        Self { log, usage, last_connection, turns, passed }
    }

    fn passed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn append(&self, connections: [ConnectionNumber; 2], records: &mut Records, _: Option<Change>) -> bool {
        self.log.append(|| self.usage.touch_now(), connections, records);
        true
    }

    fn last(&self) -> Seq {
        self.log.last()
    }

    fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.log.extract(after, max_count, max_json)
    }

    fn log_bytes(&self) -> u64 {
        self.log.claim()
    }

    fn reserve_connection(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn next_connection(&self) -> ConnectionNumber {
        ConnectionNumber(self.last_connection.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    fn has_seen(&self, connection: ConnectionNumber) -> bool {
        (1..=self.last_connection.load(Ordering::Relaxed)).contains(&connection.0)
    }

    fn next_turn(&self) -> BoxFuture<'_, usize> {
        ready(self.turns.fetch_add(1, Ordering::Relaxed)).boxed()
    }

    fn enter<'a>(
        &'a self,
        role: Role,
        limit: usize,
        _: Option<&'a Arc<Client>>,
    ) -> BoxFuture<'a, Result<(), EnterError>> {
        ready(self.usage.enter(role, limit).then_some(()).ok_or(EnterError::Full)).boxed()
    }

    fn leave(&self, role: Role, _: Option<&Arc<Client>>) {
        self.usage.leave(role);
    }

    fn follow(&self) -> BoxFuture<'_, bool> {
        ready(true).boxed()
    }

    fn unfollow(&self) {}

    fn is_settled(&self) -> bool {
        true
    }

    fn send_elsewhere(&self, pending: PendingCommand) -> Result<(), PendingCommand> {
        Err(pending)
    }

    fn pass(&self, challenge: &str) {
        self.passed().insert(challenge.to_owned());
    }

    fn has_passed(&self, challenge: &str) -> bool {
        self.passed().contains(challenge)
    }

    fn interruptions(&self) -> Option<watch::Receiver<bool>> {
        None
    }

    fn end_elsewhere(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn remove(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}
