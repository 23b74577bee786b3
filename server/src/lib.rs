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
//! | [`check`] | runs scenarios against a server: `framescope check` |
//! | `admin`, `metrics` | what an operator sees of the relay |
//! | `state` | what all handlers share |
//! | [`course`] | the course, loaded, checked and cached |
//! | [`receipt`] | signed receipts for passed challenges |
//! | `client` | who the client is |
//! | `behaviour`, `middlebox` | the settings of a lab connection and of a middlebox |
//! | `command_frames` | the frames that commands ask for |
//! | `intercept` | the rules of a session, and what they do to messages |
//! | `conditions` | what rules and scripts ask of messages |
//! | `legs` | which connections to the lab come from a middlebox |
//! | `base_path` | the path below which all URLs are |
//! | `embed` | pieces of the site inside pages of other sites |
//! | `hosts`, `host_name`, `public_url` | which host names the relay answers to, and where visitors reach the page |
//! | `origin`, `allowed_origin` | which pages may use what |
//! | `admission` | lets handshakes in |
//! | `limits` | limits for each client address |
//! | `credentials` | headers whose values are never recorded |
//! | `upstream`, `allowlist` | connections to other servers, and which are allowed |
//! | `session`, `registry` | a session with its log, and all sessions |
//! | `listen` | accept loops and the raw bytes below HTTP |
//! | `dangers`, `descriptors` | configurations that are refused, or fitted to the machine |
//! | `private_file`, `key_log` | files with private keys, and with secrets of TLS connections |
//! | `memory` | the memory budget for unfinished messages and request bodies |
//! | `slots` | slots for exports and gradings |
//! | `shutdown` | how everything ends |

mod admin;
mod admission;
mod allowed_origin;
mod allowlist;
mod api;
mod app;
pub mod args;
mod assets;
mod base_path;
mod behaviour;
pub mod check;
mod client;
mod command_frames;
mod conditions;
pub mod course;
mod dangers;
mod descriptors;
mod embed;
mod hop;
mod host_name;
mod hosts;
pub mod import;
mod intercept;
mod key_log;
mod lab;
mod legs;
mod limits;
mod listen;
mod memory;
mod metrics;
mod middlebox;
mod origin;
mod private_file;
mod public_url;
pub mod receipt;
mod registry;
mod session;
mod shutdown;
mod slots;
mod state;
mod upstream;

pub use allowed_origin::AllowedOrigin;
pub use allowlist::{AllowedHeader, AllowedServer};
use args::Config;
pub use base_path::{BasePath, BasePathError};
pub use client::{TrustedProxy, TrustedProxyError};
use course::CourseError;
use course::library::CourseLibrary;
pub use credentials::{HeaderPattern, PatternError};
pub use dangers::Dangers;
pub use descriptors::TooFewDescriptors;
pub use embed::{EmbedOrigin, EmbedOriginError};
pub use host_name::{HostName, HostNameError};
use listen::Listener;
pub use listen::tls_error::TlsError;
use metrics::Metrics;
pub use public_url::{PublicUrl, PublicUrlError, PublicUrlsError};
use receipt::{Key, KeyError};
use registry::Registry;
pub use session::SharedError;
use session::{Identity, SharedSite, SiteTasks};
use shutdown::Shutdown;
use state::AppState;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;
use upstream::Upstreams;
pub use upstream::UpstreamsError;

/// A running relay.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    admin_address: Option<SocketAddr>,
    config: Arc<Config>,
    shutdown: Shutdown,
    /// Asks for the certificate to be read again.
    reload: Arc<Notify>,
    /// What connects it with other relays, if it shares sessions.
    site_tasks: Option<SiteTasks>,
    /// Answers until the relay has stopped, so that probes can see it drain.
    _admin: Option<AbortOnDropHandle<()>>,
}

