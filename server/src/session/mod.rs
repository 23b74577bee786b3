//! A session: a bounded log of what its connections did, and who is there to fill or read it.

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
/// About the most bytes of them, as JSON.
const PART_BYTES: usize = 128 << 10;

#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    began: Instant,
    /// The same as a time of day.
    began_at: SystemTime,
    /// A plain lock: it is held for an append or for copying pointers out, never across an await, so that nobody who
    /// reads can keep a lab connection waiting. Appends come from many connections, so a lock-free queue would not do.
    log: Mutex<Log>,
    /// Wakes observers; what is new they read from the log themselves.
    changed: Notify,
    last_connection: AtomicU32,
    /// Where the open connections take their commands. Locked for a look-up, and when one begins or ends.
    mailboxes: Mutex<HashMap<ConnectionNumber, Arc<Mailbox>>>,
    connections: AtomicUsize,
    observers: AtomicUsize,
    /// Microseconds after `began` of the last thing that happened here.
    touched_us: AtomicU64,
}

/// Which of a session's two limits a presence counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connection,
    Observer,
}

/// Someone is here. Ends when dropped.
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

    /// When it began, by the clock on the wall.
    pub(crate) fn began(&self) -> SystemTime {
        self.began_at
    }

    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A number for the next connection or refused request.
    pub(crate) fn next_connection(&self) -> ConnectionNumber {
        ConnectionNumber(self.last_connection.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// Whether a connection or refused request of that number has been seen.
    pub(crate) fn has_seen(&self, connection: ConnectionNumber) -> bool {
        (1..=self.last_connection.load(Ordering::Relaxed)).contains(&connection.0)
    }

    /// Opens a mailbox for the commands to a connection.
    pub(crate) fn open_mailbox(&self, connection: ConnectionNumber) -> Arc<Mailbox> {
        let mailbox = Arc::default();
        self.mailboxes().insert(connection, Arc::clone(&mailbox));
        mailbox
    }

    /// Closes it: nothing is put there any more. Gives what was left there.
    pub(crate) fn close_mailbox(&self, connection: ConnectionNumber) -> impl Iterator<Item = PendingCommand> + use<> {
        let mailbox = self.mailboxes().remove(&connection);
        mailbox.map(|mailbox| mailbox.close()).into_iter().flatten()
    }

    /// The mailbox of an open connection.
    pub(crate) fn mailbox(&self, connection: ConnectionNumber) -> Option<Arc<Mailbox>> {
        self.mailboxes().get(&connection).cloned()
    }

    /// Appends what happened on a connection, all at one time, and leaves `records` empty.
    pub(crate) fn append(&self, connection: ConnectionNumber, records: &mut Records) {
        self.append_twins([connection, connection], records);
    }

    /// The same for frames that have crossed two connections, the first one first.
    pub(crate) fn append_twins(&self, connections: [ConnectionNumber; 2], records: &mut Records) {
        let mut log = self.log();
        // Read under the lock, so that times ascend with numbers.
        let at_us = self.now_us();
        log.append(at_us, connections, records);
        self.touched_us.store(at_us, Ordering::Relaxed);
        drop(log);
        // Whoever comes after this look reads the log after this append.
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

    /// What follows number `after`, as much as goes into one message.
    pub(crate) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.log().extract(after, max_count, max_json)
    }

    /// All that is there now, part by part, so that no connection has to wait long for the log's lock. What is dropped
    /// meanwhile is a gap in the part behind it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Extract> {
        let (mut after, last) = (Seq(0), self.last());
        std::iter::from_fn(move || {
            let part = (after < last).then(|| self.extract(after, PART, PART_BYTES))?;
            after = part.last().unwrap_or(last);
            Some(part)
        })
    }

    /// Whether no lab connection is open. How the last one ended is in the log by then.
    pub(crate) fn is_quiet(&self) -> bool {
        self.connections.load(Ordering::Acquire) == 0
    }

    /// Resolves at the next append, or when someone leaves, after it was enabled or first polled.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Comes in as `role`, unless `limit` are here already.
    pub(crate) fn enter(self: &Arc<Self>, role: Role, limit: usize) -> Option<Presence> {
        let count = self.count(role);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |here| (here < limit).then_some(here + 1)).ok()?;
        self.touch();
        Some(Presence { session: Arc::clone(self), role })
    }

    pub(crate) fn touch(&self) {
        self.touched_us.fetch_max(self.now_us(), Ordering::Relaxed);
    }

    /// For how long nobody was here and nothing happened.
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
        // An observer may be waiting for the last connection to leave.
        self.session.changed.notify_waiters();
    }
}
