//! A middlebox in front of TLS. It has its own port, forwards to the relay's TLS port, and sees only encrypted bytes. The lab at
//! the other end knows the session, so the client side joins that session once the lab has read the request.

use super::bridge::{Bridge, BridgeObserver};
use super::direction::Direction;
use super::interference::Interference;
use super::reach::own_address;
use crate::legs::{ExpectedLeg, TunnelLeg};
use crate::listen::record_capture::RecordSplitter;
use crate::listen::{ConnectionSlot, Stream};
use crate::middlebox::Middlebox;
use crate::state::AppState;
use observation::event::{Cause, Closed, Count};
use observation::{Act, Event, Party, Records};
use rustls::server::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// The pause after a failed accept.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// How many bytes at the beginning are searched for a server name.
const HELLO: usize = 16 << 10;

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

    fn act(&mut self, act: Act) {
        self.tunnel.note(Event::Act(act));
    }

    fn both_closed(&self) -> bool {
        // A middlebox in front of TLS cannot see close frames.
        false
    }

    fn close_frames(&mut self) -> [Vec<u8>; 2] {
        Default::default()
    }

    fn over(mut self, near: Cause, _: Cause) {
        self.cause = Some(near);
    }
}

impl Drop for TunnelObserver {
    fn drop(&mut self) {
        let cause = self.cause.take().unwrap_or(Cause::ConnectionLost);
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
    loop {
        let accepted = tokio::select! {
            () = app.shutdown.asked() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                continue;
            }
        };
        // A client that expects TLS could not read an error, so close without one.
        if let Ok(slot) = Arc::clone(&app.connection_slots).try_acquire_owned() {
            app.shutdown.spawn(pass(stream, slot, middlebox.clone(), own_address(tls), app.clone()));
        }
    }
}

async fn pass(near: TcpStream, slot: OwnedSemaphorePermit, middlebox: Middlebox, tls: SocketAddr, app: AppState) {
    let Ok(far) = TcpStream::connect(tls).await else { return };
    let (Ok(()), Ok(()), Ok(address)) = (near.set_nodelay(true), far.set_nodelay(true), far.local_addr()) else {
        return;
    };
    let tunnel = Arc::new(TunnelLeg::new(middlebox.name));
    let _registered = app.legs.expect(address, ExpectedLeg::Tunnel(Arc::clone(&tunnel)));
    let crossing = TunnelObserver {
        tunnel,
        up: RecordSplitter::default(),
        down: RecordSplitter::default(),
        hello: Some((Acceptor::default(), 0)),
        bytes: [0; 2],
        cause: None,
    };
    let interference = Interference::new(&middlebox.kind, Instant::now());
    let near = (Stream::Plain(near), ConnectionSlot::Own { _permit: slot });
    Box::new(Bridge::new(near, Stream::Plain(far), Default::default(), crossing, interference, app)).run().await;
}
