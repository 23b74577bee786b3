//! Which connections of the lab are the far legs of a way over a middlebox: known by where they come from.

use crate::session::Session;
use observation::{ConnectionNumber, Deliberate, Event, Hop, Intermediary, Leg, SessionId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many events a tunnel keeps until its session is known.
const KEPT: usize = 64;

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerSideLegs(Arc<Mutex<HashMap<SocketAddr, ExpectedLeg>>>);

/// What is known of a far leg before the lab has heard of it.
#[derive(Clone, Debug)]
pub(crate) enum ExpectedLeg {
    /// It comes from a box that has read the request.
    Box { session: SessionId, near: ConnectionNumber, middle: Intermediary },
    /// It comes from one that cannot know whose it is.
    Tunnel(Arc<TunnelLeg>),
}

/// Forgets the leg when dropped.
#[derive(Debug)]
pub(crate) struct LegRegistration {
    legs: ServerSideLegs,
    address: SocketAddr,
}

impl ServerSideLegs {
    /// Says what will come from `address`, the near end of a line that a box has opened.
    pub(crate) fn expect(&self, address: SocketAddr, expected: ExpectedLeg) -> LegRegistration {
        self.lock().insert(address, expected);
        LegRegistration { legs: self.clone(), address }
    }

    /// Of which hop a request is the far leg that came into `session` from `peer`; `None` for what comes straight.
    pub(crate) fn hop(&self, peer: SocketAddr, session: &Arc<Session>) -> Option<Hop> {
        let expected = self.lock().get(&peer).cloned()?;
        let (near, middle) = match expected {
            ExpectedLeg::Box { session: of, near, middle } => (*session.id() == of).then_some((near, middle))?,
            ExpectedLeg::Tunnel(tunnel) => tunnel.join(session)?,
        };
        Some(Hop { leg: Leg::Far, middle, other: Some(near), server: None })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, ExpectedLeg>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LegRegistration {
    fn drop(&mut self) {
        self.legs.lock().remove(&self.address);
    }
}

/// A line to a box, as far as it is known.
#[derive(Debug)]
pub(crate) struct TunnelLeg {
    name: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Nobody knows whose it is.
    Unknown {
        kept: Vec<Event>,
        server_name: Option<String>,
    },
    Known {
        session: Arc<Session>,
        number: ConnectionNumber,
    },
}

impl TunnelLeg {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, state: Mutex::new(State::Unknown { kept: Vec::new(), server_name: None }) }
    }

    /// It is of that session: its number there. `None` if it is of another.
    pub(crate) fn join(&self, session: &Arc<Session>) -> Option<(ConnectionNumber, Intermediary)> {
        let middle = Intermediary::Tunnel(self.name.to_owned());
        let mut state = self.lock();
        let (kept, server_name) = match &mut *state {
            State::Known { session: of, number } => return (of.id() == session.id()).then_some((*number, middle)),
            State::Unknown { kept, server_name } => (std::mem::take(kept), server_name.take()),
        };
        let number = session.next_connection();
        let hop = Hop { leg: Leg::Near, middle: middle.clone(), other: None, server: None };
        let tunnel = observation::Tunnel { hop, server_name, deliberate: self.reason() };
        session.append_event(number, &Event::Tunnel(tunnel));
        for event in kept {
            session.append_event(number, &event);
        }
        *state = State::Known { session: Arc::clone(session), number };
        Some((number, middle))
    }

    /// That it is here for nothing, if it is.
    fn reason(&self) -> Vec<Deliberate> {
        let words = match self.name {
            "old-proxy" => "there is nothing here that the box could drop: all that it sees are TLS records",
            "rewrite" => "there is no request here that the box could change: all that it sees are TLS records",
            _ => return Vec::new(),
        };
        vec![Deliberate::by_middlebox(self.name, words)]
    }

    pub(crate) fn note(&self, event: Event) {
        match &mut *self.lock() {
            State::Known { session, number } => session.append_event(*number, &event),
            State::Unknown { kept, .. } if kept.len() < KEPT => kept.push(event),
            // A line that has brought no request of a session by now is none that a learner has opened.
            State::Unknown { .. } => {}
        }
    }

    pub(crate) fn named(&self, name: Option<&str>) {
        if let State::Unknown { server_name, .. } = &mut *self.lock() {
            *server_name = name.map(str::to_owned);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
