//! The relay: upgrades connections, echoes messages, and shows what crossed the wire.
//!
//! | module | what it does |
//! |---|---|
//! | [`args`] | the command line and every limit |
//! | `app` | puts the routes of all features together |
//! | `api` | the HTTP interface under `/api`, and the feed |
//! | `lab` | `/echo` and `/lab`: the opening handshake, the connection, the recorder |
//! | `hop` | `/via` and `/relay`: connections through a middlebox or to another server |
//! | `assets` | the page |
//! | `state` | what all handlers share |
//! | [`course`] | the course, loaded, checked and cached |
//! | [`receipt`] | signed receipts for passed challenges |
//! | `behaviour`, `middlebox` | the settings of a lab connection and of a middlebox |
//! | `legs` | which connections to the lab come from a middlebox |
//! | `upstream`, `allowlist` | connections to other servers, and which are allowed |
//! | `session`, `registry` | a session with its log, and all sessions |
//! | `listen` | accept loops and the raw bytes below HTTP |
//! | `memory` | the memory budget for unfinished messages |
//! | `shutdown` | how everything ends |

mod allowlist;
mod api;
mod app;
pub mod args;
mod assets;
mod behaviour;
pub mod course;
mod hop;
mod lab;
mod legs;
mod listen;
mod memory;
mod middlebox;
pub mod receipt;
mod registry;
mod session;
mod shutdown;
mod state;
mod upstream;

pub use allowlist::AllowedServer;
use args::Config;
use course::CourseError;
use course::library::CourseLibrary;
use listen::Listener;
pub use listen::tls::TlsError;
use receipt::{Key, KeyError};
use registry::Registry;
use shutdown::Shutdown;
use state::AppState;
use std::net::SocketAddr;
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpListener;
use upstream::Upstreams;
pub use upstream::UpstreamsError;

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    config: Arc<Config>,
    shutdown: Shutdown,
}

/// Why a relay could not start. The message says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("cannot listen on {0}; choose another address with {1}")]
    Listen(SocketAddr, &'static str, #[source] std::io::Error),
    #[error("{0} contains no page: index.html is missing; build the page with `cargo xtask serve`, or omit --page")]
    NoPage(std::path::PathBuf),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Upstreams(#[from] UpstreamsError),
    #[error(transparent)]
    Course(#[from] CourseError),
    #[error(transparent)]
    ReceiptKey(#[from] KeyError),
}

impl Relay {
    /// Starts listening and serves in the background.
    ///
    /// # Errors
    /// When the relay cannot listen on an address, TLS has no certificate, `--page` names a folder without a page, or `--course` or
    /// `--receipt-key` is invalid.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if let Some(folder) = config.page.as_ref().filter(|folder| !folder.join("index.html").is_file()) {
            return Err(StartError::NoPage(folder.clone()));
        }
        let library = match &config.course {
            Some(folder) => CourseLibrary::from_folder(folder.clone()).await?,
            None => CourseLibrary::embedded(),
        };
        let key = match &config.receipt_key {
            Some(file) => Key::kept(file)?,
            None => Key::made()?,
        };
        tracing::info!(key = key.public(), kept = config.receipt_key.is_some(), "receipts are signed with this key");
        let (listener, address) = bind(config.listen, "--listen").await?;
        let acceptor = config.tls_listen.map(|_| listen::tls::acceptor(&config)).transpose()?;
        let tls = match config.tls_listen {
            Some(address) => Some(bind(address, "--tls-listen").await?),
            None => None,
        };
        let tunnels = match config.box_listen {
            Some(first) => hop::bind_tunnels(first).await,
            None => Ok(Vec::new()),
        };
        let tunnels = tunnels.map_err(|(address, error)| StartError::Listen(address, "--box-listen", error))?;
        let tunnel_ports = tunnels.iter().filter_map(|tunnel| Some(tunnel.local_addr().ok()?.port())).collect();
        let upstreams = Upstreams::new(&config.relay_to, config.relay_ca.as_deref())?;
        let tls_address = tls.as_ref().map(|(_, address)| *address);
        // The actual addresses, which differ for port 0.
        let config = Config { listen: address, tls_listen: tls_address, ..config };
        let (config, shutdown) = (Arc::new(config), Shutdown::default());
        let registry = Arc::new(Registry::new(Arc::clone(&config)));
        shutdown.spawn(Arc::clone(&registry).sweep(shutdown.clone()));
        let app = AppState::new(Arc::clone(&config), registry, shutdown.clone(), upstreams, tunnel_ports, library, key);
        let watched = Arc::clone(&app.registry);
        let on_unfinished = Arc::new(move |head| lab::record_unfinished(&watched, &head));
        if let Some(tls) = tls_address {
            hop::open_tunnels(tunnels, tls, &app);
        }
        let slots = Arc::clone(&app.connection_slots);
        let router = app::router(app);
        let accepting = Listener::new(router, Arc::clone(&config), shutdown.clone(), on_unfinished, slots);
        let accepting = Arc::new(accepting);
        if let Some((listener, _)) = tls {
            shutdown.spawn(Arc::clone(&accepting).listen(listener, acceptor));
        }
        shutdown.spawn(accepting.listen(listener, None));
        Ok(Self { address, tls_address, config, shutdown })
    }

    /// The address for http and ws.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for https and wss, if there is one.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// Closes all connections, and waits until they have ended or the grace period is over.
    pub async fn stop(self) {
        self.shutdown.run(self.config.shutdown_grace).await;
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(address, flag, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
