//! Connections to other servers: looks up and checks the address, connects, and adds TLS.

use crate::allowlist::AllowedServer;
use crate::listen::{Stream, tls};
use observation::Tls;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// The timeout of each step.
const LOOK_UP: Duration = Duration::from_secs(5);
const DIAL: Duration = Duration::from_secs(5);
const TLS: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried.
const ADDRESSES: usize = 4;

/// Which other servers are allowed, and how to verify them.
#[derive(Clone, Debug)]
pub(crate) struct Upstreams {
    pub(crate) allowed: Arc<[AllowedServer]>,
    tls: Arc<ClientConfig>,
}

/// Why the relay cannot verify other servers. The message says what to do.
#[derive(Debug, Error)]
pub enum UpstreamsError {
    #[error("cannot read {0}; --relay-ca takes a PEM file with certificates")]
    Ca(PathBuf, #[source] rustls::pki_types::pem::Error),
    #[error(
        "a certificate in {0} is not from a certificate authority; --relay-ca takes a PEM file with CA certificates"
    )]
    NoAuthority(PathBuf, #[source] rustls::Error),
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// Why a server was not reached. The message is embedded in a sentence.
#[derive(Debug, Error)]
pub(crate) enum UpstreamError {
    #[error("the name `{0}` has no address; check its spelling")]
    NameUnknown(String),
    #[error(
        "`{0}` resolves to an address of a private network or of this machine; list such an address itself with --relay-to"
    )]
    AddressNotAllowed(String),
    #[error("the relay cannot connect to {0} ({1}); check that the server runs and that no firewall blocks it")]
    Unreachable(String, std::io::Error),
    #[error("{0} did not answer in time; check that the server runs and that no firewall blocks it")]
    Silent(String),
    #[error(
        "TLS with {0} failed ({1}); check the names in its certificate and who signed it; --relay-ca can add an authority"
    )]
    Tls(String, std::io::Error),
}

impl UpstreamError {
    /// The status and the stable name of the refusal.
    pub(crate) fn status_and_rule(&self) -> (u16, &'static str) {
        match self {
            Self::NameUnknown(_) => (502, "name-unknown"),
            Self::AddressNotAllowed(_) => (403, "address-not-allowed"),
            Self::Unreachable(..) => (502, "unreachable"),
            Self::Silent(_) => (504, "upstream-timeout"),
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
    pub(crate) fn new(allowed: &[AllowedServer], authorities: Option<&Path>) -> Result<Self, UpstreamsError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(file) = authorities {
            let failed = |error| UpstreamsError::Ca(file.to_owned(), error);
            for certificate in CertificateDer::pem_file_iter(file).map_err(failed)? {
                let added = roots.add(certificate.map_err(failed)?);
                added.map_err(|error| UpstreamsError::NoAuthority(file.to_owned(), error))?;
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut tls =
            builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
        // The relay asks for an HTTP/1.1 upgrade.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { allowed: allowed.into(), tls: Arc::new(tls) })
    }

    /// Connects to the server of `url`, only at an address that `allowed` permits.
    pub(crate) async fn reach(&self, url: &Url, allowed: &AllowedServer) -> Result<UpstreamConnection, UpstreamError> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.').to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let unknown = || UpstreamError::NameUnknown(host.clone());
        let found = timeout(LOOK_UP, lookup_host((&*host, port))).await;
        let found: Vec<_> = found.map_err(|_| unknown())?.map_err(|_| unknown())?.collect();
        if found.is_empty() {
            return Err(unknown());
        }
        let permitted = found.into_iter().filter(|address| allowed.permits_address(address.ip()));
        let permitted: Vec<_> = permitted.take(ADDRESSES).collect();
        let mut failed = UpstreamError::AddressNotAllowed(host.clone());
        for address in permitted {
            // Connect to the checked address itself: the name may resolve differently next time.
            match timeout(DIAL, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return self.speak_tls(stream, url, host, address).await,
                Ok(Err(error)) => failed = UpstreamError::Unreachable(host.clone(), error),
                Err(_) => failed = UpstreamError::Silent(host.clone()),
            }
        }
        Err(failed)
    }

    async fn speak_tls(
        &self,
        tcp: TcpStream,
        url: &Url,
        host: String,
        address: SocketAddr,
    ) -> Result<UpstreamConnection, UpstreamError> {
        if let Err(error) = tcp.set_nodelay(true) {
            return Err(UpstreamError::Unreachable(host, error));
        }
        if url.scheme() != "wss" {
            return Ok(UpstreamConnection { stream: Stream::Plain(tcp), tls: None, address });
        }
        let name = ServerName::try_from(host.clone());
        let name = name.map_err(|_| UpstreamError::NameUnknown(host.clone()))?;
        let stream = match timeout(TLS, TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(UpstreamError::Tls(host, error)),
            Err(_) => return Err(UpstreamError::Silent(host)),
        };
        let connection = stream.get_ref().1;
        let tls = Tls {
            version: connection.protocol_version().map(tls::version_name).unwrap_or_default(),
            cipher_suite: connection
                .negotiated_cipher_suite()
                .map(|suite| tls::suite_name(suite.suite()))
                .unwrap_or_default(),
            server_name: url.domain().map(str::to_owned),
            alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        };
        Ok(UpstreamConnection { stream: Stream::Outgoing(Box::new(stream)), tls: Some(tls), address })
    }
}
