//! A session: a bounded log of its connections, and who uses it.

mod held_script;
mod log;
mod mailbox;
mod mailboxes;
mod notes;
mod prefix;
mod presence;
mod rules;
mod script;
mod shared;
mod store;
mod tag;
mod usage;

pub(crate) use held_script::ScriptError;
pub(crate) use log::{End, Extract, FrameRecord, Kept, LogBudget, LogUsage, Records};
pub(crate) use mailbox::{Mailbox, MailboxError, PendingCommand};
pub(crate) use notes::NoteError;
pub(crate) use prefix::PayloadPrefix;
pub(crate) use presence::Presence;
pub use shared::SharedError;
pub(crate) use shared::{Identity, SharedSite, SiteError, SiteTasks, join};
pub(crate) use store::EnterError;
pub(crate) use tag::SessionTag;
use tag::watch_name;
pub(crate) use usage::{GRADINGS, Role};

use crate::args::Config;
use crate::client::LimitKey;
use crate::intercept::SessionRules;
use crate::limits::Bucket;
use crate::memory::MemoryBudget;
use crate::shutdown::Shutdown;
use crate::slots::OwnSlot;
use credentials::Concealer;
use held_script::HeldScript;
use mailboxes::Mailboxes;
use observation::{ConnectionNumber, Event, Seq, SessionId};
use shared::{Parts, SharedSession, Stored};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use store::{Change, MemoryStore, Store};
use tokio::sync::{Notify, watch};
use usage::Usage;

/// The most observations in one of [`Session::parts`].
const PART: usize = 256;
/// The approximate size limit of a part, as JSON in bytes.
const PART_BYTES: usize = 128 << 10;

#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    /// The name with which one can only watch and export.
    watch_name: SessionId,
    /// The clients that created it; `None` if they did on another relay.
    owner: Option<LimitKey>,
    /// Whether a connection was opened in it. Without one, it has nothing but refused requests.
    had_connection: AtomicBool,
    /// When it began, as wall-clock time.
    began_at: SystemTime,
    usage: Arc<Usage>,
    store: Arc<dyn Store>,
    /// The same store, if several relays share the session.
    shared: Option<Arc<SharedSession>>,
    /// What may not enter the log.
    concealer: Concealer,
    /// Wakes observers, which then read the log.
    changed: Arc<Notify>,
    mailboxes: Arc<Mailboxes>,
    rules: Arc<SessionRules>,
    script: HeldScript,
    export_slot: OwnSlot,
    grading_slot: OwnSlot,
    gradings: Bucket,
    /// Ends what runs in it.
    shutdown: Shutdown,
}

/// What makes sessions.
#[derive(Debug)]
pub(crate) struct Origins<'a> {
    pub(crate) config: &'a Config,
    pub(crate) budget: &'a Arc<LogBudget>,
    pub(crate) memory: &'a MemoryBudget,
    pub(crate) shutdown: Shutdown,
}

impl Session {
    /// A session in this relay's memory.
    pub(crate) fn new(id: SessionId, owner: LimitKey, origins: Origins<'_>) -> Self {
        let usage = Arc::<Usage>::default();
        let store =
            Arc::new(MemoryStore::new(origins.budget.log(origins.config, Arc::clone(&usage)), Arc::clone(&usage)));
        let (changed, mailboxes, rules) = Default::default();
        Self::with(id, Some(owner), origins, Stores { usage, store, shared: None, changed, mailboxes, rules })
    }

    /// A session that all relays of the site share. The client may have `most` of them.
    pub(crate) async fn create_shared(
        site: &Arc<SharedSite>,
        id: SessionId,
        (owner, most): (LimitKey, Option<usize>),
        origins: Origins<'_>,
    ) -> Result<Self, SiteError> {
        let stored = Stored::create(site, &id, &watch_name(&id), owner, most).await?;
        Self::shared(site, id, Some(owner), stored, origins).ok_or(SiteError::Unreachable)
    }

    /// Finds a session of the site by either of its names.
    pub(crate) async fn find_shared(
        site: &Arc<SharedSite>,
        name: &SessionId,
        origins: Origins<'_>,
    ) -> Result<Option<Self>, SiteError> {
        let watch = if name.is_watch_only() { name.clone() } else { watch_name(name) };
        let Some((id, stored)) = Stored::find(site, &watch).await? else { return Ok(None) };
        if !name.is_watch_only() && *name != id {
            return Ok(None);
        }
        Self::shared(site, id, None, stored, origins).map(Some).ok_or(SiteError::Unreachable)
    }

