//! A session that several relays share, as this relay has it: an outbox for what is recorded here, and a tail of the common log for
//! the observers of this relay.

mod restore;
mod rules;
mod store;

use super::entries::{AT_ONCE, Cursor, Entry, entries, entry};
use super::keys::{Seal, session_hash};
use super::link::{Connection, PATIENCE};
use super::message::{self, Sealed};
use super::outbox::{Batch, Outbox};
use super::scripts::Script;
use super::site::{MADE_UP, Site};
use crate::intercept::SessionRules;
use crate::memory::MemoryBudget;
use crate::session::log::BudgetedLog;
use crate::session::mailboxes::Mailboxes;
use crate::session::store::Change;
use crate::session::usage::{Role, Usage};
use crate::shutdown::Shutdown;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::{ConnectionNumber, Seq, SessionId};
use redis::RedisError;
use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// What all parts of this relay need of a shared session.
#[derive(Debug)]
pub(in crate::session) struct Parts {
    pub(in crate::session) tail: Arc<BudgetedLog>,
    pub(in crate::session) usage: Arc<Usage>,
    pub(in crate::session) changed: Arc<Notify>,
    pub(in crate::session) mailboxes: Arc<Mailboxes>,
    pub(in crate::session) rules: Arc<SessionRules>,
    /// What compiled rules take.
    pub(in crate::session) memory: MemoryBudget,
    pub(in crate::session) shutdown: Shutdown,
}

/// This relay's part in the site.
pub(crate) type SharedSite = Site<SharedSession>;

#[derive(Debug)]
pub(crate) struct SharedSession {
    me: Weak<Self>,
    pub(super) site: Arc<SharedSite>,
    /// The id of this relay when it found the session. If the relay gets another one, the session goes on without this object.
    pub(super) relay: Arc<str>,
    pub(super) hash: String,
    /// The keys of its hash and its stream.
    pub(super) key: String,
    pub(super) log_key: String,
    pub(super) seal: Seal,
    /// The sealed name, and when the session began in the time of Redis, in microseconds.
    pub(super) name: Vec<u8>,
    pub(super) began_us: u64,
    pub(super) parts: Parts,
    outbox: Mutex<Outbox>,
    /// Redis has taken something from the outbox.
    shipped: Notify,
    numbers: Mutex<Numbers>,
    last_connection: AtomicU32,
    /// The same of those that Redis has given out.
    last_given: AtomicU32,
    /// The highest number of an observation that this relay knows, and the highest of its own.
    known: AtomicU64,
    own: AtomicU64,
    passed: Mutex<BTreeSet<String>>,
    /// The version of the rules that this relay has, and what lets one change of them through at a time.
    rules_version: AtomicU64,
    changing_rules: tokio::sync::Mutex<()>,
    /// Open connections of other relays, as far as this relay follows the log.
    elsewhere: Mutex<BTreeSet<ConnectionNumber>>,
    followers: AtomicUsize,
    /// How far the tail was read. Held while entries are appended to it.
    pub(super) cursor: tokio::sync::Mutex<Cursor>,
}

/// Connection numbers that Redis has given out, and are not used yet.
#[derive(Debug, Default)]
struct Numbers {
    free: VecDeque<u32>,
    /// How many requests each expect one.
    promised: usize,
}

impl SharedSession {
    /// `None` if the system provides no random bits.
    pub(super) fn new(
        site: &Arc<SharedSite>,
        watch_name: &SessionId,
        name: Vec<u8>,
        began_us: u64,
        passed: &str,
        parts: Parts,
    ) -> Option<Arc<Self>> {
        let hash = session_hash(watch_name);
        let seal = Seal::new(watch_name)?;
        let passed = passed.split(',').filter(|challenge| !challenge.is_empty()).map(str::to_owned).collect();
        Some(Arc::new_cyclic(|me| Self {
            me: me.clone(),
            key: site.key(&format!("s:{hash}")),
            log_key: site.key(&format!("l:{hash}")),
            site: Arc::clone(site),
            relay: site.relay(),
            hash,
            seal,
            name,
            began_us,
            parts,
            outbox: Mutex::new(Outbox::new(site.payload_cap)),
            shipped: Notify::new(),
            numbers: Mutex::default(),
            last_connection: AtomicU32::new(0),
            last_given: AtomicU32::new(0),
            known: AtomicU64::new(0),
            own: AtomicU64::new(0),
            passed: Mutex::new(passed),
            rules_version: AtomicU64::new(0),
            changing_rules: tokio::sync::Mutex::default(),
            elsewhere: Mutex::default(),
            followers: AtomicUsize::new(0),
            cursor: tokio::sync::Mutex::default(),
        }))
    }

