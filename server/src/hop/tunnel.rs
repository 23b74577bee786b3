//! A middlebox in front of TLS: a port of its own, bytes that it passes on to where the relay speaks TLS, and no way to know
//! what they are. The lab, where they come out, knows whose they are, and then the box's leg gets its place in that session.

use super::bridge::{Bridge, Way, Witness};
use super::legs::Expected;
use super::meddling::Meddling;
use super::middlebox::Middlebox;
use super::via::own;
use crate::app::App;
use crate::listen::tap::Cut;
use crate::listen::{Place, Stream};
use crate::session::Session;
use observation::event::{Cause, Closed, Count};
use observation::{Act, ConnectionNumber, Deliberate, Event, Hop, Leg, Middle, Party, Records};
use rustls::server::Acceptor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// After a failed accept, how long to let things settle.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// Events that are kept until it is known whose they are.
const KEPT: usize = 64;
/// How much of the beginning is looked at for a name, in bytes.
const HELLO: usize = 16 << 10;

/// A line to a box, as far as it is known.
#[derive(Debug)]
pub(super) struct Tunnel {
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

impl Tunnel {
    fn new(name: &'static str) -> Self {
        Self { name, state: Mutex::new(State::Unknown { kept: Vec::new(), server_name: None }) }
    }

    /// It is of that session: its number there. `None` if it is of another.
    pub(super) fn join(&self, session: &Arc<Session>) -> Option<(ConnectionNumber, Middle)> {
        let middle = Middle::Tunnel(self.name.to_owned());
        let mut state = self.lock();
        let (kept, server_name) = match &mut *state {
            State::Known { session: of, number } => return (of.id() == session.id()).then_some((*number, middle)),
            State::Unknown { kept, server_name } => (std::mem::take(kept), server_name.take()),
        };
        let number = session.next_connection();
        let hop = Hop { leg: Leg::Near, middle: middle.clone(), other: None, server: None };
        let tunnel = observation::Tunnel { hop, server_name, deliberate: self.purpose() };
        session.append_event(number, &Event::Tunnel(tunnel));
        for event in kept {
            session.append_event(number, &event);
        }
        *state = State::Known { session: Arc::clone(session), number };
        Some((number, middle))
    }

    /// That it is here for nothing, if it is.
    fn purpose(&self) -> Vec<Deliberate> {
        let words = match self.name {
            "old-proxy" => "there is nothing here that the box could drop: all that it sees are TLS records",
            "rewrite" => "there is no request here that the box could change: all that it sees are TLS records",
            _ => return Vec::new(),
        };
        vec![Deliberate::of_box(self.name, words)]
    }

    fn note(&self, event: Event) {
        match &mut *self.lock() {
            State::Known { session, number } => session.append_event(*number, &event),
            State::Unknown { kept, .. } if kept.len() < KEPT => kept.push(event),
            // A line that has brought no request of a session by now is none that a learner has opened.
            State::Unknown { .. } => {}
        }
    }

    fn named(&self, name: Option<&str>) {
        if let State::Unknown { server_name, .. } = &mut *self.lock() {
            *server_name = name.map(str::to_owned);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What crosses a tunnel.
struct Crossing {
    tunnel: Arc<Tunnel>,
    up: Cut,
    down: Cut,
    /// Reads the first bytes, until they have told a name or are none that could.
    hello: Option<(Acceptor, usize)>,
    /// How many have crossed, up and down.
    bytes: [u64; 2],
    cause: Option<Cause>,
}

impl Crossing {
    fn read_hello(&mut self, mut bytes: &[u8]) {
        let Some((acceptor, seen)) = &mut self.hello else { return };
        *seen += bytes.len();
        while !bytes.is_empty() {
            let read = acceptor.read_tls(&mut bytes);
            match acceptor.accept() {
                Ok(None) if read.is_ok_and(|count| count > 0) && *seen < HELLO => continue,
                Ok(Some(accepted)) => self.tunnel.named(accepted.client_hello().server_name()),
                _ => {}
            }
            self.hello = None;
            return;
        }
    }
}

impl Witness for Crossing {
    fn passed(&mut self, way: Way, bytes: &mut [u8]) -> bool {
        let (from, cut, index) = match way {
            Way::Up => (Party::Client, &mut self.up, 0),
            Way::Down => (Party::Server, &mut self.down, 1),
        };
        let mut records = Vec::new();
        cut.push(bytes, |record| records.push(record));
        self.bytes[index] += bytes.len() as u64;
        if way == Way::Up {
            self.read_hello(bytes);
        }
        if !records.is_empty() {
            self.tunnel.note(Event::Records(Records { from, records, missed: 0 }));
        }
        true
    }

    fn act(&mut self, act: Act) {
        self.tunnel.note(Event::Act(act));
    }

    fn both_said_goodbye(&self) -> bool {
        // If they did, it was not for the box to see.
        false
    }

    fn farewell(&mut self) -> [Vec<u8>; 2] {
        Default::default()
    }

    fn over(mut self, near: Cause, _: Cause) {
        self.cause = Some(near);
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        let cause = self.cause.take().unwrap_or(Cause::LineBroke);
        let count = |index: usize| Count { frames: 0, bytes: self.bytes[index] };
        let (client, server) = (count(0), count(1));
        let closed = Closed { first: None, code: None, reason: String::new(), clean: false, cause, client, server };
        self.tunnel.note(Event::Closed(closed));
    }
}

/// Accepts until the relay is asked to end. `tls` is where the relay speaks TLS.
pub(crate) async fn listen(listener: TcpListener, middlebox: Middlebox, tls: SocketAddr, app: App) {
    loop {
        let accepted = tokio::select! {
            () = app.shutdown.asked() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection was accepted");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                continue;
            }
        };
        // Whoever expects TLS would not understand a word about there being no place.
        if let Ok(place) = Arc::clone(&app.places).try_acquire_owned() {
            app.shutdown.spawn(pass(stream, place, middlebox.clone(), own(tls), app.clone()));
        }
    }
}

async fn pass(near: TcpStream, place: OwnedSemaphorePermit, middlebox: Middlebox, tls: SocketAddr, app: App) {
    let Ok(far) = TcpStream::connect(tls).await else { return };
    let (Ok(()), Ok(()), Ok(address)) = (near.set_nodelay(true), far.set_nodelay(true), far.local_addr()) else {
        return;
    };
    let tunnel = Arc::new(Tunnel::new(middlebox.name));
    let _registered = app.legs.expect(address, Expected::Tunnel(Arc::clone(&tunnel)));
    let crossing = Crossing {
        tunnel,
        up: Cut::default(),
        down: Cut::default(),
        hello: Some((Acceptor::default(), 0)),
        bytes: [0; 2],
        cause: None,
    };
    let meddling = Meddling::new(&middlebox.kind, Instant::now());
    let near = (Stream::Plain(near), Place::Line { _permit: place });
    Box::new(Bridge::new(near, Stream::Plain(far), Default::default(), crossing, meddling, app)).run().await;
}
