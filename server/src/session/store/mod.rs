//! What a session keeps and who is present in it, in this relay's memory or shared by several relays.

mod memory;

pub(super) use memory::MemoryStore;

use super::log::{Extract, Records};
use super::mailbox::PendingCommand;
use super::usage::Role;
use crate::limits::{Client, OverLimit};
use futures_util::future::BoxFuture;
use observation::{ConnectionNumber, Event, Intermediary, Leg, Route, Seq};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

/// A session's log, its counters, and its participants. What may have to ask other machines is asynchronous, and none of that is
/// on the path of a frame.
pub(super) trait Store: fmt::Debug + Send + Sync {
    /// Appends all `records` with one time stamp, and empties it. Twins belong to both connections, all others to the first.
    /// Returns whether observers of this relay can see them now.
    fn append(&self, connections: [ConnectionNumber; 2], records: &mut Records, change: Option<Change>) -> bool;

    /// The number of the last observation that observers of this relay can see.
    fn last(&self) -> Seq;

    /// What follows `after`: at most `max_count` observations and about `max_json` bytes as JSON, but at least one if there is any.
    fn extract(&self, after: Seq, max_count: usize, max_json: usize) -> Extract;

    /// About how much memory the log takes on this relay, in bytes.
    fn log_bytes(&self) -> u64;

    /// Makes sure that the next [`Store::next_connection`] knows a number.
    fn reserve_connection(&self) -> BoxFuture<'_, ()>;

    /// The number of the next connection or refused request.
    fn next_connection(&self) -> ConnectionNumber;

    /// Whether a connection or refused request has had that number, as far as this relay knows.
    fn has_seen(&self, connection: ConnectionNumber) -> bool;

    /// Counts the connections of a behavior that takes turns, from 0.
    fn next_turn(&self) -> BoxFuture<'_, usize>;

    /// Counts one more as `role`, unless a limit is reached.
    fn enter<'a>(
        &'a self,
        role: Role,
        limit: usize,
        client: Option<&'a Arc<Client>>,
    ) -> BoxFuture<'a, Result<(), EnterError>>;

    /// Somebody has left.
    fn leave(&self, role: Role, client: Option<&Arc<Client>>);

    /// Makes everything visible that has been appended anywhere, and keeps it so until [`Store::unfollow`]. Returns `false` if that
    /// is not possible yet.
    fn follow(&self) -> BoxFuture<'_, bool>;

    fn unfollow(&self);

    /// Whether everything that was appended here is visible.
    fn is_settled(&self) -> bool;

    /// Gives a command to the relay that has the connection. Gives it back if that can be none.
    fn send_elsewhere(&self, pending: PendingCommand) -> Result<(), PendingCommand>;

    /// The session has passed this challenge.
    fn pass(&self, challenge: &str);

    fn has_passed(&self, challenge: &str) -> bool;

    /// Whether recording is interrupted, for a session that several relays share.
    fn interruptions(&self) -> Option<watch::Receiver<bool>>;

    /// Nobody finds it any more, and other relays end their part.
    fn end_elsewhere(&self) -> BoxFuture<'_, ()>;

    /// Removes it for all relays.
    fn remove(&self) -> BoxFuture<'_, ()>;
}

/// What an observation means for a connection that another relay may have to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened(ConnectionNumber),
    Closed(ConnectionNumber),
}

impl Change {
    pub(super) fn of(connection: ConnectionNumber, event: &Event) -> Option<Self> {
        match event {
            Event::Opening(_) | Event::Tunnel(_) => Some(Self::Opened(connection)),
            // While its handshake is held, observers on other relays can decide about it.
            Event::Act(act) if act.handshake.is_some() => Some(Self::Opened(connection)),
            Event::Closed(_) => Some(Self::Closed(connection)),
            Event::Refusal(refusal) => is_client_of_relay(&refusal.route).then_some(Self::Closed(connection)),
            Event::Asked(_) | Event::Records(_) | Event::Frame(_) | Event::Act(_) | Event::Note(_) => None,
        }
    }
}

/// Whether it is the client side of `/relay`, where rules can hold a handshake.
fn is_client_of_relay(route: &Route) -> bool {
    route.hop.as_ref().is_some_and(|hop| hop.leg == Leg::Near && hop.middle == Intermediary::Relay)
}

/// Why nobody more may enter a session.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum EnterError {
    #[error("the session has the maximum number of participants")]
    Full,
    #[error("{0}")]
    Client(OverLimit),
}
