//! A session: a bounded log of its connections, and who uses it.

mod log;
mod mailbox;
mod prefix;

pub(crate) use log::{End, Extract, FrameRecord, Kept, Records};
pub(crate) use mailbox::{Mailbox, MailboxError, PendingCommand};
pub(crate) use prefix::PayloadPrefix;

use crate::args::Config;
use log::Log;
use observation::{ConnectionNumber, Event, Seq, SessionId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The most observations in one of [`Session::parts`].
const PART: usize = 256;
/// The approximate size limit of a part, as JSON in bytes.
const PART_BYTES: usize = 128 << 10;

#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    began: Instant,
    /// The same as wall-clock time.
    began_at: SystemTime,
    /// A plain lock, held for an append or to copy pointers, never across an await. So readers cannot delay a lab
    /// connection. Many connections append, so a single-producer queue would not do.
    log: Mutex<Log>,
    /// Wakes observers, which then read the log.
    changed: Notify,
    last_connection: AtomicU32,
    /// The mailboxes of the open connections. Locked for a lookup, and when a connection begins or ends.
    mailboxes: Mutex<HashMap<ConnectionNumber, Arc<Mailbox>>>,
    connections: AtomicUsize,
    observers: AtomicUsize,
    /// Microseconds from `began` to the last activity.
    touched_us: AtomicU64,
}

/// Which of a session's two limits a presence counts toward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connection,
    Observer,
}

/// A connection or observer of a session, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    session: Arc<Session>,
    role: Role,
}

impl Session {
    pub(crate) fn new(id: SessionId, config: &Config, all_logs: Arc<AtomicU64>) -> Self {
        Self {
            id,
            began: Instant::now(),
            began_at: SystemTime::now(),
            log: Mutex::new(Log::new(config, all_logs)),
            changed: Notify::new(),
            last_connection: AtomicU32::new(0),
            mailboxes: Mutex::default(),
            connections: AtomicUsize::new(0),
            observers: AtomicUsize::new(0),
            touched_us: AtomicU64::new(0),
        }
    }

    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    /// When the session began, as wall-clock time.
    pub(crate) fn began(&self) -> SystemTime {
        self.began_at
    }

    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The number of the next connection or refused request.
    pub(crate) fn next_connection(&self) -> ConnectionNumber {
        ConnectionNumber(self.last_connection.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// Whether a connection or refused request has had that number.
    pub(crate) fn has_seen(&self, connection: ConnectionNumber) -> bool {
        (1..=self.last_connection.load(Ordering::Relaxed)).contains(&connection.0)
    }

    /// Opens a mailbox for a connection.
    pub(crate) fn open_mailbox(&self, connection: ConnectionNumber) -> Arc<Mailbox> {
        let mailbox = Arc::default();
        self.mailboxes().insert(connection, Arc::clone(&mailbox));
        mailbox
    }

    /// Closes the mailbox of a connection and returns the remaining commands.
    pub(crate) fn close_mailbox(&self, connection: ConnectionNumber) -> impl Iterator<Item = PendingCommand> + use<> {
        let mailbox = self.mailboxes().remove(&connection);
        mailbox.map(|mailbox| mailbox.close()).into_iter().flatten()
    }

    /// The mailbox of an open connection.
    pub(crate) fn mailbox(&self, connection: ConnectionNumber) -> Option<Arc<Mailbox>> {
        self.mailboxes().get(&connection).cloned()
    }

    /// Appends what happened on a connection, with one time stamp, and empties `records`.
    pub(crate) fn append(&self, connection: ConnectionNumber, records: &mut Records) {
        self.append_twins([connection, connection], records);
    }

    /// The same for frames that crossed two connections, first the one at index 0.
    pub(crate) fn append_twins(&self, connections: [ConnectionNumber; 2], records: &mut Records) {
        let mut log = self.log();
        // Read under the lock, so that times ascend with numbers.
        let at_us = self.now_us();
        log.append(at_us, connections, records);
        self.touched_us.store(at_us, Ordering::Relaxed);
        drop(log);
        // An observer that arrives after this check reads the log after this append.
        if self.observers.load(Ordering::Relaxed) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Appends a single event.
    pub(crate) fn append_event(&self, connection: ConnectionNumber, event: &Event) {
        let mut records = Records::pooled();
        records.event(event);
        self.append(connection, &mut records);
        records.give_back();
    }

    /// The number of the last observation.
    pub(crate) fn last(&self) -> Seq {
        self.log().last()
    }

    /// What follows number `after`, as much as fits into one message.
    pub(crate) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.log().extract(after, max_count, max_json)
    }

    /// The whole log in parts, so that no connection waits long for the log's lock. Observations dropped meanwhile are a gap
    /// in the next part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Extract> {
        let (mut after, last) = (Seq(0), self.last());
        std::iter::from_fn(move || {
            let part = (after < last).then(|| self.extract(after, PART, PART_BYTES))?;
            after = part.last().unwrap_or(last);
            Some(part)
        })
    }

    /// Whether no lab connection is open. The log then contains how the last one ended.
    pub(crate) fn is_quiet(&self) -> bool {
        self.connections.load(Ordering::Acquire) == 0
    }

    /// Resolves at the next append, or when a participant leaves, after it was enabled or first polled.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Enters as `role`, unless the limit is reached.
    pub(crate) fn enter(self: &Arc<Self>, role: Role, limit: usize) -> Option<Presence> {
        let count = self.count(role);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |here| (here < limit).then_some(here + 1)).ok()?;
        self.touch();
        Some(Presence { session: Arc::clone(self), role })
    }

    pub(crate) fn touch(&self) {
        self.touched_us.fetch_max(self.now_us(), Ordering::Relaxed);
    }

    /// How long the session has been unused.
    pub(crate) fn idle(&self) -> Duration {
        let anyone =
            [Role::Connection, Role::Observer].iter().any(|&role| self.count(role).load(Ordering::Acquire) > 0);
        match anyone {
            true => Duration::ZERO,
            false => {
                self.began.elapsed().saturating_sub(Duration::from_micros(self.touched_us.load(Ordering::Relaxed)))
            }
        }
    }

    fn count(&self, role: Role) -> &AtomicUsize {
        match role {
            Role::Connection => &self.connections,
            Role::Observer => &self.observers,
        }
    }

    fn mailboxes(&self) -> MutexGuard<'_, HashMap<ConnectionNumber, Arc<Mailbox>>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.session.touch();
        self.session.count(self.role).fetch_sub(1, Ordering::AcqRel);
        // An observer may wait for the last connection to end.
        self.session.changed.notify_waiters();
    }
}
