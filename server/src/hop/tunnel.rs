//! A middlebox in front of TLS. It has its own port, forwards to the relay's TLS port, and sees only encrypted bytes. The lab at
//! the other end knows the session, so the client side joins that session once the lab has read the request.

use super::bridge::Bridge;
use super::bridge_observer::BridgeObserver;
use super::commands::{HopCommands, Taken};
use super::direction::Direction;
use super::interference::Interference;
use super::reach::{connect, own_address};
use crate::command_frames;
use crate::lab;
use crate::legs::{ExpectedLeg, TunnelLeg};
use crate::limits::Place;
use crate::listen::record_capture::RecordSplitter;
use crate::listen::{ConnectionSlot, Entered, Entrance, Outage, Seat, Stream, tune};
use crate::middlebox::Middlebox;
use crate::shutdown::Shutdown;
use crate::state::AppState;
use observation::command::DropBy;
use observation::event::{Cause, Closed, Count};
use observation::{Act, Event, Leg, Party, Records};
use rustls::server::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// How many bytes at the beginning are searched for a server name.
const HELLO: usize = 16 << 10;

const NO_KEYS: &str = "this middlebox is in front of TLS: it sees only encrypted records and has no keys, so it cannot add a frame, and any byte that it added would break TLS; send the command on the server side of the hop, where TLS ends, or drop, pause or resume this connection";

/// Records what crosses a tunnel.
struct TunnelObserver {
    tunnel: Arc<TunnelLeg>,
    up: RecordSplitter,
    down: RecordSplitter,
    /// Parses the first bytes until the server name is found, or they cannot contain one.
    hello: Option<(Acceptor, usize)>,
    /// How many bytes have crossed to the server and to the client.
    bytes: [u64; 2],
    cause: Option<Cause>,
    commands: HopCommands,
}

impl TunnelObserver {
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

impl BridgeObserver for TunnelObserver {
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool {
        let (from, cut, index) = match direction {
            Direction::ToServer => (Party::Client, &mut self.up, 0),
            Direction::ToClient => (Party::Server, &mut self.down, 1),
        };
        let mut records = Vec::new();
        cut.push(bytes, |record| records.push(record));
        self.bytes[index] += bytes.len() as u64;
        if direction == Direction::ToServer {
            self.read_hello(bytes);
        }
        if !records.is_empty() {
            self.tunnel.note(Event::Records(Records { from, records, missed: 0 }));
        }
        true
    }

    fn act(&mut self, _: Leg, act: Act) {
        self.tunnel.note(Event::Act(act));
    }

    fn both_closed(&self) -> bool {
        // A middlebox in front of TLS cannot see close frames.
        false
    }

    fn close_frames(&mut self, _: &Shutdown) -> [Vec<u8>; 2] {
        Default::default()
    }

    fn commands(&mut self) -> &mut HopCommands {
        &mut self.commands
    }

    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Leg, DropBy)>> {
        let pending = ready!(self.commands.poll_next(cx));
        let frame = if command_frames::sends(&pending.command) { Err(NO_KEYS.to_owned()) } else { Ok(None) };
        let drops = match self.commands.take(Leg::Near, pending, frame) {
            Taken::Waits => None,
            Taken::Done(_, act) => {
                self.tunnel.note(Event::Act(act));
                None
            }
            Taken::Drops(_, by, act) => {
                self.tunnel.note(Event::Act(act));
                Some((Leg::Near, by))
            }
        };
        Poll::Ready(drops)
    }

    fn insertion(&mut self, _: Direction) -> Option<Vec<u8>> {
        None
    }

    fn over(mut self, near: Cause, _: Cause) {
        self.cause = Some(near);
    }
}

