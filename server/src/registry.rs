//! All sessions by name: created, found, and removed when unused.

use crate::args::Config;
use crate::client::LimitKey;
use crate::limits::OverLimit;
use crate::memory::MemoryBudget;
use crate::metrics::Metrics;
use crate::session::{LogBudget, LogUsage, Origins, Session, SessionTag, SharedSite, SiteError};
use crate::shutdown::Shutdown;
use observation::SessionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;

#[derive(Debug)]
pub(crate) struct Registry {
    config: Arc<Config>,
    /// A plain lock, held for one lookup or for a scan that is bounded by `max_sessions`.
    sessions: Mutex<Sessions>,
    log_budget: Arc<LogBudget>,
    /// What compiled rules take.
    memory: MemoryBudget,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
    /// The relays that share sessions with this one.
    site: Option<Arc<SharedSite>>,
}

/// What all sessions together have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionUsage {
    pub(crate) sessions: usize,
    pub(crate) observers: usize,
    /// Commands that no connection has taken yet.
    pub(crate) commands: usize,
}

/// The sessions by each of their names.
#[derive(Debug, Default)]
struct Sessions {
    by_name: HashMap<SessionId, Arc<Session>>,
    by_watch_name: HashMap<SessionId, Arc<Session>>,
}

/// A session as it was found by one of its names.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) session: Arc<Session>,
    /// Whether the name allows only to watch and export.
    pub(crate) watch_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum CreateError {
    #[error("all {0} sessions are in use")]
    Full(usize),
    #[error("{0}")]
    Client(OverLimit),
    #[error("the system did not provide random bits")]
    NoRandomness,
    #[error("this relay cannot reach Redis")]
    NoRedis,
}

/// Why a session was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FindError {
    #[error("no session has this name")]
    Unknown,
    #[error("this relay cannot reach Redis, where it would look for the session")]
    NoRedis,
}

/// Why a tag leads to no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum TagError {
    #[error("no session has this tag: it may have expired or ended; `GET /sessions` lists those that exist")]
    Unknown,
    #[error("more than one session has this tag, so none was ended; wait until one of them has expired")]
    Ambiguous,
}

/// How long a client's own session must be unused before a new one of the same client may replace it.
const UNUSED: Duration = Duration::from_secs(60);

impl Registry {
    pub(crate) fn new(
        config: Arc<Config>,
        metrics: Arc<Metrics>,
        shutdown: Shutdown,
        site: Option<Arc<SharedSite>>,
    ) -> Self {
        let log_budget = Arc::new(LogBudget::new(config.all_logs_bytes));
        let memory = MemoryBudget::new(config.max_unfinished);
        Self { config, sessions: Mutex::default(), log_budget, memory, metrics, shutdown, site }
    }

    /// The memory budget of the whole relay.
    pub(crate) fn memory(&self) -> &MemoryBudget {
        &self.memory
    }

