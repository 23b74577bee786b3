//! Which connections of the lab are the far legs of a way over a middlebox: known by where they come from.

use super::tunnel::Tunnel;
use crate::session::Session;
use observation::{ConnectionNumber, Hop, Leg, Middle, SessionId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legs(Arc<Mutex<HashMap<SocketAddr, Expected>>>);

/// What is known of a far leg before the lab has heard of it.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// It comes from a box that has read the request.
    Box { session: SessionId, near: ConnectionNumber, middle: Middle },
    /// It comes from one that cannot know whose it is.
    Tunnel(Arc<Tunnel>),
}

/// Forgets the leg when dropped.
#[derive(Debug)]
pub(super) struct Registered {
    legs: Legs,
    address: SocketAddr,
}

impl Legs {
    /// Says what will come from `address`, the near end of a line that a box has opened.
    pub(super) fn expect(&self, address: SocketAddr, expected: Expected) -> Registered {
        self.lock().insert(address, expected);
        Registered { legs: self.clone(), address }
    }

    /// Of which hop a request is the far leg that came into `session` from `peer`; `None` for what comes straight.
    pub(crate) fn hop(&self, peer: SocketAddr, session: &Arc<Session>) -> Option<Hop> {
        let expected = self.lock().get(&peer).cloned()?;
        let (near, middle) = match expected {
            Expected::Box { session: of, near, middle } => (*session.id() == of).then_some((near, middle))?,
            Expected::Tunnel(tunnel) => tunnel.join(session)?,
        };
        Some(Hop { leg: Leg::Far, middle, other: Some(near), server: None })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Expected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.legs.lock().remove(&self.address);
    }
}