    pub(super) fn is_followed(&self) -> bool {
        self.followers.load(Ordering::Acquire) > 0
    }

    pub(super) fn batch(&self) -> Option<Batch> {
        let mut outbox = self.outbox();
        let before = outbox.bytes();
        let batch = outbox.batch(&self.seal);
        self.site.queue.shrank(before - outbox.bytes());
        batch
    }

    /// Redis has the batch, and `last` is the number of the last observation.
    pub(super) fn acknowledge(&self, batch: &Batch, last: u64) {
        self.learn(last);
        if batch.count > 0 {
            self.own.fetch_max(last, Ordering::AcqRel);
        }
        let mut outbox = self.outbox();
        outbox.acknowledge(batch.number);
        let more = !outbox.is_empty();
        drop(outbox);
        self.shipped.notify_waiters();
        if more {
            self.enqueue();
        }
    }

    /// The batch did not get through, or nobody knows.
    pub(super) fn doubt(&self, batch: &Batch, run: &str) {
        self.outbox().doubt(batch.number, run);
        self.enqueue();
    }

    /// The same for a batch that Redis may have taken before it lost everything.
    pub(super) fn doubt_everything(&self, batch: &Batch) {
        self.outbox().doubt_again(batch.number);
        self.enqueue();
    }

    /// The shipper will come by.
    pub(super) fn enqueue(&self) {
        let was_queued = std::mem::replace(&mut self.outbox().is_queued, true);
        if !was_queued && let Some(me) = self.me.upgrade() {
            self.site.queue.push(me);
        }
    }

    pub(super) fn learn(&self, last: u64) {
        self.known.fetch_max(last, Ordering::AcqRel);
    }

    /// What [`Script::Restore`] and [`Script::Keep`] need: the highest number and connection known, the challenges passed, and the open
    /// connections.
    pub(super) fn state(&self) -> (u64, u32, String, String) {
        let passed = self.passed().iter().cloned().collect::<Vec<_>>().join(",");
        let (known, connection) = (self.known.load(Ordering::Acquire), self.last_given.load(Ordering::Relaxed));
        (known, connection, passed, self.outbox().open())
    }

    /// Appends entries of the stream to the tail.
    pub(super) fn ingest(&self, cursor: &mut Cursor, entries: Vec<(Cursor, Entry)>) {
        for (id, entry) in entries {
            if id <= *cursor {
                continue;
            }
            *cursor = id;
            match entry {
                Entry::Sealed { count, sealed } => {
                    let unpacked = self.seal.open(&sealed).and_then(|packed| super::pack::unpack(&packed, count));
                    let Some((mut records, changes, connection)) = unpacked else {
                        // What follows has later numbers, so these are an explicit gap.
                        tracing::warn!(count, "another relay has recorded something that this version cannot read");
                        continue;
                    };
                    self.has_number(connection);
                    changes.into_iter().for_each(|change| self.change(change));
                    self.parts.tail.append_stamped(id.number(), &mut records);
                }
                Entry::Lost { connections, at_us } => {
                    for (index, connection) in connections.into_iter().enumerate() {
                        self.change(Change::Closed(connection));
                        let mut records = super::pack::closed_by_loss(connection, at_us);
                        self.parts.tail.append_stamped(Seq(id.number().0 + index as u64), &mut records);
                    }
                }
                Entry::Passed(challenge) => {
                    self.passed().insert(challenge);
                }
                Entry::Unknown => {}
            }
        }
        self.learn(self.parts.tail.last().0);
        self.parts.changed.notify_waiters();
    }

    fn has_number(&self, connection: u32) {
        self.last_connection.fetch_max(connection, Ordering::Relaxed);
        if connection < MADE_UP {
            self.last_given.fetch_max(connection, Ordering::Relaxed);
        }
    }

