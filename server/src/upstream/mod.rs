//! Connections to other servers: looks up and checks the address, connects (`dial`), and adds TLS (`tls`).

mod dial;
mod tls;

pub(crate) use dial::{DialError, dial};
pub use tls::UpstreamsError;
pub(crate) use tls::{Explainer, explain_alert, trusting};

use crate::allowlist::AllowedServer;
use crate::listen::{self, Stream, tune};
use observation::Tls;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// The timeouts of these steps.
const LOOK_UP: Duration = Duration::from_secs(5);
const TLS: Duration = Duration::from_secs(5);

/// Which other servers are allowed, and how to verify them.
#[derive(Clone, Debug)]
pub(crate) struct Upstreams {
    pub(crate) allowed: Arc<[AllowedServer]>,
    /// The connections that may be open to each of them, in the same order.
    slots: Arc<[Arc<Semaphore>]>,
    most: usize,
    tls: Arc<ClientConfig>,
}

/// Why a server was not reached. The message is embedded in a sentence.
#[derive(Debug, Error)]
pub(crate) enum UpstreamError {
    #[error("the name `{0}` has no address; check its spelling")]
    NameUnknown(String),
    #[error("looking up the name `{0}` took longer than {seconds} seconds; check the DNS of this machine", seconds = LOOK_UP.as_secs())]
    NameSilent(String),
    #[error(
        "`{0}` resolves to an address that is not public, so the relay does not connect to it; its operator can allow that with \
         --relay-to-private and this server’s URL"
    )]
    AddressNotAllowed(String),
    #[error("the relay cannot connect to {0} ({1}); check that the server runs and that no firewall blocks it")]
    Unreachable(String, std::io::Error),
    #[error("{0} did not answer in time; check that the server runs and that no firewall blocks it")]
    Silent(String),
    #[error("this relay already has {1} connections to {0}, which is its limit for one server; try again soon")]
    Full(String, usize),
    #[error("TLS with {0} failed: {1}")]
    Tls(String, String),
}

impl UpstreamError {
    /// The status and the stable name of the refusal.
    pub(crate) fn status_and_rule(&self) -> (u16, &'static str) {
        match self {
            Self::NameUnknown(_) => (502, "name-unknown"),
            Self::Full(..) => (503, "too-many-relayed"),
            Self::AddressNotAllowed(_) => (403, "address-not-allowed"),
            Self::Unreachable(..) => (502, "unreachable"),
            Self::NameSilent(_) | Self::Silent(_) => (504, "upstream-timeout"),
            Self::Tls(..) => (502, "upstream-tls"),
        }
    }
}

/// An open connection to a server.
pub(crate) struct UpstreamConnection {
    pub(crate) stream: Stream,
    pub(crate) tls: Option<Tls>,
    pub(crate) address: SocketAddr,
}

impl Upstreams {
    /// `most` connections may be open to each server.
    pub(crate) fn new(
        allowed: Arc<[AllowedServer]>,
        most: usize,
        authorities: Option<&Path>,
        key_log: Option<&Path>,
    ) -> Result<Self, UpstreamsError> {
        let most = most.min(Semaphore::MAX_PERMITS);
        let slots = allowed.iter().map(|_| Arc::new(Semaphore::new(most))).collect();
        Ok(Self { allowed, slots, most, tls: Arc::new(tls::config(authorities, key_log)?) })
    }

    /// Takes one of the connections that may be open to that server, one of `allowed`.
    pub(crate) fn enter(&self, server: &AllowedServer) -> Result<OwnedSemaphorePermit, UpstreamError> {
        let full = || UpstreamError::Full(server.text().to_owned(), self.most);
        let at = self.allowed.iter().position(|allowed| allowed == server).ok_or_else(full)?;
        Arc::clone(&self.slots[at]).try_acquire_owned().map_err(|_| full())
    }

    /// Connects to the server of `url`, only at an address that `allowed` permits.
    pub(crate) async fn reach(&self, url: &Url, allowed: &AllowedServer) -> Result<UpstreamConnection, UpstreamError> {
        let host = host_of(url);
        let port = url.port_or_known_default().unwrap_or_default();
        let permitted: Vec<_> =
            look_up(&host, port).await?.into_iter().filter(|address| allowed.permits_address(address.ip())).collect();
        if permitted.is_empty() {
            return Err(UpstreamError::AddressNotAllowed(host));
        }
        // Connect to the checked addresses themselves: the name may resolve differently next time.
        match dial(permitted).await {
            Ok((stream, address)) => self.speak_tls(stream, url, host, address).await,
            Err(DialError::Failed(error)) => Err(UpstreamError::Unreachable(host, error)),
            Err(DialError::Silent) => Err(UpstreamError::Silent(host)),
        }
    }

    async fn speak_tls(
        &self,
        tcp: TcpStream,
        url: &Url,
        host: String,
        address: SocketAddr,
    ) -> Result<UpstreamConnection, UpstreamError> {
        if let Err(error) = tune(&tcp) {
            return Err(UpstreamError::Unreachable(host, error));
        }
        if url.scheme() != "wss" {
            return Ok(UpstreamConnection { stream: Stream::Plain(tcp), tls: None, address });
        }
        match start_tls(tcp, &self.tls, &host, &tls::RELAY).await {
            Ok((stream, tls)) => Ok(UpstreamConnection { stream, tls: Some(tls), address }),
            Err(error) => Err(error),
        }
    }
}

/// The host of a URL without brackets and a dot at its end: a name or an IP address.
pub(crate) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.').to_owned()
}

/// The addresses of a host, at least one.
pub(crate) async fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, UpstreamError> {
    let unknown = || UpstreamError::NameUnknown(host.to_owned());
    let found = timeout(LOOK_UP, lookup_host((host, port))).await;
    let found = found.map_err(|_| UpstreamError::NameSilent(host.to_owned()))?.map_err(|_| unknown())?;
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(unknown()) } else { Ok(found) }
}

/// Starts TLS with `host`, a name or an IP address, as the client.
pub(crate) async fn start_tls(
    tcp: TcpStream,
    config: &Arc<ClientConfig>,
    host: &str,
    explainer: &Explainer,
) -> Result<(Stream, Tls), UpstreamError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| UpstreamError::NameUnknown(host.to_owned()))?;
    let is_name = matches!(name, ServerName::DnsName(_));
    let stream = match timeout(TLS, TlsConnector::from(Arc::clone(config)).connect(name, tcp)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(UpstreamError::Tls(host.to_owned(), explainer.explain(&error))),
        Err(_) => return Err(UpstreamError::Silent(host.to_owned())),
    };
    let connection = stream.get_ref().1;
    let tls = Tls {
        version: connection.protocol_version().map(listen::tls::version_name).unwrap_or_default(),
        cipher_suite: connection
            .negotiated_cipher_suite()
            .map(|suite| listen::tls::suite_name(suite.suite()))
            .unwrap_or_default(),
        server_name: is_name.then(|| host.to_owned()),
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
    };
    Ok((Stream::Outgoing(Box::new(stream)), tls))
}
