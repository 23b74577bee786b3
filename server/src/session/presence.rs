//! Who is in a session.

use super::Session;
use super::store::EnterError;
use super::usage::Role;
use crate::limits::Client;
use std::sync::Arc;

/// A connection or observer of a session, counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    session: Arc<Session>,
    role: Role,
    /// Whose it is, if they are limited.
    client: Option<Arc<Client>>,
}

/// Somebody reads the whole log, also what other relays have recorded.
#[derive(Debug)]
pub(crate) struct Following {
    session: Arc<Session>,
    /// Whether everything that was recorded before is readable. Otherwise, it becomes readable later.
    pub(crate) is_complete: bool,
}

impl Session {
    /// Makes everything readable that any relay has recorded, until the answer is dropped.
    pub(crate) async fn follow(self: &Arc<Self>) -> Following {
        // Dropping it has to undo what was begun, also if the wait is given up.
        let mut following = Following { session: Arc::clone(self), is_complete: false };
        following.is_complete = self.store.follow().await;
        following
    }

    /// Resolves at the next append, or when a participant leaves, after it was enabled or first polled.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Enters as `role`, unless the session's limit or that of the client is reached.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        role: Role,
        limit: usize,
        client: Option<Arc<Client>>,
    ) -> Result<Presence, EnterError> {
        if let Some(client) = &client {
            client.arrive(role.counted());
        }
        let entered = self.store.enter(role, limit, client.as_ref()).await;
        if let Some(client) = client.as_ref().filter(|_| entered.is_err()) {
            client.leave(role.counted());
        }
        entered.map(|()| Presence { session: Arc::clone(self), role, client })
    }
}

impl Presence {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.session.store.unfollow();
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(client) = &self.client {
            client.leave(self.role.counted());
        }
        self.session.store.leave(self.role, self.client.as_ref());
        // An observer may wait for the last connection to end.
        self.session.changed.notify_waiters();
    }
}
