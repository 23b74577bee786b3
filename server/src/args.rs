//! The command line. Every flag is also an environment variable, and every limit states its default.

mod check;
mod client_limits;
mod operation;
pub(crate) mod rate;
mod redis;
mod tools;
pub(crate) mod units;

pub use check::CheckOptions;
pub use client_limits::ClientLimits;
use rate::{ByteRate, Rate};

use crate::allowed_origin::AllowedOrigin;
use crate::allowlist::{AllowedHeader, AllowedServer};
use crate::base_path::BasePath;
use crate::client::TrustedProxy;
use crate::embed::EmbedOrigin;
use crate::host_name::HostName;
use crate::public_url::PublicUrl;
use clap::{Args, Parser, Subcommand, ValueEnum};
use credentials::HeaderPattern;
pub use operation::{LogFormat, Operation};
pub use redis::RedisOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
pub use tools::{CourseCommand, ImportArguments, ReceiptCommand};
use units::{bytes, duration};
use wire::incoming::Limits;

/// A WebSocket playground that shows what crossed the wire.
#[derive(Debug, Parser)]
#[command(name = "framescope", version = env!("FRAMESCOPE_VERSION"))]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the page and the relay
    #[command(after_help = "Logs go to stderr. Set the level with FRAMESCOPE_LOG (default: info).")]
    Serve(Box<Config>),
    /// Run scenarios against a WebSocket server, for tests in CI
    #[command(
        after_help = "Exit codes: 0 if all scenarios passed, 1 if one failed, 2 if the command line or a file is wrong, 3 if a server \
                      was not reached. docs/check.md describes the files."
    )]
    Check(CheckOptions),
    /// Create and check a course
    Course {
        #[command(subcommand)]
        command: CourseCommand,
    },
    /// Verify receipts for passed challenges
    Receipt {
        #[command(subcommand)]
        command: ReceiptCommand,
    },
    /// Make a recording of a capture (pcap, pcapng) or a HAR file; the page opens it at /recording
    Import(ImportArguments),
}

