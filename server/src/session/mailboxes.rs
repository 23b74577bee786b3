//! The mailboxes of a session's open connections on this relay.

use super::mailbox::{Mailbox, PendingCommand};
use observation::ConnectionNumber;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locked for a lookup, and when a connection begins or ends.
#[derive(Debug, Default)]
pub(super) struct Mailboxes(Mutex<HashMap<ConnectionNumber, Arc<Mailbox>>>);

impl Mailboxes {
    /// Puts the commands for a connection into `mailbox`, until [`Mailboxes::close`].
    pub(super) fn open(&self, connection: ConnectionNumber, mailbox: &Arc<Mailbox>) {
        self.lock().insert(connection, Arc::clone(mailbox));
    }

    /// Closes the mailbox of a connection and returns the remaining commands.
    pub(super) fn close(&self, connection: ConnectionNumber) -> impl Iterator<Item = PendingCommand> + use<> {
        let mailbox = self.lock().remove(&connection);
        mailbox.map(|mailbox| mailbox.close()).into_iter().flatten()
    }

    /// The mailbox of an open connection.
    pub(super) fn of(&self, connection: ConnectionNumber) -> Option<Arc<Mailbox>> {
        self.lock().get(&connection).cloned()
    }

    /// How many commands wait.
    pub(super) fn waiting_count(&self) -> usize {
        self.lock().values().map(|mailbox| mailbox.waiting_count()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionNumber, Arc<Mailbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