impl Drop for TunnelObserver {
    fn drop(&mut self) {
        let cause = self.cause.take().unwrap_or(Cause::ConnectionLost);
        for (_, act) in self.commands.end(self.tunnel.close_mailbox()) {
            self.tunnel.note(Event::Act(act));
        }
        let count = |index: usize| Count { frames: 0, bytes: self.bytes[index] };
        let (client, server) = (count(0), count(1));
        let closed = Closed { first: None, code: None, reason: String::new(), clean: false, cause, client, server };
        self.tunnel.note(Event::Closed(closed));
    }
}

/// Binds a port for each middlebox in front of TLS: consecutive ports from `first`, or any ports if it is 0.
///
/// # Errors
/// When it cannot listen on one of the ports.
pub(crate) async fn bind(first: SocketAddr) -> Result<Vec<TcpListener>, (SocketAddr, std::io::Error)> {
    let mut listeners = Vec::new();
    for index in 0..Middlebox::all().len() {
        let mut address = first;
        if first.port() != 0 {
            let port = u16::try_from(index).ok().and_then(|index| first.port().checked_add(index));
            address.set_port(port.ok_or_else(|| (first, std::io::ErrorKind::AddrNotAvailable.into()))?);
        }
        listeners.push(TcpListener::bind(address).await.map_err(|error| (address, error))?);
    }
    Ok(listeners)
}

/// Connects each port through its middlebox to the relay's TLS port.
pub(crate) fn open(listeners: Vec<TcpListener>, tls: SocketAddr, app: &AppState) {
    for (listener, middlebox) in listeners.into_iter().zip(Middlebox::all()) {
        app.shutdown.spawn(listen(listener, middlebox.in_front_of_tls(), tls, app.clone()));
    }
}

/// Accepts connections until the relay shuts down. `tls` is the relay's TLS address.
async fn listen(listener: TcpListener, middlebox: Middlebox, tls: SocketAddr, app: AppState) {
    let (mut outage, entrance) = (Outage::default(), Entrance::new(&app));
    loop {
        let accepted = tokio::select! {
            () = app.shutdown.asked() => return,
            accepted = outage.accept(&listener) => accepted,
        };
        let Some((stream, peer)) = accepted else { continue };
        // A client that expects TLS could not read an error, so close without one.
        match entrance.take(peer, true).and_then(|near| Ok((near, app.places.take(None)?))) {
            Ok((near, far)) => {
                app.metrics.accepted();
                let (entrance, middlebox) = (entrance.clone(), middlebox.clone());
                app.shutdown.spawn(pass(stream, near, far, entrance, middlebox, own_address(tls), app.clone()));
            }
            Err(none) => app.metrics.turned_away(none.name()),
        }
    }
}

async fn pass(
    mut near: TcpStream,
    seat: Seat,
    far_place: Place,
    entrance: Entrance,
    middlebox: Middlebox,
    tls: SocketAddr,
    app: AppState,
) {
    if tune(&near).is_err() {
        return;
    }
    let Ok(Some(Entered { address, place, client })) = entrance.enter(&mut near, seat).await else { return };
    let slot = ConnectionSlot::own(place, client).and(far_place);
    let tunnel = Arc::new(TunnelLeg::new(middlebox.name));
    let expected = ExpectedLeg::Tunnel(Arc::clone(&tunnel));
    let Ok((far, _registered)) = connect(tls, &app.legs, address, expected).await else { return };
    let crossing = TunnelObserver {
        commands: HopCommands::new(Arc::clone(tunnel.mailbox())),
        tunnel,
        up: RecordSplitter::default(),
        down: RecordSplitter::default(),
        hello: Some((Acceptor::default(), 0)),
        bytes: [0; 2],
        cause: None,
    };
    let interference = Interference::new(&middlebox.kind, Instant::now());
    let near = (Stream::Plain(near), slot);
    let (far, patience) = (Stream::Plain(far), lab::HALF_CLOSED + app.config.close_timeout);
    Box::new(Bridge::new(near, far, Default::default(), crossing, interference, patience, app)).run().await;
}
