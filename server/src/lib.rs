//! The relay: upgrades, echoes, and shows what it saw on the wire.
//!
//! | module | what it does |
//! |---|---|
//! | [`args`] | the command line and every limit |
//! | `app` | the addresses and what each leads to |
//! | `listen` | the accept loop; keeps the text of heads, lets a handler dictate one |
//! | `lab` | the opening handshake, the echo loop, the recorder |
//! | `hop` | middleboxes on the way to the lab, and the way to other servers |
//! | `session` | the bounded log of a session, the registry of all |
//! | `observe` | the feed by which observers read a log |
//! | `console` | what observers ask of open connections |
//! | `export` | a recorded session as a file |
//! | `snippets` | code for a connection |
//! | [`course`] | the course, read once and kept as JSON; what an author types |
//! | [`receipt`] | signed receipts for passed challenges |
//! | `assets` | the page |
//! | `error` | what `/api` answers when it cannot |
//! | `shutdown` | how everything ends |

mod app;
pub mod args;
mod assets;
mod console;
pub mod course;
mod error;
mod export;
mod hop;
mod lab;
mod listen;
mod observe;
pub mod receipt;
mod session;
mod shutdown;
mod snippets;

use app::App;
use args::Config;
use course::{CourseError, Shelf};
use hop::Upstreams;
pub use hop::{Allowed, UpstreamsError};
use listen::Speaker;
pub use listen::tls::TlsError;
use receipt::{Key, KeyError};
use session::Registry;
use shutdown::Shutdown;
use std::net::SocketAddr;
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpListener;

/// A relay that runs until it is told to stop.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    config: Arc<Config>,
    shutdown: Shutdown,
}

/// Why a relay could not start. Its text says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("cannot listen on {0}; choose another address with {1}")]
    Listen(SocketAddr, &'static str, #[source] std::io::Error),
    #[error("there is no page in {0}: it has no index.html; build it with `cargo xtask serve`, or leave --page out")]
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
    /// Starts to listen, and serves in the background.
    ///
    /// # Errors
    /// When an address cannot be listened on, TLS has no certificate, `--page` names a folder without a page, or there is something
    /// wrong with `--course` or `--receipt-key`.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if let Some(folder) = config.page.as_ref().filter(|folder| !folder.join("index.html").is_file()) {
            return Err(StartError::NoPage(folder.clone()));
        }
        let shelf = match &config.course {
            Some(folder) => Shelf::of_folder(folder.clone()).await?,
            None => Shelf::embedded(),
        };
        let key = match &config.receipt_key {
            Some(file) => Key::kept(file)?,
            None => Key::made()?,
        };
        tracing::info!(key = key.public(), kept = config.receipt_key.is_some(), "receipts are signed");
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
        let upstreams = Upstreams::new(&config)?;
        let tls_address = tls.as_ref().map(|(_, address)| *address);
        // Where it really listens, which port 0 does not say.
        let config = Config { listen: address, tls_listen: tls_address, ..config };
        let (config, shutdown) = (Arc::new(config), Shutdown::default());
        let registry = Arc::new(Registry::new(Arc::clone(&config)));
        shutdown.spawn(Arc::clone(&registry).sweep(shutdown.clone()));
        let app = App::new(Arc::clone(&config), registry, shutdown.clone(), upstreams, tunnel_ports, shelf, key);
        let watched = Arc::clone(&app.registry);
        let on_unfinished = Arc::new(move |head| lab::record_unfinished(&watched, &head));
        if let Some(tls) = tls_address {
            hop::open_tunnels(tunnels, tls, &app);
        }
        let places = Arc::clone(&app.places);
        let router = app::router(app);
        let speaker = Arc::new(Speaker::new(router, Arc::clone(&config), shutdown.clone(), on_unfinished, places));
        if let Some((listener, _)) = tls {
            shutdown.spawn(Arc::clone(&speaker).listen(listener, acceptor));
        }
        shutdown.spawn(speaker.listen(listener, None));
        Ok(Self { address, tls_address, config, shutdown })
    }

    /// Where it listens for http and ws.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for https and wss, if it does.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// Says goodbye to everyone, and waits until all are gone or the grace is over.
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
