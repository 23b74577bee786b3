//! Lets a TCP connection in: finds out who opened it, and takes its place.

use crate::args::Config;
use crate::client::{self, ClientAddress, KnownBy, is_trusted};
use crate::legs::ServerSideLegs;
use crate::limits::{Client, Clients, NoPlace, Place, Places, Rated};
use crate::shutdown::Shutdown;
use crate::state::AppState;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// What all listeners share to let connections in. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    config: Arc<Config>,
    shutdown: Shutdown,
    places: Places,
    clients: Arc<Clients>,
    /// The relay's own middleboxes connect to the relay too.
    legs: ServerSideLegs,
}

/// The place of a connection whose client may not be known yet.
#[derive(Debug)]
pub(crate) struct Seat {
    peer: SocketAddr,
    speaks_tls: bool,
    place: Place,
    client: Option<Arc<Client>>,
    /// Whose connection it is, if one of the relay's own middleboxes makes it.
    forwarded: Option<ClientAddress>,
}

/// A connection that was let in.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) address: ClientAddress,
    pub(crate) place: Place,
    /// Whose limits apply. `None` if none do.
    pub(crate) client: Option<Arc<Client>>,
}

impl Entrance {
    pub(crate) fn new(app: &AppState) -> Self {
        let AppState { config, shutdown, places, clients, legs, .. } = app.clone();
        Self { config, shutdown, places, clients, legs }
    }

    /// Takes a place for a connection from `peer`, which may begin with a TLS handshake.
    pub(crate) fn take(&self, peer: SocketAddr, speaks_tls: bool) -> Result<Seat, NoPlace> {
        let (socket, forwarded) = (ClientAddress::of_socket(peer), self.legs.client(peer));
        // The connection of a middlebox was counted where its client connected. A proxy makes connections for many clients, and each
        // counts when it is known.
        let counts = forwarded.is_none() && !is_trusted(&self.config.trusted_proxy, socket.ip);
        let client = counts.then(|| self.clients.at(socket)).flatten();
        let place = spend(client.as_ref(), speaks_tls).and_then(|()| self.places.take(client.as_ref()));
        let place = place.inspect_err(|none| self.clients.notice_none(none))?;
        Ok(Seat { peer, speaks_tls, place, client, forwarded })
    }

    /// Finds out who opened the connection. `None` if it ends here: a proxy did not say.
    pub(crate) async fn enter(&self, stream: &mut TcpStream, seat: Seat) -> Result<Option<Entered>, NoPlace> {
        let Seat { peer, speaks_tls, place, client, forwarded } = seat;
        if let Some(address) = forwarded {
            return Ok(Some(Entered { address, place, client }));
        }
        let known = tokio::select! {
            known = client::client_of(stream, peer, &self.config) => known,
            () = self.shutdown.asked() => return Ok(None),
        };
        let address = match known {
            Ok(address) => address,
            Err(error) => {
                tracing::debug!(%error, "a connection from a trusted proxy was closed");
                return Ok(None);
            }
        };
        if address.known_by != KnownBy::ProxyProtocol {
            return Ok(Some(Entered { address, place, client }));
        }
        let client = self.clients.at(address);
        let counted = spend(client.as_ref(), speaks_tls).and_then(|()| self.places.share(client.as_ref()));
        let counted = counted.inspect_err(|none| self.clients.notice_none(none))?;
        Ok(Some(Entered { address, place: place.counting(counted), client }))
    }
}

/// A TLS handshake costs time.
fn spend(client: Option<&Arc<Client>>, speaks_tls: bool) -> Result<(), NoPlace> {
    match client {
        Some(client) if speaks_tls => client.spend(Rated::Handshakes).map_err(NoPlace::Client),
        _ => Ok(()),
    }
}