    fn shared(
        site: &Arc<SharedSite>,
        id: SessionId,
        owner: Option<LimitKey>,
        stored: Stored,
        origins: Origins<'_>,
    ) -> Option<Self> {
        let usage = Arc::new(Usage::of_age(stored.age));
        let (changed, mailboxes, rules) = <(Arc<Notify>, Arc<Mailboxes>, Arc<SessionRules>)>::default();
        let parts = Parts {
            tail: origins.budget.log(origins.config, Arc::clone(&usage)),
            usage: Arc::clone(&usage),
            changed: Arc::clone(&changed),
            mailboxes: Arc::clone(&mailboxes),
            rules: Arc::clone(&rules),
            memory: origins.memory.clone(),
            shutdown: origins.shutdown.clone(),
        };
        let shared = stored.open(site, &watch_name(&id), parts)?;
        let store = Arc::clone(&shared) as Arc<dyn Store>;
        Some(Self::with(id, owner, origins, Stores { usage, store, shared: Some(shared), changed, mailboxes, rules }))
    }

    fn with(id: SessionId, owner: Option<LimitKey>, origins: Origins<'_>, stores: Stores) -> Self {
        let Stores { usage, store, shared, changed, mailboxes, rules } = stores;
        Self {
            watch_name: watch_name(&id),
            id,
            owner,
            had_connection: AtomicBool::new(false),
            began_at: SystemTime::now().checked_sub(usage.age()).unwrap_or(SystemTime::UNIX_EPOCH),
            usage,
            store,
            shared,
            concealer: Concealer::new(&origins.config.conceal_header),
            changed,
            mailboxes,
            rules,
            script: HeldScript::default(),
            export_slot: OwnSlot::default(),
            grading_slot: OwnSlot::default(),
            gradings: Bucket::new(GRADINGS),
            shutdown: origins.shutdown,
        }
    }

    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    /// How many observers there are, and how many of their commands wait.
    pub(crate) fn observers_and_commands(&self) -> (usize, usize) {
        (self.usage.present(Role::Observer), self.mailboxes.waiting_count())
    }

    /// The name with which one can only watch and export.
    pub(crate) fn watch_name(&self) -> &SessionId {
        &self.watch_name
    }

    /// The clients that created it; `None` if they did on another relay.
    pub(crate) fn owner(&self) -> Option<LimitKey> {
        self.owner
    }

    /// Whether nobody would miss it: it has recorded only refused requests, and nobody observes it.
    pub(crate) fn is_empty(&self) -> bool {
        !self.had_connection.load(Ordering::Relaxed) && self.usage.is_idle()
    }

    /// When the session began, as wall-clock time.
    pub(crate) fn began(&self) -> SystemTime {
        self.began_at
    }

    pub(crate) fn now_us(&self) -> u64 {
        self.usage.now_us()
    }

    /// Makes sure that the next [`Session::next_connection`] has a number that no other relay gives out.
    pub(crate) async fn reserve_connection(&self) {
        if self.shared.is_some() {
            self.store.reserve_connection().await;
        }
    }

    /// The number of the next connection or refused request.
    pub(crate) fn next_connection(&self) -> ConnectionNumber {
        self.store.next_connection()
    }

    /// Counts the connections of a behavior that takes turns, from 0.
    pub(crate) async fn next_turn(&self) -> usize {
        self.store.next_turn().await
    }

    /// Whether a connection or refused request has had that number.
    pub(crate) fn has_seen(&self, connection: ConnectionNumber) -> bool {
        self.store.has_seen(connection)
    }

    /// Puts the commands for a connection into `mailbox`, until [`Session::close_mailbox`].
    pub(crate) fn open_mailbox(&self, connection: ConnectionNumber, mailbox: &Arc<Mailbox>) {
        self.mailboxes.open(connection, mailbox);
    }

    /// Closes the mailbox of a connection and returns the remaining commands.
    pub(crate) fn close_mailbox(&self, connection: ConnectionNumber) -> impl Iterator<Item = PendingCommand> + use<> {
        self.mailboxes.close(connection)
    }