    fn origins(&self) -> Origins<'_> {
        let (budget, memory) = (&self.log_budget, &self.memory);
        Origins { config: &self.config, budget, memory, shutdown: self.shutdown.of_session() }
    }

    /// Creates a session of the clients at `owner`, which may have `most` of them. If there are too many, it replaces another one.
    pub(crate) async fn create(&self, owner: LimitKey, most: Option<usize>) -> Result<Arc<Session>, CreateError> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(|_| CreateError::NoRandomness)?;
        let id = SessionId::from_random(bits);
        let session = match &self.site {
            None => self.create_here(id, owner, most)?,
            Some(site) => {
                let created = Session::create_shared(site, id, (owner, most), self.origins()).await;
                let session = Arc::new(created.map_err(|error| match error {
                    SiteError::Unreachable => CreateError::NoRedis,
                    SiteError::Full => CreateError::Full(self.config.max_sessions),
                    SiteError::Client => CreateError::Client(OverLimit::sessions(owner, most.unwrap_or(0))),
                })?);
                self.keep(session)
            }
        };
        self.metrics.session_created();
        Ok(session)
    }

    fn create_here(&self, id: SessionId, owner: LimitKey, most: Option<usize>) -> Result<Arc<Session>, CreateError> {
        let session = Arc::new(Session::new(id, owner, self.origins()));
        let mut sessions = self.sessions();
        let own = sessions.by_name.values().filter(|session| session.owner() == Some(owner)).count();
        let replaced = if let Some(most) = most.filter(|most| own >= *most) {
            let empty = idlest(
                sessions.by_name.values().filter(|session| session.owner() == Some(owner) && session.is_empty()),
            );
            Some(empty.ok_or_else(|| CreateError::Client(OverLimit::sessions(owner, most)))?)
        } else if sessions.by_name.len() >= self.config.max_sessions {
            let found = to_replace(&sessions.by_name, owner, own);
            Some(found.ok_or(CreateError::Full(self.config.max_sessions))?)
        } else {
            None
        };
        if let Some(replaced) = replaced {
            sessions.remove(&replaced);
        }
        sessions.insert(Arc::clone(&session));
        Ok(session)
    }

    /// Whether all sessions are in use. A client that has fewer than others may still get one of theirs.
    pub(crate) fn is_full(&self) -> bool {
        let sessions = &self.sessions().by_name;
        sessions.len() >= self.config.max_sessions
            && idlest(sessions.values().filter(|session| session.is_empty())).is_none()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        self.sessions().by_name.values().cloned().collect()
    }

    /// Removes the session with that tag. Nobody finds it after that, but what runs in it goes on.
    pub(crate) fn take(&self, tag: &str) -> Result<Arc<Session>, TagError> {
        let mut sessions = self.sessions();
        let id = only(sessions.by_name.keys().filter(|id| SessionTag::of(id).as_str() == tag))?.clone();
        sessions.remove(&id).ok_or(TagError::Unknown)
    }

    pub(crate) fn usage(&self) -> SessionUsage {
        let sessions = self.all();
        let mut usage = SessionUsage { sessions: sessions.len(), ..SessionUsage::default() };
        for (observers, commands) in sessions.iter().map(|session| session.observers_and_commands()) {
            usage.observers += observers;
            usage.commands += commands;
        }
        usage
    }

    pub(crate) fn log_usage(&self) -> LogUsage {
        self.log_budget.usage()
    }

    /// Whether this relay shares sessions and cannot reach Redis.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.site.as_ref().is_some_and(|site| site.is_interrupted())
    }

    /// Finds a session by the name that allows everything, for a connection or a request that is recorded in it. That counts as use.
    pub(crate) async fn find(&self, name: &str) -> Result<Arc<Session>, FindError> {
        let Found { session, watch_only } = self.find_to_watch(name).await?;
        if watch_only {
            return Err(FindError::Unknown);
        }
        session.reserve_connection().await;
        Ok(session)
    }

    /// Finds a session by either of its names. That counts as use.
    pub(crate) async fn find_to_watch(&self, name: &str) -> Result<Found, FindError> {
        let id = SessionId::parse(name).ok_or(FindError::Unknown)?;
        let watch_only = id.is_watch_only();
        let session = match (self.find_here(&id), &self.site) {
            (Some(session), _) => session,
            (None, None) => return Err(FindError::Unknown),
            (None, Some(site)) => {
                let found = Session::find_shared(site, &id, self.origins()).await.map_err(|_| FindError::NoRedis)?;
                let session = self.keep(Arc::new(found.ok_or(FindError::Unknown)?));
                // After it is known here, so that no change is missed.
                session.adopt_rules().await;
                session
            }
        };
        session.touch();
        Ok(Found { session, watch_only })
    }

    /// A session that this relay has.
    fn find_here(&self, id: &SessionId) -> Option<Arc<Session>> {
        let mut sessions = self.sessions();
        let names = if id.is_watch_only() { &sessions.by_watch_name } else { &sessions.by_name };
        let session = Arc::clone(names.get(id)?);
        if !session.is_retired() {
            return Some(session);
        }
        sessions.remove(session.id());
        None
    }

    /// Keeps a session of the site, unless another request was faster.
    fn keep(&self, session: Arc<Session>) -> Arc<Session> {
        let mut sessions = self.sessions();
        match sessions.by_name.get(session.id()).filter(|earlier| !earlier.is_retired()) {
            Some(earlier) => Arc::clone(earlier),
            None => {
                session.enlist();
                sessions.insert(Arc::clone(&session));
                session
            }
        }
    }

    /// Removes unused sessions until the relay shuts down.
    pub(crate) async fn sweep(self: Arc<Self>) {
        // Often enough that no session stays much longer than its limit.
        let period = (self.config.session_ttl / 10).clamp(Duration::from_millis(50), Duration::from_secs(30));
        let mut ticks = tokio::time::interval(period);
        loop {
            tokio::select! {
                () = self.shutdown.asked() => return,
                _ = ticks.tick() => self.expire(),
            }
        }
    }

    fn expire(&self) {
        let mut sessions = self.sessions();
        let is_expired = |session: &&Arc<Session>| session.idle() > self.config.session_ttl;
        let expired: Vec<_> =
            sessions.by_name.values().filter(is_expired).map(|session| session.id().clone()).collect();
        // Dropped outside of the lock, because a log takes a while.
        let expired: Vec<_> = expired.iter().filter_map(|id| sessions.remove(id)).collect();
        drop(sessions);
        if !expired.is_empty() {
            tracing::debug!(sessions = expired.len(), "expired");
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    fn insert(&mut self, session: Arc<Session>) {
        self.by_watch_name.insert(session.watch_name().clone(), Arc::clone(&session));
        self.by_name.insert(session.id().clone(), session);
    }

    fn remove(&mut self, id: &SessionId) -> Option<Arc<Session>> {
        let session = self.by_name.remove(id)?;
        self.by_watch_name.remove(session.watch_name());
        Some(session)
    }
}

/// The only one. A tag is a short hash, so two sessions can have the same.
fn only<T>(mut found: impl Iterator<Item = T>) -> Result<T, TagError> {
    let first = found.next().ok_or(TagError::Unknown)?;
    if found.next().is_some() { Err(TagError::Ambiguous) } else { Ok(first) }
}

/// The session to remove from a full relay for a new one of `asker`, who has `own` sessions. An empty one goes first. Otherwise, the
/// client that has most sessions loses one that is not in use, unless it has no more than the asker.
fn to_replace(sessions: &HashMap<SessionId, Arc<Session>>, asker: LimitKey, own: usize) -> Option<SessionId> {
    if let Some(empty) = idlest(sessions.values().filter(|session| session.is_empty())) {
        return Some(empty);
    }
    let mut counts = HashMap::<Option<LimitKey>, usize>::new();
    for session in sessions.values() {
        *counts.entry(session.owner()).or_default() += 1;
    }
    let unused = |session: &&Arc<Session>| match session.owner() {
        owner if owner == Some(asker) => session.idle() >= UNUSED,
        owner => counts[&owner] > own + 1 && !session.idle().is_zero(),
    };
    let most = sessions.values().filter(unused).map(|session| counts[&session.owner()]).max()?;
    idlest(sessions.values().filter(unused).filter(|session| counts[&session.owner()] == most))
}

/// The one that was unused for longest. A session that is in use is none.
fn idlest<'a>(sessions: impl Iterator<Item = &'a Arc<Session>>) -> Option<SessionId> {
    let unused = sessions.filter(|session| !session.idle().is_zero());
    unused.max_by_key(|session| session.idle()).map(|session| session.id().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_two_sessions_leads_to_neither() {
        assert_eq!(only([0; 0].iter()), Err(TagError::Unknown));
        assert_eq!(only([1].iter()), Ok(&1));
        assert_eq!(only([1, 2].iter()), Err(TagError::Ambiguous));
    }
}
