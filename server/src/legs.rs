//! Which connections to the lab are the server side of a middlebox. They are recognized by their source address.

use crate::client::{ClientAddress, KnownBy};
use crate::session::{Mailbox, PendingCommand, Session};
use observation::{ConnectionNumber, Deliberate, Event, Hop, Intermediary, Leg, SessionId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many events a tunnel keeps until its session is known.
const KEPT: usize = 64;

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerSideLegs(Arc<Mutex<HashMap<SocketAddr, (ClientAddress, ExpectedLeg)>>>);

/// What is known of a server side before the lab has its request.
#[derive(Clone, Debug)]
pub(crate) enum ExpectedLeg {
    /// From a middlebox that has read the request.
    Box { session: SessionId, near: ConnectionNumber, middle: Intermediary },
    /// From a middlebox in front of TLS, which does not know the session.
    Tunnel(Arc<TunnelLeg>),
}

/// What is between the client and the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// A middlebox that has read the request.
    Middlebox,
    /// A middlebox in front of TLS.
    Tunnel,
}

/// Removes the entry on drop.
#[derive(Debug)]
pub(crate) struct LegRegistration {
    legs: ServerSideLegs,
    address: SocketAddr,
}

impl ServerSideLegs {
    /// Registers a connection that will come from `address`, the middlebox's end of it. The middlebox makes it for `client`.
    pub(crate) fn expect(&self, address: SocketAddr, client: ClientAddress, expected: ExpectedLeg) -> LegRegistration {
        let client = ClientAddress { known_by: KnownBy::Middlebox, ..client };
        self.lock().insert(address, (client, expected));
        LegRegistration { legs: self.clone(), address }
    }

    /// Who is at the other end of the middlebox that the connection from `peer` comes through; `None` if it is direct.
    pub(crate) fn client(&self, peer: SocketAddr) -> Option<ClientAddress> {
        self.lock().get(&peer).map(|(client, _)| *client)
    }

    /// What the connection from `peer` comes through; `None` if it is direct.
    pub(crate) fn between(&self, peer: SocketAddr) -> Option<Between> {
        self.lock().get(&peer).map(|(_, expected)| match expected {
            ExpectedLeg::Box { .. } => Between::Middlebox,
            ExpectedLeg::Tunnel(_) => Between::Tunnel,
        })
    }

    /// The hop of a request that came into `session` from `peer`; `None` for a direct connection.
    pub(crate) fn hop(&self, peer: SocketAddr, session: &Arc<Session>) -> Option<Hop> {
        let (_, expected) = self.lock().get(&peer).cloned()?;
        let (near, middle) = match expected {
            ExpectedLeg::Box { session: of, near, middle } => (*session.id() == of).then_some((near, middle))?,
            ExpectedLeg::Tunnel(tunnel) => tunnel.join(session)?,
        };
        Some(Hop { leg: Leg::Far, middle, other: Some(near), server: None, address: None })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, (ClientAddress, ExpectedLeg)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LegRegistration {
    fn drop(&mut self) {
        self.legs.lock().remove(&self.address);
    }
}

/// The client side of a tunnel, as far as it is known.
#[derive(Debug)]
pub(crate) struct TunnelLeg {
    name: &'static str,
    state: Mutex<State>,
    /// Takes commands once the session is known.
    mailbox: Arc<Mailbox>,
}

#[derive(Debug)]
enum State {
    /// The session is not known yet.
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
        let state = Mutex::new(State::Unknown { kept: Vec::new(), server_name: None });
        Self { name, state, mailbox: Arc::default() }
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Takes no more commands, and returns those that are left.
    pub(crate) fn close_mailbox(&self) -> Vec<PendingCommand> {
        match &*self.lock() {
            State::Known { session, number } => session.close_mailbox(*number).collect(),
            // A session that is known only now must not put commands in any more.
            State::Unknown { .. } => self.mailbox.close().into(),
        }
    }

    /// Assigns the tunnel to that session and returns its number there. `None` if it belongs to another session.
    pub(crate) fn join(&self, session: &Arc<Session>) -> Option<(ConnectionNumber, Intermediary)> {
        let middle = Intermediary::Tunnel(self.name.to_owned());
        let mut state = self.lock();
        let (kept, server_name) = match &mut *state {
            State::Known { session: of, number } => return (of.id() == session.id()).then_some((*number, middle)),
            State::Unknown { kept, server_name } => (std::mem::take(kept), server_name.take()),
        };
        let number = session.next_connection();
        let hop = Hop { leg: Leg::Near, middle: middle.clone(), other: None, server: None, address: None };
        let tunnel = observation::Tunnel { hop, server_name, deliberate: self.reason() };
        session.append_event(number, &Event::Tunnel(tunnel));
        for event in kept {
            session.append_event(number, &event);
        }
        session.open_mailbox(number, &self.mailbox);
        *state = State::Known { session: Arc::clone(session), number };
        Some((number, middle))
    }

    /// Why the middlebox has no effect in front of TLS, if it has none.
    fn reason(&self) -> Vec<Deliberate> {
        let words = match self.name {
            "old-proxy" => "the proxy has nothing to remove here: it sees only TLS records",
            "rewrite" => "the proxy has no request to change here: it sees only TLS records",
            _ => return Vec::new(),
        };
        vec![Deliberate::by_middlebox(self.name, words)]
    }

    pub(crate) fn note(&self, event: Event) {
        match &mut *self.lock() {
            State::Known { session, number } => session.append_event(*number, &event),
            State::Unknown { kept, .. } if kept.len() < KEPT => kept.push(event),
            // A connection without a lab request by now was not opened by a learner.
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