    /// Gives a command to its connection, on whichever relay that is.
    pub(crate) fn command(&self, pending: PendingCommand) -> Result<(), (MailboxError, PendingCommand)> {
        match self.mailboxes.of(pending.connection) {
            Some(mailbox) => mailbox.put(pending),
            None => self.store.send_elsewhere(pending).map_err(|pending| (MailboxError::Closed, pending)),
        }
    }

    /// Appends what happened on a connection, with one time stamp, and empties `records`.
    pub(crate) fn append(&self, connection: ConnectionNumber, records: &mut Records) {
        self.append_twins([connection, connection], records);
    }

    /// The same for frames that crossed two connections, first the one at index 0.
    pub(crate) fn append_twins(&self, connections: [ConnectionNumber; 2], records: &mut Records) {
        self.append_changing(connections, records, None);
    }

    fn append_changing(&self, connections: [ConnectionNumber; 2], records: &mut Records, change: Option<Change>) {
        let is_visible = self.store.append(connections, records, change);
        // An observer that arrives after this check reads the log after this append.
        if is_visible && self.usage.present(Role::Observer) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Appends a single event. All handshakes enter the log here, without the values of credentials.
    pub(crate) fn append_event(&self, connection: ConnectionNumber, event: &Event) {
        if let Event::Opening(_) = event {
            self.had_connection.store(true, Ordering::Relaxed);
        }
        let concealed = self.concealer.conceal(event);
        let mut records = Records::pooled();
        records.event(concealed.as_ref().unwrap_or(event));
        self.append_changing([connection; 2], &mut records, Change::of(connection, event));
        records.give_back();
    }

    /// The number of the last observation.
    pub(crate) fn last(&self) -> Seq {
        self.store.last()
    }

    /// What follows number `after`, as much as fits into one message.
    pub(crate) fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract {
        self.store.extract(after, max_count, max_json)
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

    /// The slot for the one export at a time.
    pub(crate) fn export_slot(&self) -> OwnSlot {
        self.export_slot.clone()
    }

    /// The slot for the one grading at a time.
    pub(crate) fn grading_slot(&self) -> OwnSlot {
        self.grading_slot.clone()
    }

    /// Counts a grading, or says how long to wait for the next one.
    pub(crate) fn grade_one(&self) -> Result<(), Duration> {
        self.gradings.take_one()
    }

    /// The session has passed this challenge, so nothing of it is concealed any more.
    pub(crate) fn pass(&self, challenge: &str) {
        self.store.pass(challenge);
    }

    pub(crate) fn has_passed(&self, challenge: &str) -> bool {
        self.store.has_passed(challenge)
    }

    /// Whether no lab connection is open here. Observers can then see how the last one ended.
    pub(crate) fn is_quiet(&self) -> bool {
        self.usage.present(Role::Connection) == 0 && self.store.is_settled()
    }

    /// Whether several relays share it.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Whether recording is interrupted, if several relays share it.
    pub(crate) fn interruptions(&self) -> Option<watch::Receiver<bool>> {
        self.store.interruptions()
    }

    /// The registry has it now.
    pub(crate) fn enlist(&self) {
        if let Some(shared) = &self.shared {
            shared.enlist();
        }
    }

    /// Whether it goes on without this object, or was ended on another relay.
    pub(crate) fn is_retired(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.is_retired())
    }

    pub(crate) fn touch(&self) {
        self.usage.touch();
    }

    /// How long the session has been unused.
    pub(crate) fn idle(&self) -> Duration {
        if self.usage.is_idle() { self.usage.unused_for() } else { Duration::ZERO }
    }

    /// Tells connections and observers to end, on all relays. Stops them after `grace`.
    pub(crate) async fn end(&self, grace: Duration) {
        self.store.end_elsewhere().await;
        let left = async || loop {
            let mut changed = pin!(self.changed());
            changed.as_mut().enable();
            if self.usage.is_idle() {
                return;
            }
            changed.await;
        };
        self.shutdown.end_session(grace, left).await;
        self.store.remove().await;
    }

    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// How many participants of that role there are.
    pub(crate) fn present(&self, role: Role) -> usize {
        self.usage.present(role)
    }

    /// About how much memory its log takes, in bytes.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.store.log_bytes()
    }
}

/// What a new session is made of.
struct Stores {
    usage: Arc<Usage>,
    store: Arc<dyn Store>,
    shared: Option<Arc<SharedSession>>,
    changed: Arc<Notify>,
    mailboxes: Arc<Mailboxes>,
    rules: Arc<SessionRules>,
}
