//! This relay's part in a site of several relays: its link to Redis, and the sessions that it has.

use super::keys::{client_hash, session_hash};
use super::link::{Connection, RedisUrlError, Target, Unreachable};
use super::message::Sent;
use super::queue::Queue;
use super::scripts::Script;
use crate::args::Config;
use crate::limits::Client;
use crate::session::usage::Role;
use observation::SessionId;
use redis::{FromRedisValue, RedisError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;

/// The format of everything in Redis. Relays of another format cannot share sessions.
pub(super) const FORMAT: u32 = 1;
/// The connection numbers that a relay makes up without Redis begin at a multiple of this for each relay.
pub(super) const MADE_UP: u32 = 1_000_000;
const SLOTS: u32 = 4_000;

/// What all relays of a site must have in common.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The public key of receipts.
    pub(crate) key: String,
    /// The relay's version, and a hash of its course.
    pub(crate) version: &'static str,
    pub(crate) course: String,
    /// Makes hashes of addresses, the same on all relays.
    pub(crate) secret: Vec<u8>,
}

/// Why a relay cannot share sessions. The message says what to do.
#[derive(Debug, Error)]
pub enum SharedError {
    #[error(transparent)]
    Url(#[from] RedisUrlError),
    #[error(
        "--redis needs --receipt-key FILE, the same on all relays: each relay signs receipts for the sessions of all"
    )]
    NoReceiptKey,
    #[error(
        "cannot use the Redis of --redis: {0}; check its address and password, or wait for it with --redis-wait 1m"
    )]
    Unreachable(#[source] Unreachable),
    #[error(
        "the relays on this Redis use data format {0}, and this one format {FORMAT}; stop them first, or choose another --redis-prefix"
    )]
    Format(String),
    #[error(
        "the relays on this Redis sign receipts with another key, {0}; give all of them the same --receipt-key, or choose another --redis-prefix"
    )]
    Key(String),
    #[error(
        "the relays on this Redis have the same version and another course; give all of them the same --course, or choose another --redis-prefix"
    )]
    Course,
}

/// Why a session cannot be created or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SiteError {
    Unreachable,
    Full,
    Client,
}

/// `S` is the relay's object for a session.
pub(crate) struct Site<S> {
    prefix: String,
    pub(super) target: Target,
    pub(super) identity: Identity,
    pub(super) lease: Duration,
    pub(super) log_count: u64,
    pub(super) log_bytes: u64,
    /// How many bytes of a payload are recorded at most.
    pub(super) payload_cap: u64,
    pub(super) ttl_ms: u64,
    pub(super) grace: Duration,
    max_sessions: usize,
    /// The id of this relay. After it was taken for lost, it gets another one.
    relay: RwLock<Arc<str>>,
    slot: AtomicU32,
    /// How many connection numbers this relay has made up without Redis.
    made_up: AtomicU32,
    link: watch::Sender<Option<Connection>>,
    interrupted: watch::Sender<bool>,
    sessions: Mutex<HashMap<String, Weak<S>>>,
    pub(super) queue: Queue<S>,
    pub(super) sent: Sent,
}

impl<S> std::fmt::Debug for Site<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("relay", &self.relay()).finish_non_exhaustive()
    }
}

