//! Places for open connections: each TCP connection has one, each WebSocket on a shared connection, and each connection that the
//! relay opens.

use super::client::{Client, Share};
use super::kinds::Counted;
use super::over_limit::OverLimit;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of a relay. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Semaphore>);

/// A place, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_relay: Option<OwnedSemaphorePermit>,
    _of_client: Option<Share>,
    /// Of the other server that the connection leads to.
    _of_server: Option<OwnedSemaphorePermit>,
}

/// Why there is no place.
#[derive(Debug, Error)]
pub(crate) enum NoPlace {
    #[error("this relay has reached its maximum number of connections; close one, or try again soon")]
    Full,
    #[error("{0}")]
    Client(OverLimit),
}

impl Places {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))))
    }

    /// How many are free.
    pub(crate) fn free(&self) -> usize {
        self.0.available_permits()
    }

    /// Takes a place that also counts for `client`, if there is one.
    pub(crate) fn take(&self, client: Option<&Arc<Client>>) -> Result<Place, NoPlace> {
        let shared = self.share(client)?;
        let of_relay = Arc::clone(&self.0).try_acquire_owned().map_err(|_| NoPlace::Full)?;
        Ok(Place { _of_relay: Some(of_relay), ..shared })
    }

    /// The same for a connection that has a place of the relay already, but counts for no client.
    pub(crate) fn share(&self, client: Option<&Arc<Client>>) -> Result<Place, NoPlace> {
        let of_client = client.map(|client| client.enter(Counted::Connections)).transpose().map_err(NoPlace::Client)?;
        Ok(Place { _of_relay: None, _of_client: of_client, _of_server: None })
    }
}

impl Place {
    /// Counts for the client of `share` from now on.
    pub(crate) fn counting(self, share: Self) -> Self {
        Self { _of_client: share._of_client, ..self }
    }

    /// Holds one of the connections to another server too.
    pub(crate) fn and(self, of_server: OwnedSemaphorePermit) -> Self {
        Self { _of_server: Some(of_server), ..self }
    }
}

impl NoPlace {
    /// The name of the reason in the metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Full => "relay-full",
            Self::Client(_) => "client-limit",
        }
    }

    /// The status of an answer that says so.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Full => 503,
            Self::Client(_) => 429,
        }
    }

    /// When to try again, in whole seconds.
    pub(crate) fn retry_after(&self) -> u64 {
        match self {
            Self::Full => 10,
            Self::Client(over) => over.retry_after(),
        }
    }
}
