//! The relay over real sockets, tested from outside: with raw bytes, with independent clients, and through the feed.

#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

mod admin;
mod assets;
mod base_path;
mod behaviours;
mod check;
mod client_limits;
mod closing;
mod compression;
mod console;
mod course;
mod credentials;
mod deploy;
mod differential;
mod echo;
mod embed;
mod ended_sessions;
mod endings;
mod export;
mod fault_line;
mod feed;
mod front;
mod handshake;
mod hops;
mod hosts;
mod http;
mod import;
mod keepalive;
mod key_log;
mod limits;
mod log;
mod noise;
mod notes;
mod operator;
mod origins;
#[cfg(target_os = "linux")]
mod proxies;
mod python;
#[cfg(target_os = "linux")]
mod redis_server;
mod refusals;
mod rules;
mod sessions;
mod shutdown;
mod snippets;
mod support;
mod tls;
mod version;
mod violations;
mod watch_only;
