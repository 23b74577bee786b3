//! The flags for those who operate a relay for others.

use super::units::duration_or_zero;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Watching the relay, and stopping it.
#[derive(Args, Clone, Debug)]
pub struct Operation {
    /// Address and port for /metrics, /healthz and /readyz, with its own connections; requires --admin-remote unless it is a
    /// loopback address
    #[arg(long, env = "FRAMESCOPE_ADMIN_LISTEN", value_name = "ADDR")]
    pub admin_listen: Option<SocketAddr>,

    /// Allow an admin address that other machines can reach; they need no password
    #[arg(long, env = "FRAMESCOPE_ADMIN_REMOTE", requires = "admin_listen")]
    pub admin_remote: bool,

    /// The format of the log on stderr
    #[arg(long, env = "FRAMESCOPE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Append the TLS secrets of connections to other servers to this file, so that Wireshark decrypts captures of them. Everyone who
    /// can read it can read these connections; only for tests
    #[arg(long, env = "FRAMESCOPE_RELAY_KEY_LOG", value_name = "FILE")]
    pub relay_key_log: Option<PathBuf>,

    /// Make browsers use only https for this host name, for so many seconds (Strict-Transport-Security); sent over https only. It
    /// applies to every port of the name, so pages from it can then no longer use the http and ws addresses of the relay
    #[arg(long, env = "FRAMESCOPE_HSTS", value_name = "SECONDS", requires = "tls_listen")]
    pub hsts: Option<u32>,

    /// How long the relay goes on after SIGTERM without creating sessions; 0s stops at once. A second signal ends the wait
    #[arg(long, env = "FRAMESCOPE_DRAIN", value_name = "TIME", default_value = "0s", value_parser = duration_or_zero)]
    pub drain: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people
    Text,
    /// One JSON object per line
    Json,
}