    fn change(&self, change: Change) {
        let mut elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::Opened(connection) if !self.outbox().has_open(connection) => {
                elsewhere.insert(connection);
            }
            Change::Opened(_) => {}
            Change::Closed(connection) => {
                elsewhere.remove(&connection);
            }
        }
    }

    /// How many connections and observers this relay has in it.
    pub(super) fn present(&self) -> [usize; 2] {
        [Role::Connection, Role::Observer].map(|role| self.parts.usage.present(role))
    }

    /// Whether Redis has everything that was recorded here.
    pub(super) fn has_shipped(&self) -> bool {
        self.outbox().is_empty()
    }

    /// Other relays have closed the session's connections of this relay in the log, and it goes on without this object.
    pub(super) fn lose(&self) {
        self.parts.shutdown.goes_on_elsewhere();
        self.retire();
        self.end_here();
    }

    /// An operator has ended the session on another relay, or it goes on without this object.
    pub(super) fn end_here(&self) {
        let Some(me) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            let Parts { usage, changed, shutdown, .. } = &me.parts;
            let left = async || loop {
                let mut changed = pin!(changed.notified());
                changed.as_mut().enable();
                if usage.is_idle() {
                    return;
                }
                changed.await;
            };
            shutdown.end_session(me.site.grace, left).await;
            me.retire();
        });
    }

    /// This is the relay's object for the session.
    pub(in crate::session) fn enlist(&self) {
        if let Some(me) = self.me.upgrade() {
            self.site.remember(&self.hash, &me);
        }
    }

    pub(in crate::session) fn is_retired(&self) -> bool {
        self.outbox().is_retired()
    }

    pub(super) fn mailboxes(&self) -> &Mailboxes {
        &self.parts.mailboxes
    }

    /// Reads what the stream has by now. Returns whether that was possible.
    async fn catch_up(&self) -> bool {
        let Some(link) = self.site.link() else { return false };
        self.read_rest(&link).await.inspect_err(|error| self.site.broken(&link, error)).is_ok()
    }

    async fn read_rest(&self, link: &Connection) -> Result<(), RedisError> {
        let mut cursor = self.cursor.lock().await;
        loop {
            let mut command = redis::cmd("XRANGE");
            command.arg(&self.log_key).arg(format!("({}", cursor.id())).arg("+").arg("COUNT").arg(AT_ONCE);
            let entries = entries(link.query(&command).await?);
            let is_last = entries.len() < AT_ONCE;
            self.ingest(&mut cursor, entries.into_iter().map(|(id, fields)| (id, entry(fields))).collect());
            if is_last {
                return Ok(());
            }
        }
    }

    /// A command that another relay has sealed.
    pub(super) fn unseal(&self, sealed: &str) -> Option<Sealed> {
        serde_json::from_slice(&self.seal.open(&STANDARD.decode(sealed).ok()?)?).ok()
    }

    /// Ends the session for all relays.
    async fn end_everywhere(&self) {
        let keys = [self.site.key(&format!("ended:{}", self.hash)), self.site.key("relays")];
        let keys = [&self.key, &keys[0], &keys[1]].map(String::as_str);
        let message = message::ended(&self.hash);
        let arguments = [self.site.prefix(), &message].map(str::as_bytes);
        let _: Option<String> = self.site.call(Script::End, &keys, &arguments).await;
    }

    /// Removes the session once it has ended.
    async fn remove(&self) {
        self.retire();
        let sessions = self.site.key("sessions");
        let keys = [&self.key, &self.log_key, &sessions].map(String::as_str);
        let _: Option<String> = self.site.call(Script::Remove, &keys, &[self.hash.as_bytes()]).await;
    }

    /// Nothing is recorded by this object any more.
    fn retire(&self) {
        self.site.queue.shrank(self.outbox().retire());
        self.site.forget(&self.hash, self);
    }

    /// Waits until Redis has what was recorded so far, if it answers.
    async fn flush(&self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut shipped = pin!(self.shipped.notified());
            shipped.as_mut().enable();
            if self.outbox().is_empty() || self.site.is_interrupted() {
                return;
            }
            self.site.queue.hurry();
            if timeout(until.saturating_duration_since(Instant::now()), shipped).await.is_err() {
                return;
            }
        }
    }

    async fn count(&self, what: &str) -> Option<u32> {
        let number = self.site.call::<u32>(Script::Count, &[&self.key], &[what.as_bytes()]).await?;
        (number > 0).then_some(number)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
