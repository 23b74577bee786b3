//! https and wss: TLS negotiation, the recorded TLS records, and WebSockets over HTTP/2.

mod certificates;
pub(crate) mod http2;
mod http2_limits;
pub(crate) mod raw_h2;
mod reload;
mod wss;

use crate::support::{Feed, Lab, soon};
use framescope::args::Config;
use observation::event::Opening;
use observation::{Event, Party, Records};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A folder for one test, deleted on drop.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Two tests may have the same name for it.
        let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{name}-{process}-{number}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A relay with TLS, and its self-signed certificate.
pub(crate) struct Secure {
    pub(crate) lab: Lab,
    pub(crate) folder: Folder,
}

impl Secure {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, |_| {}).await
    }

    pub(crate) async fn with(name: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = Folder::new(name);
        let lab = Lab::with(|config| {
            config.tls_listen = Some(([127, 0, 0, 1], 0).into());
            config.tls_self_signed = Some(Some(folder.0.clone()));
            change(config);
        });
        let lab = lab.await;
        Self { lab, folder }
    }

    /// A TLS connection that offers these protocols in this order.
    pub(crate) async fn connect(&self, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        self.connect_to(self.lab.relay.tls_address().unwrap(), alpn).await
    }

    /// A TLS connection to another address that leads to this relay.
    pub(crate) async fn connect_to(&self, address: SocketAddr, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let cert = CertificateDer::from_pem_file(self.folder.0.join("cert.pem")).unwrap();
        connect(address, cert, "localhost", alpn).await.unwrap()
    }
}

pub(crate) async fn connect(
    address: SocketAddr,
    trusted: CertificateDer<'static>,
    name: &'static str,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = soon(TcpStream::connect(address)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from(name).unwrap();
    soon(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

/// The next observations up to the one that `is` finds.
async fn until(feed: &mut Feed, is: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    while !events.last().is_some_and(&is) {
        events.push(feed.next().await.event);
    }
    events
}

/// The next observation, which must be an opening.
async fn opening(feed: &mut Feed) -> Opening {
    match feed.next().await.event {
        Event::Opening(opening) => opening,
        other => panic!("an opening, not {other:?}"),
    }
}

/// How an event reads in these tests: records by who sent them, their types and lengths.
fn brief(event: &Event) -> String {
    let party = |party: &Party| if *party == Party::Client { ">" } else { "<" };
    match event {
        Event::Records(Records { from, records, .. }) => {
            let types: Vec<_> = records.iter().map(|record| record.content_type.to_string()).collect();
            format!("{} {}", party(from), types.join(" "))
        }
        Event::Frame(frame) => format!("{} frame {:x}", party(&frame.from), frame.opcode),
        Event::Closed(closed) => format!("closed {:?}", closed.cause),
        other => format!("{other:?}"),
    }
}