/// Why a relay could not start. The message says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("cannot listen on {0}; choose another address with {1}")]
    Listen(SocketAddr, &'static str, #[source] std::io::Error),
    #[error(
        "other machines can reach the admin address {0}, and it asks for no password; use a loopback address such as 127.0.0.1:9090, \
         or allow it with --admin-remote"
    )]
    AdminRemote(SocketAddr),
    #[error("{0} contains no page: index.html is missing; build the page with `cargo xtask serve`, or omit --page")]
    NoPage(std::path::PathBuf),
    #[error(transparent)]
    PublicUrls(#[from] PublicUrlsError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Upstreams(#[from] UpstreamsError),
    #[error(transparent)]
    Course(#[from] CourseError),
    #[error(transparent)]
    ReceiptKey(#[from] KeyError),
    #[error(transparent)]
    Dangers(#[from] Dangers),
    #[error(transparent)]
    Descriptors(#[from] TooFewDescriptors),
    #[error(transparent)]
    Shared(#[from] SharedError),
    #[error("--relay-header names {0}, which no --relay-to or --relay-to-private lists; write the same URL in both")]
    HeaderWithoutServer(String),
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
        dangers::check(&config)?;
        public_url::check(&config.public_url, &config.base_path)?;
        let has_no_server = |header: &&AllowedHeader| !config.allowed_servers().any(|server| header.is_for(&server));
        if let Some(header) = config.relay_header.iter().find(has_no_server) {
            return Err(StartError::HeaderWithoutServer(header.server().to_owned()));
        }
        let max_connections = descriptors::fit(config.max_connections)?;
        let config = Config { max_connections, ..config };
        let library = match &config.course {
            Some(folder) => CourseLibrary::from_folder(folder.clone()).await?,
            None => CourseLibrary::embedded(),
        };
        let key = match &config.receipt_key {
            Some(file) => Key::kept(file)?,
            None => Key::made()?,
        };
        tracing::info!(key = key.public(), kept = config.receipt_key.is_some(), "receipts are signed with this key");
        if config.receipt_key.is_none() {
            tracing::warn!(
                "this key is lost when the relay stops, so nobody can verify its receipts later; keep a key with --receipt-key FILE"
            );
        }
        let (listener, address) = bind(config.listen, "--listen").await?;
        let metrics = Arc::<Metrics>::default();
        let (acceptor, certificate) = match config.tls_listen {
            Some(_) => listen::tls::acceptor(&config, &metrics).map(|(acceptor, watch)| (Some(acceptor), watch))?,
            None => (None, None),
        };
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
        let admin = match config.operation.admin_listen {
            Some(address) if !hosts::is_loopback(address) && !config.operation.admin_remote => {
                return Err(StartError::AdminRemote(address));
            }
            Some(address) => Some(bind(address, "--admin-listen").await?),
            None => None,
        };
        let upstreams = config.allowed_servers().collect();
        let key_log = config.operation.relay_key_log.as_deref();
        let upstreams = Upstreams::new(upstreams, config.relay_connections, config.relay_ca.as_deref(), key_log)?;
        let tls_address = tls.as_ref().map(|(_, address)| *address);
        // The actual addresses, which differ for port 0.
        let config = Config { listen: address, tls_listen: tls_address, ..config };
        let (config, shutdown) = (Arc::new(config), Shutdown::default());
        let reload = Arc::<Notify>::default();
        if let Some(certificate) = certificate {
            shutdown.spawn(certificate.run(Arc::clone(&reload), shutdown.clone()));
        }
        let (site, site_tasks) = join_site(&config, &key, &library).await?.unzip();
        let registry = Registry::new(Arc::clone(&config), Arc::clone(&metrics), shutdown.clone(), site);
        let registry = Arc::new(registry);
        shutdown.spawn(Arc::clone(&registry).sweep());
        let app = AppState::new(
            Arc::clone(&config),
            registry,
            shutdown.clone(),
            upstreams,
            tunnel_ports,
            library,
            key,
            Arc::clone(&metrics),
        );
        let watched = Arc::clone(&app.registry);
        let base = config.base_path.clone();
        let tasks = shutdown.clone();
        let on_unfinished = Arc::new(move |head| {
            let (watched, base) = (Arc::clone(&watched), base.clone());
            tasks.spawn(async move { lab::record_unfinished(&watched, &base, &head).await });
        });
        if let Some(tls) = tls_address {
            hop::open_tunnels(tunnels, tls, &app);
        }
        let admin_address = admin.as_ref().map(|(_, address)| *address);
        let admin =
            admin.map(|(listener, _)| AbortOnDropHandle::new(tokio::spawn(admin::serve(listener, app.clone()))));
        let accepting = Listener::new(app::router(app.clone()), &app, on_unfinished);
        let accepting = Arc::new(accepting);
        if let Some((listener, _)) = tls {
            shutdown.spawn(Arc::clone(&accepting).listen(listener, acceptor));
        }
        shutdown.spawn(accepting.listen(listener, None));
        Ok(Self { address, tls_address, admin_address, config, shutdown, reload, site_tasks, _admin: admin })
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

    /// The path below which the page and everything else are.
    #[must_use]
    pub fn base_path(&self) -> &BasePath {
        &self.config.base_path
    }

    /// The address for operators, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Reads the certificate again. Open connections go on with the one before.
    pub fn reload_certificate(&self) {
        self.reload.notify_one();
    }

    /// Creates no more sessions, tells observers that the relay will stop in `time`, and is no longer ready for a load balancer.
    /// Everything else goes on.
    pub fn drain(&self, time: Duration) {
        self.shutdown.drain(time);
    }

    /// Closes all connections, and waits until they have ended or the grace period is over.
    pub async fn stop(self) {
        self.shutdown.run(self.config.shutdown_grace).await;
        if let Some(site_tasks) = self.site_tasks {
            site_tasks.end().await;
        }
    }
}

/// Joins the relays that share sessions through Redis, if `--redis` says where.
async fn join_site(
    config: &Config,
    key: &Key,
    library: &CourseLibrary,
) -> Result<Option<(Arc<SharedSite>, SiteTasks)>, StartError> {
    let Some(url) = &config.redis.redis else { return Ok(None) };
    if config.receipt_key.is_none() {
        return Err(SharedError::NoReceiptKey.into());
    }
    let course = library.fingerprint().await?;
    let (version, secret) = (env!("FRAMESCOPE_VERSION"), key.address_secret());
    let identity = Identity { key: key.public().to_owned(), version, course, secret };
    Ok(Some(session::join(config, url, identity).await?))
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(address, flag, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