/// Where to listen, what to serve, and every limit. Sizes are in bytes or with KiB, MiB, GiB; times are with ms, s, m, h.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address and port to listen on; port 0 selects a free port
    #[arg(long, env = "FRAMESCOPE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The path below which all URLs are, such as /framescope, for a host that serves other things too; a proxy in front must not
    /// remove it
    #[arg(long, env = "FRAMESCOPE_BASE_PATH", value_name = "PATH", default_value = "/")]
    pub base_path: BasePath,

    /// A host name to answer to, in addition to localhost, loopback addresses and --tls-name; can be repeated. Without it, a relay
    /// that listens on another address than loopback answers to every name
    #[arg(long, env = "FRAMESCOPE_HOST", value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<HostName>,

    /// The URL at which visitors reach the page, if a proxy or a port mapping is in front of the relay, such as https://lab.example;
    /// can be repeated for http and https. Its host counts as a --host
    #[arg(long, env = "FRAMESCOPE_PUBLIC_URL", value_name = "URL", value_delimiter = ',')]
    pub public_url: Vec<PublicUrl>,

    /// A proxy in front of the relay, as an address or a network, such as 127.0.0.1 or 10.0.0.0/8; can be repeated. Only from there
    /// the relay believes Forwarded, or X-Forwarded-For, -Proto and -Host, and a header of the PROXY protocol
    #[arg(long, env = "FRAMESCOPE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Vec<TrustedProxy>,

    /// Expect each connection from a --trusted-proxy to begin with a header of the PROXY protocol
    #[arg(long, env = "FRAMESCOPE_PROXY_PROTOCOL", requires = "trusted_proxy")]
    pub proxy_protocol: bool,

    /// Another site whose pages may use the API and observe sessions, such as https://lms.example; null stands for every page without
    /// an origin of its own; can be repeated
    #[arg(long, env = "FRAMESCOPE_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<AllowedOrigin>,

    /// Address and port for https and wss, in addition to http and ws; requires --tls-cert and --tls-key, or --tls-self-signed
    #[arg(long, env = "FRAMESCOPE_TLS_LISTEN", value_name = "ADDR", requires = "identity")]
    pub tls_listen: Option<SocketAddr>,

    /// The certificate chain, a PEM file with the server's own certificate first
    #[arg(long, env = "FRAMESCOPE_TLS_CERT", value_name = "FILE", requires = "tls_key", group = "identity")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate, a PEM file
    #[arg(long, env = "FRAMESCOPE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Create a self-signed certificate at start; with a folder, store it there as cert.pem and key.pem and reuse it
    #[arg(long, env = "FRAMESCOPE_TLS_SELF_SIGNED", value_name = "DIR", num_args = 0..=1, group = "identity", conflicts_with = "tls_cert")]
    pub tls_self_signed: Option<Option<PathBuf>>,

    /// A host name or address for the self-signed certificate; can be repeated
    #[arg(
        long,
        env = "FRAMESCOPE_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        default_values = ["localhost", "127.0.0.1", "::1"]
    )]
    pub tls_name: Vec<String>,

    /// The first of consecutive ports, one for each middlebox in front of TLS; port 0 selects free ports
    #[arg(long, env = "FRAMESCOPE_BOX_LISTEN", value_name = "ADDR", requires = "tls_listen")]
    pub box_listen: Option<SocketAddr>,

    /// A server that /relay may connect to, such as wss://echo.example/ws; can be repeated
    #[arg(long, env = "FRAMESCOPE_RELAY_TO", value_name = "URL", value_delimiter = ',')]
    pub relay_to: Vec<AllowedServer>,

    /// Like --relay-to, but the host name may also resolve to a private address: a container, or a host of this network; can be
    /// repeated
    #[arg(long, env = "FRAMESCOPE_RELAY_TO_PRIVATE", value_name = "URL", value_delimiter = ',')]
    pub relay_to_private: Vec<AllowedServer>,

    /// A header that visitors of /relay may set for one server of --relay-to, although it says who they are or where they come from,
    /// such as Authorization=wss://echo.example/ws; can be repeated
    #[arg(long, env = "FRAMESCOPE_RELAY_HEADER", value_name = "NAME=URL", value_delimiter = ',')]
    pub relay_header: Vec<AllowedHeader>,

    /// Start also with a combination of flags that is dangerous
    #[arg(long, env = "FRAMESCOPE_ACCEPT_RISKS")]
    pub accept_risks: bool,

    /// Maximum number of connections to each server of --relay-to
    #[arg(long, env = "FRAMESCOPE_RELAY_CONNECTIONS", value_name = "N", default_value_t = 256)]
    pub relay_connections: usize,

    /// Additional certificates to trust for other servers, a PEM file: of authorities, or a server's own self-signed certificate
    #[arg(long, env = "FRAMESCOPE_RELAY_CA", value_name = "FILE")]
    pub relay_ca: Option<PathBuf>,

    /// A header whose values are never recorded, in addition to Cookie, Set-Cookie, Authorization, Proxy-Authorization and what
    /// login proxies add; * stands for any characters, such as X-Company-*; can be repeated
    #[arg(long, env = "FRAMESCOPE_CONCEAL_HEADER", value_name = "NAME", value_delimiter = ',')]
    pub conceal_header: Vec<HeaderPattern>,

    /// A site whose pages may embed pieces of lessons, challenges and the playground, such as https://lms.example; can be repeated
    #[arg(long, env = "FRAMESCOPE_EMBED_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub embed_origin: Vec<EmbedOrigin>,

    /// Serve the page from this folder instead of the one inside the binary
    #[arg(long, env = "FRAMESCOPE_PAGE", value_name = "DIR")]
    pub page: Option<PathBuf>,

    /// Serve the course in this folder instead of the one inside the binary
    #[arg(long, env = "FRAMESCOPE_COURSE", value_name = "DIR")]
    pub course: Option<PathBuf>,

    /// The key that signs receipts, a PEM file, created if missing; without it, each start creates a new key
    #[arg(long, env = "FRAMESCOPE_RECEIPT_KEY", value_name = "FILE")]
    pub receipt_key: Option<PathBuf>,

    /// Maximum number of open connections: TCP connections, WebSockets over HTTP/2, and connections that the relay opens
    #[arg(long, env = "FRAMESCOPE_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096)]
    pub max_connections: usize,

    #[command(flatten)]
    pub client: ClientLimits,

    /// Maximum size of a request head, and of another server's response head
    #[arg(long, env = "FRAMESCOPE_MAX_HEAD", value_name = "SIZE", default_value = "16KiB", value_parser = head_bytes)]
    pub max_head: usize,

    /// Timeout for a client to send a request head
    #[arg(long, env = "FRAMESCOPE_HEAD_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub head_timeout: Duration,

    /// Maximum number of sessions
    #[arg(long, env = "FRAMESCOPE_MAX_SESSIONS", value_name = "N", default_value_t = 1000)]
    pub max_sessions: usize,

    /// How long an unused session is kept: no connections, no observers, no activity
    #[arg(long, env = "FRAMESCOPE_SESSION_TTL", value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub session_ttl: Duration,

    /// Maximum number of open WebSocket connections per session
    #[arg(long, env = "FRAMESCOPE_SESSION_CONNECTIONS", value_name = "N", default_value_t = 32)]
    pub session_connections: usize,

    /// Maximum number of observers per session
    #[arg(long, env = "FRAMESCOPE_SESSION_OBSERVERS", value_name = "N", default_value_t = 16)]
    pub session_observers: usize,

    /// How many bytes all observers together get in a time, such as 128MiB/s, or off; beyond it, they get their share in turns
    #[arg(long, env = "FRAMESCOPE_OBSERVER_BYTES", value_name = "RATE", default_value = "128MiB/s")]
    pub observer_bytes: ByteRate,

    /// How often the behaviors of all connections together may send something because of the time, or off; beyond it, they send more
    /// at once, less often
    #[arg(long, env = "FRAMESCOPE_TIMED_WRITES", value_name = "RATE", default_value = "20000/s")]
    pub timed_writes: Rate,

    /// Memory for each session's log; beyond it, the oldest observations are dropped
    #[arg(long, env = "FRAMESCOPE_LOG_BYTES", value_name = "SIZE", default_value = "8MiB", value_parser = bytes)]
    pub log_bytes: u64,

    /// Maximum number of observations in each session's log
    #[arg(long, env = "FRAMESCOPE_LOG_COUNT", value_name = "N", default_value_t = 40_000)]
    pub log_count: usize,

    /// Memory for all logs together; beyond it, logs above their fair share drop their oldest observations, unused ones first
    #[arg(long, env = "FRAMESCOPE_ALL_LOGS_BYTES", value_name = "SIZE", default_value = "512MiB", value_parser = bytes)]
    pub all_logs_bytes: u64,

    /// How much of a frame's payload is recorded
    #[arg(long, env = "FRAMESCOPE_PAYLOAD_CAP", value_name = "SIZE", default_value = "16KiB", value_parser = bytes)]
    pub payload_cap: u64,

    /// Maximum frame size; the relay closes with 1009 on a larger frame
    #[arg(long, env = "FRAMESCOPE_MAX_FRAME", value_name = "SIZE", default_value = "16MiB", value_parser = bytes)]
    pub max_frame: u64,

    /// Maximum message size, all fragments together; the relay closes with 1009 on a larger message
    #[arg(long, env = "FRAMESCOPE_MAX_MESSAGE", value_name = "SIZE", default_value = "16MiB", value_parser = bytes)]
    pub max_message: u64,

    /// Memory for incomplete messages and request bodies of all connections together, half of it for the first 64 KiB of each; beyond it, the relay closes the connection with 1013
    #[arg(long, env = "FRAMESCOPE_MAX_UNFINISHED", value_name = "SIZE", default_value = "256MiB", value_parser = bytes)]
    pub max_unfinished: u64,

    /// Whether to accept compression when a client offers it and its URL does not set it
    #[arg(long, env = "FRAMESCOPE_DEFLATE", value_name = "SWITCH", default_value = "on")]
    pub deflate: Switch,

    /// Maximum number of WebSockets with compression, about 320 KiB each; beyond it, new offers are declined
    #[arg(long, env = "FRAMESCOPE_MAX_DEFLATE", value_name = "N", default_value_t = 1024)]
    pub max_deflate: usize,

    /// How long a client may leave sent data unread before the relay drops its connection
    #[arg(long, env = "FRAMESCOPE_WRITE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub write_timeout: Duration,

    /// How long a WebSocket may be idle before the relay closes it with 1001
    #[arg(long, env = "FRAMESCOPE_IDLE_TIMEOUT", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub idle_timeout: Duration,

    /// Timeout for a client to answer the relay's close frame
    #[arg(long, env = "FRAMESCOPE_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub close_timeout: Duration,

    /// Ping interval for observers; an observer that is silent for three intervals is dropped
    #[arg(long, env = "FRAMESCOPE_OBSERVER_PING", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub observer_ping: Duration,

    /// How long open connections have to close when the relay shuts down
    #[arg(long, env = "FRAMESCOPE_SHUTDOWN_GRACE", value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub shutdown_grace: Duration,

    #[command(flatten)]
    pub redis: RedisOptions,

    #[command(flatten)]
    pub operation: Operation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch == Switch::On
    }
}

