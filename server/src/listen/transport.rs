//! What carries a connection's HTTP.

use super::arrival::Arrival;
use super::connection_id::ConnectionId;
use super::record_capture::RecordCapture;
use crate::args::Config;
use crate::client::{self, ClientAddress, KnownBy, is_trusted};
use axum::http::HeaderMap;
use observation::{Front, Route};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::Instant;

/// What is known of a connection before its first request.
pub(super) struct Transport {
    pub(super) id: ConnectionId,
    /// The other end of the TCP connection.
    pub(super) peer: SocketAddr,
    /// Who opened the connection.
    pub(super) client: ClientAddress,
    pub(super) route: Route,
    pub(super) record_capture: Option<RecordCapture>,
    pub(super) config: Arc<Config>,
}

impl Transport {
    /// A TCP connection without TLS.
    pub(super) fn new(id: ConnectionId, peer: SocketAddr, client: ClientAddress, config: Arc<Config>) -> Self {
        let front = (client.known_by == KnownBy::ProxyProtocol).then(Front::of_proxy_protocol);
        Self { id, peer, client, route: Route { front, ..Route::default() }, record_capture: None, config }
    }

    /// Who made the request with these headers, and how it arrived. The rest of the arrival is known to the version of HTTP.
    pub(super) fn arrival(&self, headers: &HeaderMap) -> (ClientAddress, Arrival) {
        let trusted = &self.config.trusted_proxy;
        let (client, front) = client::identify(self.client, headers, trusted);
        // The place of a proxy's connection counts for nobody, unless the proxy named its client.
        let counts = self.client.known_by == KnownBy::ProxyProtocol || !is_trusted(trusted, self.client.ip);
        let arrival = Arrival {
            id: self.id,
            at: Instant::now(),
            text: None,
            route: Route { front, ..self.route.clone() },
            peer: self.peer,
            record_capture: self.record_capture.clone(),
            head_capture: None,
            busy: None,
            counted: counts.then(|| self.client.limit_key()),
            client: None,
            place: None,
        };
        (client, arrival)
    }
}
