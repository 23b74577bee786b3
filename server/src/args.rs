//! The command line: every flag is also an environment variable, and every limit says its default.

pub(crate) mod units;

use crate::allowlist::AllowedServer;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use units::{bytes, duration};
use wire::incoming::Limits;

/// A WebSocket playground that shows what crossed the wire.
#[derive(Debug, Parser)]
#[command(name = "framescope", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the page and the relay
    #[command(after_help = "Logs go to stderr; FRAMESCOPE_LOG says which (default: info).")]
    Serve(Box<Config>),
    /// Write a course, and see what is wrong with it
    Course {
        #[command(subcommand)]
        command: CourseCommand,
    },
    /// Verify receipts for passed challenges
    Receipt {
        #[command(subcommand)]
        command: ReceiptCommand,
    },
}

#[derive(Debug, Subcommand)]
pub enum CourseCommand {
    /// Say what is wrong with a course; exits with 1 if anything is
    Check {
        /// The folder with its course.toml
        folder: PathBuf,
    },
    /// Write a small course to begin with
    New {
        /// A folder that is empty or not there yet
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Verify each receipt in a text; exits with 1 if one is not valid
    Verify {
        /// The text; stdin if left out
        file: Option<PathBuf>,
        /// The public key that they must be signed with, base64; without it any key will do
        #[arg(long, env = "FRAMESCOPE_RECEIPT_PUBLIC_KEY", value_name = "BASE64")]
        key: Option<String>,
    },
    /// Print the public key that belongs to a private one
    Key {
        /// The private key, PEM
        file: PathBuf,
    },
}

/// Where to listen, what to serve, and every limit. Sizes are bytes or take KiB, MiB, GiB; times take ms, s, m, h.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "FRAMESCOPE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Address and port for https and wss, beside http and ws; needs --tls-cert and --tls-key, or --tls-self-signed
    #[arg(long, env = "FRAMESCOPE_TLS_LISTEN", value_name = "ADDR", requires = "identity")]
    pub tls_listen: Option<SocketAddr>,

    /// The certificate chain, PEM, the server's own first
    #[arg(long, env = "FRAMESCOPE_TLS_CERT", value_name = "FILE", requires = "tls_key", group = "identity")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate, PEM
    #[arg(long, env = "FRAMESCOPE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Make a certificate at start; with a folder it is kept there, as cert.pem and key.pem, and used again
    #[arg(long, env = "FRAMESCOPE_TLS_SELF_SIGNED", value_name = "DIR", num_args = 0..=1, group = "identity", conflicts_with = "tls_cert")]
    pub tls_self_signed: Option<Option<PathBuf>>,