impl Config {
    /// The other servers that /relay may connect to.
    pub(crate) fn allowed_servers(&self) -> impl Iterator<Item = AllowedServer> {
        // A server that is in both lists may be private.
        let private = self.relay_to_private.iter().cloned().map(AllowedServer::also_private);
        private.chain(self.relay_to.iter().cloned()).map(|server| server.with_headers(&self.relay_header))
    }

    /// The largest frame and message.
    pub(crate) fn limits(&self) -> Limits {
        Limits { frame: self.max_frame, message: self.max_message }
    }
}

impl Default for Config {
    /// The configuration of `framescope serve` without flags. Environment variables apply.
    ///
    /// # Panics
    /// When an environment variable `FRAMESCOPE_…` has an invalid value.
    fn default() -> Self {
        let Arguments { command } = Arguments::try_parse_from(["framescope", "serve"]).expect("the defaults are valid");
        match command {
            Command::Serve(config) => *config,
            other => unreachable!("parsed {other:?}, not serve"),
        }
    }
}

/// hyper's minimum for the buffer that holds a head.
const SMALLEST_HEAD: usize = 8 << 10;
const LARGEST_HEAD: usize = 1 << 20;

fn head_bytes(text: &str) -> Result<usize, String> {
    let size = usize::try_from(bytes(text)?).unwrap_or(usize::MAX);
    if (SMALLEST_HEAD..=LARGEST_HEAD).contains(&size) {
        Ok(size)
    } else {
        Err("expected a size from 8KiB to 1MiB".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_flag_is_an_environment_variable_too() {
        let command = Arguments::command();
        let serve = command.find_subcommand("serve").unwrap();
        for flag in serve.get_arguments().filter(|flag| flag.get_id() != "help") {
            let expected = format!("FRAMESCOPE_{}", flag.get_id().as_str().to_ascii_uppercase());
            assert_eq!(flag.get_env().and_then(|env| env.to_str()), Some(expected.as_str()));
            assert!(flag.get_help().is_some(), "{} has a help text", flag.get_id());
        }
    }

    #[test]
    fn a_head_too_small_for_hyper_is_refused() {
        assert!(Arguments::try_parse_from(["framescope", "serve", "--max-head", "1KiB"]).is_err());
        assert!(Arguments::try_parse_from(["framescope", "serve", "--max-head", "8KiB"]).is_ok());
    }
}