impl<S> Site<S> {
    /// A part in the site that `url` and the prefix stand for, without a link yet.
    pub(super) fn new(config: &Config, url: &str, identity: Identity) -> Result<Self, RedisUrlError> {
        let options = &config.redis;
        let target = Target::new(url, options)?;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            prefix: options.redis_prefix.clone(),
            target,
            identity,
            lease: options.redis_lease,
            log_count: config.log_count as u64,
            log_bytes: config.log_bytes,
            payload_cap: config.payload_cap,
            ttl_ms: millis(config.session_ttl),
            grace: config.shutdown_grace,
            max_sessions: config.max_sessions,
            relay: RwLock::new(relay_id()),
            slot: AtomicU32::new(0),
            made_up: AtomicU32::new(0),
            link: watch::Sender::new(None),
            interrupted: watch::Sender::new(false),
            sessions: Mutex::default(),
            queue: Queue::new(options.redis_outbox),
            sent: Sent::default(),
        })
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn client_key(&self, client: &Client) -> String {
        self.key(&format!("c:{}", client_hash(&self.identity.secret, &client.key().to_string())))
    }

    pub(super) fn relay(&self) -> Arc<str> {
        Arc::clone(&self.relay.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_slot(&self, slot: u32) {
        self.slot.store(slot % SLOTS, Ordering::Relaxed);
    }

    /// A connection number that no other relay gives out, for a time without Redis.
    pub(super) fn made_up(&self) -> u32 {
        let count = self.made_up.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        MADE_UP * (1 + self.slot.load(Ordering::Relaxed)) + count % MADE_UP
    }

    pub(super) fn set_link(&self, link: Connection) {
        self.link.send_replace(Some(link));
    }

    /// The link, once there is one.
    pub(super) async fn linked(&self) -> Connection {
        let mut links = self.link.subscribe();
        loop {
            if let Some(link) = links.borrow_and_update().clone() {
                return link;
            }
            // The sender lives as long as `self`.
            let _ = links.changed().await;
        }
    }

    /// The link, if there is one.
    pub(super) fn link(&self) -> Option<Connection> {
        self.link.borrow().clone()
    }

    /// Resolves when that link is given up.
    pub(super) async fn unlinked(&self, link: &Connection) {
        let mut links = self.link.subscribe();
        let _ = links.wait_for(|now| now.as_ref().is_none_or(|now| !now.is_same(link))).await;
    }

    /// Gives up a link that does not work.
    pub(super) fn broken(&self, link: &Connection, error: &RedisError) {
        let given_up = self.link.send_if_modified(|now| now.take_if(|now| now.is_same(link)).is_some());
        if given_up {
            tracing::warn!(%error, "Redis does not answer: sessions go on, and what they record waits");
            self.interrupted.send_replace(true);
        }
    }

    pub(super) fn restored(&self) {
        if self.interrupted.send_replace(false) {
            tracing::info!("Redis answers again");
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Whether recording is interrupted.
    pub(super) fn interruptions(&self) -> watch::Receiver<bool> {
        self.interrupted.subscribe()
    }

    /// Calls a script. `None` without Redis.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        script: Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Option<T> {
        let link = self.link()?;
        let answer = link.call(script, keys, arguments).await;
        match answer.and_then(|answer| Ok(redis::from_redis_value::<T>(answer)?)) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.broken(&link, &error);
                None
            }
        }
    }

    /// Puts a message into a relay's inbox. An empty one only wakes the relay.
    pub(super) async fn deliver(&self, relay: &str, message: &str) {
        let (inbox, relays) = (self.key(&format!("in:{relay}")), self.key("relays"));
        let _: Option<u32> = self.call(Script::Answer, &[&relays, &inbox], &[relay, message].map(str::as_bytes)).await;
    }

    pub(super) async fn enter(
        &self,
        session: &str,
        role: Role,
        present: usize,
        limit: usize,
        client: Option<&Arc<Client>>,
    ) -> Option<String> {
        let counted = role.counted();
        let (of_client, most) = client.map_or((0, None), |client| (client.present(counted), client.most(counted)));
        let most = most.map_or_else(|| "-1".to_owned(), |most| most.to_string());
        let client = client.map_or_else(|| session.to_owned(), |client| self.client_key(client));
        let letter = if role == Role::Connection { "c" } else { "o" };
        let [present, limit, of_client] = [present, limit, of_client].map(|number| number.to_string());
        let (relay, relays) = (self.relay(), self.key("relays"));
        let arguments = [&*relay, letter, &present, &limit, &of_client, &most].map(str::as_bytes);
        self.call(Script::Enter, &[session, &relays, &client], &arguments).await
    }

    /// How many connections and observers this relay has, of a session or a client.
    pub(super) async fn tell_presence(&self, key: &str, present: [usize; 2]) {
        let [connections, observers] = present.map(|number| number.to_string());
        let relay = self.relay();
        let arguments = [&*relay, &connections, &observers].map(str::as_bytes);
        let _: Option<String> = self.call(Script::Present, &[key], &arguments).await;
    }

    /// Creates a session in Redis. Returns the time of Redis in microseconds.
    pub(super) async fn create(
        &self,
        watch_name: &SessionId,
        sealed_name: &[u8],
        owner: &str,
        most: Option<usize>,
    ) -> Result<u64, SiteError> {
        let hash = session_hash(watch_name);
        let (session, sessions) = (self.key(&format!("s:{hash}")), self.key("sessions"));
        let own = self.key(&format!("a:{}", client_hash(&self.identity.secret, owner)));
        let (ttl, max) = (self.ttl_ms.to_string(), self.max_sessions.to_string());
        let most = most.map_or_else(|| "-1".to_owned(), |most| most.to_string());
        let texts = [ttl.as_bytes(), max.as_bytes(), most.as_bytes(), self.prefix.as_bytes()];
        let arguments = [&[hash.as_bytes(), sealed_name][..], &texts].concat();
        let created = self.call::<(String, u64)>(Script::Create, &[&session, &sessions, &own], &arguments).await;
        let (status, now_us) = created.ok_or(SiteError::Unreachable)?;
        match &*status {
            "ok" => Ok(now_us),
            "client" => Err(SiteError::Client),
            _ => Err(SiteError::Full),
        }
    }

    /// Finds a session in Redis: the time there, the sealed name, the beginning, and the challenges passed.
    pub(super) async fn attach(
        &self,
        watch_name: &SessionId,
    ) -> Result<Option<(u64, Vec<u8>, u64, String)>, SiteError> {
        let hash = session_hash(watch_name);
        let keys = [format!("s:{hash}"), format!("l:{hash}"), "sessions".to_owned(), format!("ended:{hash}")];
        let keys = keys.map(|name| self.key(&name));
        let keys = keys.each_ref().map(String::as_str);
        let ttl = self.ttl_ms.to_string();
        let link = self.link().ok_or(SiteError::Unreachable)?;
        let answer = link.call(Script::Attach, &keys, &[hash.as_bytes(), ttl.as_bytes()]).await;
        let answer = answer.map_err(|error| {
            self.broken(&link, &error);
            SiteError::Unreachable
        })?;
        Ok(redis::from_redis_value(answer).ok())
    }

    /// The relay's object for a session, unless it has one by now.
    pub(super) fn remember(&self, hash: &str, session: &Arc<S>) {
        self.sessions().insert(hash.to_owned(), Arc::downgrade(session));
    }

    /// Forgets this object of a session, not a later one.
    pub(super) fn forget(&self, hash: &str, session: &S) {
        let mut sessions = self.sessions();
        if sessions.get(hash).is_some_and(|known| std::ptr::eq(known.as_ptr(), session)) {
            sessions.remove(hash);
        }
    }

    pub(super) fn session(&self, hash: &str) -> Option<Arc<S>> {
        self.sessions().get(hash)?.upgrade()
    }

    pub(super) fn all(&self) -> Vec<Arc<S>> {
        let mut sessions = self.sessions();
        sessions.retain(|_, session| session.strong_count() > 0);
        sessions.values().filter_map(Weak::upgrade).collect()
    }

    /// Begins anew under another id, unless that was done. Returns whether this call did it.
    pub(super) fn begin_anew(&self, lost: &str) -> bool {
        let mut relay = self.relay.write().unwrap_or_else(PoisonError::into_inner);
        let is_first = **relay == *lost;
        if is_first {
            *relay = relay_id();
        }
        is_first
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // What is dropped after the runtime has nobody to tell.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(task);
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Weak<S>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn relay_id() -> Arc<str> {
    let mut bits = [0; 8];
    // It must only differ from the others'.
    if getrandom::fill(&mut bits).is_err() {
        bits = fastrand::u64(..).to_le_bytes();
    }
    hex::encode(bits).into()
}
