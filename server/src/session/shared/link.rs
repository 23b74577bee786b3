//! Connections to Redis: where it is, and how a connection begins.

use super::scripts::{Loaded, Script};
use crate::args::RedisOptions;
use crate::upstream::{UpstreamsError, trusting};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError, RedisResult, Value,
    cmd, pipe,
};
use rustls::pki_types::ServerName;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long Redis has to answer. A relay that waits longer goes on without it.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Where Redis is.
pub(super) struct Target {
    address: Address,
    account: RedisConnectionInfo,
}

enum Address {
    Tcp(String, u16),
    Tls(String, u16, TlsConnector),
    Unix(PathBuf),
}

/// Why `--redis` or `--redis-ca` cannot be used. The message says what to do.
#[derive(Debug, Error)]
pub enum RedisUrlError {
    #[error(
        "--redis is not a URL of Redis; examples are redis://127.0.0.1:6379, rediss://user:password@redis.example, and redis+unix:///run/redis.sock"
    )]
    Url(#[source] RedisError),
    #[error("--redis names no host that a certificate can have")]
    Name,
    #[error(transparent)]
    Tls(#[from] UpstreamsError),
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum Unreachable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}; --redis-ca names the authority of its certificate")]
    Tls(#[source] io::Error),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("it does not answer")]
    Silent,
    #[error("it is a replica; give the address of the primary")]
    Replica,
}

/// An open connection. Cheap to clone; all clones send over one socket.
#[derive(Clone)]
pub(super) struct Connection {
    redis: MultiplexedConnection,
    scripts: Arc<Loaded>,
    /// Identifies the process of Redis and its state: after a restart or a failover it is another one.
    run: Arc<str>,
}

impl Target {
    pub(super) fn new(url: &str, options: &RedisOptions) -> Result<Self, RedisUrlError> {
        // TLS is the relay's own.
        let (plain, is_tls) = match url.strip_prefix("rediss://").or_else(|| url.strip_prefix("valkeys://")) {
            Some(rest) => (format!("redis://{rest}"), true),
            None => (url.to_owned(), false),
        };
        let info = plain.into_connection_info().map_err(RedisUrlError::Url)?;
        let address = match info.addr().clone() {
            ConnectionAddr::Tcp(host, port) if is_tls => {
                ServerName::try_from(host.clone()).map_err(|_| RedisUrlError::Name)?;
                let tls = trusting(options.redis_ca.as_deref(), "--redis-ca")?;
                Address::Tls(host, port, TlsConnector::from(Arc::new(tls)))
            }
            ConnectionAddr::Tcp(host, port) => Address::Tcp(host, port),
            ConnectionAddr::Unix(path) => Address::Unix(path),
            _ => return Err(RedisUrlError::Name),
        };
        Ok(Self { address, account: info.redis_settings().clone() })
    }

    /// Opens a connection. One that waits for news gets no limit on its answers.
    pub(super) async fn connect(&self, waits: bool) -> Result<Connection, Unreachable> {
        timeout(4 * PATIENCE, self.begin(waits)).await.map_err(|_| Unreachable::Silent)?
    }

    async fn begin(&self, waits: bool) -> Result<Connection, Unreachable> {
        match &self.address {
            Address::Tcp(host, port) => self.begin_on(tcp(host, *port).await?, waits).await,
            Address::Unix(path) => self.begin_on(UnixStream::connect(path).await?, waits).await,
            Address::Tls(host, port, tls) => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = tls.connect(name, tcp(host, *port).await?).await.map_err(Unreachable::Tls)?;
                self.begin_on(stream, waits).await
            }
        }
    }

    async fn begin_on<S>(&self, stream: S, waits: bool) -> Result<Connection, Unreachable>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = AsyncConnectionConfig::new().set_response_timeout((!waits).then_some(PATIENCE));
        let begun = MultiplexedConnection::new_with_config(&self.account, stream, config).await?;
        let (mut redis, driver) = begun;
        tokio::spawn(driver);
        let (mut both, sections) = (pipe(), ["server", "replication"]);
        for section in sections {
            both.cmd("INFO").arg(section);
        }
        let (about, replication): (String, String) = both.query_async(&mut redis).await?;
        if line(&replication, "role") != Some("master") {
            return Err(Unreachable::Replica);
        }
        // A replica that was promoted has another run than the primary before it.
        let run = line(&about, "run_id").unwrap_or_default();
        let scripts = Arc::new(Loaded::load(&mut redis).await?);
        Ok(Connection { redis, scripts, run: run.into() })
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The value of a line `name:value` of `INFO`.
fn line<'t>(info: &'t str, name: &str) -> Option<&'t str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

impl Connection {
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Whether both are connections of the same process of Redis.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.scripts, &other.scripts)
    }

    /// Calls a script; its first argument is the run.
    pub(super) async fn call(&self, script: Script, keys: &[&str], arguments: &[&[u8]]) -> RedisResult<Value> {
        let mut command = cmd("EVALSHA");
        command.arg(self.scripts.hash(script)).arg(keys.len()).arg(keys).arg(&*self.run);
        for argument in arguments {
            command.arg(*argument);
        }
        command.query_async(&mut self.redis.clone()).await
    }

    pub(super) async fn query(&self, command: &redis::Cmd) -> RedisResult<Value> {
        command.query_async(&mut self.redis.clone()).await
    }
}
