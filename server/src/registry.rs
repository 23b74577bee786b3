//! All sessions by name: created, found, and removed when unused.

use crate::args::Config;
use crate::session::Session;
use crate::shutdown::Shutdown;
use observation::{Seq, SessionId};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;

#[derive(Debug)]
pub(crate) struct Registry {
    config: Arc<Config>,
    /// A plain lock, held for one lookup or for a scan that is bounded by `max_sessions`.
    sessions: Mutex<HashMap<SessionId, Arc<Session>>>,
    all_logs: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum CreateError {
    #[error("all {0} sessions are in use")]
    Full(usize),
    #[error("the system did not provide random bits")]
    NoRandomness,
}

impl Registry {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config, sessions: Mutex::default(), all_logs: Arc::default() }
    }

    /// Creates a session. If all are in use, it replaces the empty session that was unused for the longest time.
    pub(crate) fn create(&self) -> Result<Arc<Session>, CreateError> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(|_| CreateError::NoRandomness)?;
        let id = SessionId::from_random(bits);
        let session = Arc::new(Session::new(id.clone(), &self.config, Arc::clone(&self.all_logs)));
        let mut sessions = self.sessions();
        if sessions.len() >= self.config.max_sessions {
            let empty = sessions.values().filter(|session| session.last() == Seq(0) && !session.idle().is_zero());
            let idlest = empty.max_by_key(|session| session.idle()).map(|session| session.id().clone());
            let idlest = idlest.ok_or(CreateError::Full(self.config.max_sessions))?;
            sessions.remove(&idlest);
        }
        sessions.insert(id, Arc::clone(&session));
        Ok(session)
    }

    /// Finds a session, which counts as use.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Session>> {
        let id = SessionId::parse(name)?;
        let sessions = self.sessions();
        let session = sessions.get(&id)?;
        session.touch();
        Some(Arc::clone(session))
    }

    /// Removes unused sessions until the relay shuts down.
    pub(crate) async fn sweep(self: Arc<Self>, shutdown: Shutdown) {
        // Often enough that no session stays much longer than its limit.
        let period = (self.config.session_ttl / 10).clamp(Duration::from_millis(50), Duration::from_secs(30));
        let mut ticks = tokio::time::interval(period);
        loop {
            tokio::select! {
                () = shutdown.asked() => return,
                _ = ticks.tick() => self.expire(),
            }
        }
    }

    fn expire(&self) {
        let expired: Vec<_> =
            self.sessions().extract_if(|_, session| session.idle() > self.config.session_ttl).collect();
        if !expired.is_empty() {
            tracing::debug!(sessions = expired.len(), "expired");
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