    /// A host name or address that the self-signed certificate is for; may be given several times
    #[arg(
        long,
        env = "FRAMESCOPE_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        default_values = ["localhost", "127.0.0.1", "::1"]
    )]
    pub tls_name: Vec<String>,

    /// The first of consecutive ports, one for each middlebox in front of TLS; port 0 takes free ones
    #[arg(long, env = "FRAMESCOPE_BOX_LISTEN", value_name = "ADDR", requires = "tls_listen")]
    pub box_listen: Option<SocketAddr>,

    /// Another server that /relay may lead to, such as wss://echo.example/ws; may be given several times
    #[arg(long, env = "FRAMESCOPE_RELAY_TO", value_name = "URL", value_delimiter = ',')]
    pub relay_to: Vec<AllowedServer>,

    /// Certificates of authorities that other servers may be known by, beside those that browsers trust; PEM
    #[arg(long, env = "FRAMESCOPE_RELAY_CA", value_name = "FILE")]
    pub relay_ca: Option<PathBuf>,

    /// Serve the page from this folder instead of the one inside the binary
    #[arg(long, env = "FRAMESCOPE_PAGE", value_name = "DIR")]
    pub page: Option<PathBuf>,

    /// Serve the course in this folder instead of the one inside the binary
    #[arg(long, env = "FRAMESCOPE_COURSE", value_name = "DIR")]
    pub course: Option<PathBuf>,

    /// The key that receipts are signed with, PEM, made if it is not there; without it each start makes a new one
    #[arg(long, env = "FRAMESCOPE_RECEIPT_KEY", value_name = "FILE")]
    pub receipt_key: Option<PathBuf>,

    /// TCP connections that may be open at once, of whatever kind
    #[arg(long, env = "FRAMESCOPE_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096)]
    pub max_connections: usize,

    /// The largest request head
    #[arg(long, env = "FRAMESCOPE_MAX_HEAD", value_name = "SIZE", default_value = "16KiB", value_parser = head_bytes)]
    pub max_head: usize,

    /// How long a client may take to send a request head, also the first one
    #[arg(long, env = "FRAMESCOPE_HEAD_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub head_timeout: Duration,

    /// Sessions that may exist at once
    #[arg(long, env = "FRAMESCOPE_MAX_SESSIONS", value_name = "N", default_value_t = 1000)]
    pub max_sessions: usize,

    /// How long a session stays with nobody connected and nothing happening
    #[arg(long, env = "FRAMESCOPE_SESSION_TTL", value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub session_ttl: Duration,

    /// WebSocket connections that one session may have open at once
    #[arg(long, env = "FRAMESCOPE_SESSION_CONNECTIONS", value_name = "N", default_value_t = 32)]
    pub session_connections: usize,

    /// Observers that one session may have at once
    #[arg(long, env = "FRAMESCOPE_SESSION_OBSERVERS", value_name = "N", default_value_t = 16)]
    pub session_observers: usize,

    /// Memory for one session's log; past it the oldest observations go
    #[arg(long, env = "FRAMESCOPE_LOG_BYTES", value_name = "SIZE", default_value = "8MiB", value_parser = bytes)]
    pub log_bytes: u64,

    /// Observations that one session's log keeps
    #[arg(long, env = "FRAMESCOPE_LOG_COUNT", value_name = "N", default_value_t = 40_000)]
    pub log_count: usize,

    /// Memory for all logs together; past it each log that grows loses its oldest observations
    #[arg(long, env = "FRAMESCOPE_ALL_LOGS_BYTES", value_name = "SIZE", default_value = "512MiB", value_parser = bytes)]
    pub all_logs_bytes: u64,

    /// How much of a frame's payload an observation keeps
    #[arg(long, env = "FRAMESCOPE_PAYLOAD_CAP", value_name = "SIZE", default_value = "16KiB", value_parser = bytes)]
    pub payload_cap: u64,

    /// The largest frame that is taken; a larger one is answered with 1009
    #[arg(long, env = "FRAMESCOPE_MAX_FRAME", value_name = "SIZE", default_value = "16MiB", value_parser = bytes)]
    pub max_frame: u64,

    /// The largest message that is taken, all its fragments together; a larger one is answered with 1009
    #[arg(long, env = "FRAMESCOPE_MAX_MESSAGE", value_name = "SIZE", default_value = "16MiB", value_parser = bytes)]
    pub max_message: u64,

    /// Memory for messages that have not arrived whole, of all connections together; past it one is closed with 1013
    #[arg(long, env = "FRAMESCOPE_MAX_UNFINISHED", value_name = "SIZE", default_value = "256MiB", value_parser = bytes)]
    pub max_unfinished: u64,

    /// Whether compression is agreed on where a client offers it and its URL does not say
    #[arg(long, env = "FRAMESCOPE_DEFLATE", value_name = "SWITCH", default_value = "on")]
    pub deflate: Switch,

    /// WebSockets that may compress at once, each with about 320 KiB; past it the offers of new ones are declined
    #[arg(long, env = "FRAMESCOPE_MAX_DEFLATE", value_name = "N", default_value_t = 1024)]
    pub max_deflate: usize,

    /// How long a client may leave what the relay writes unread before its line is dropped
    #[arg(long, env = "FRAMESCOPE_WRITE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub write_timeout: Duration,

    /// How long a WebSocket may be silent before the relay closes it with 1001
    #[arg(long, env = "FRAMESCOPE_IDLE_TIMEOUT", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub idle_timeout: Duration,

    /// How long a client may take to answer the relay's close frame
    #[arg(long, env = "FRAMESCOPE_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub close_timeout: Duration,

    /// How often an observer is pinged; one that is silent for three times as long is dropped
    #[arg(long, env = "FRAMESCOPE_OBSERVER_PING", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub observer_ping: Duration,

    /// How long open sockets have to say goodbye when the relay is told to end
    #[arg(long, env = "FRAMESCOPE_SHUTDOWN_GRACE", value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub shutdown_grace: Duration,
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
    /// The most that is taken of one message.
    pub(crate) fn limits(&self) -> Limits {
        Limits { frame: self.max_frame, message: self.max_message }
    }
}

impl Default for Config {
    /// What `framescope serve` takes when nothing is said, the environment included.
    ///
    /// # Panics
    /// When an environment variable `FRAMESCOPE_…` has a wrong value.
    fn default() -> Self {
        let Arguments { command } = Arguments::try_parse_from(["framescope", "serve"]).expect("the defaults are valid");
        match command {
            Command::Serve(config) => *config,
            other => unreachable!("that was no serve: {other:?}"),
        }
    }
}

/// hyper's own floor for the buffer that a head must fit into.
const SMALLEST_HEAD: usize = 8 << 10;
const LARGEST_HEAD: usize = 1 << 20;

fn head_bytes(text: &str) -> Result<usize, String> {
    let size = usize::try_from(bytes(text)?).unwrap_or(usize::MAX);
    if (SMALLEST_HEAD..=LARGEST_HEAD).contains(&size) { Ok(size) } else { Err("say 8KiB to 1MiB".to_owned()) }
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
            assert!(flag.get_help().is_some(), "{} says what it is", flag.get_id());
        }
    }

    #[test]
    fn a_head_too_small_for_hyper_is_refused() {
        assert!(Arguments::try_parse_from(["framescope", "serve", "--max-head", "1KiB"]).is_err());
        assert!(Arguments::try_parse_from(["framescope", "serve", "--max-head", "8KiB"]).is_ok());
    }
}
