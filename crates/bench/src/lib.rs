//! Measures the cost of an echoed message in the relay and in other echo servers, on the same machine in the same run. Compares
//! the relay as a proxy with nginx.
//!
//! Each server is a separate process on one core; the load generator has another core. The main figure is the server's CPU time
//! per message. It depends far less on the generator and on the state of the machine than messages per second do.
//!
//! | module | content |
//! |---|---|
//! | [`case`] | the cases: connections, message size, messages in flight |
//! | [`contestant`] | the servers that are compared, and how each starts |
//! | [`nginx`] | the proxy that the relay is compared with as a proxy |
//! | [`server`], [`folder`] | a contestant's process: pinned, measured, ended; its files |
//! | [`opening`] | connections after the opening handshake |
//! | [`batch`] | the bytes that a connection sends, and the expected reply |
//! | [`generator`] | the load: sends, counts and times |
//! | [`observer`] | observes a session of the lab, as the page does |
//! | [`measure`] | one contestant in one case, and the summary of several rounds |
//! | [`memory`] | the memory of an idle connection |
//! | [`scaling`] | the server on one core compared with two |
//! | [`cluster`] | relays that share their sessions through Redis, compared with one that has them in memory |
//! | [`rules`] | what rules cost |
//! | [`results`], [`targets`] | all figures, and their targets |
//! | [`table`], [`machine`], [`cores`] | Markdown tables, the description of the machine, pinning to cores |
#![cfg(target_os = "linux")]

pub mod batch;
pub mod case;
pub mod cluster;
pub mod contestant;
pub mod cores;
pub mod folder;
pub mod generator;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod nginx;
pub mod observer;
pub mod opening;
pub mod results;
pub mod rules;
pub mod scaling;
pub mod server;
pub mod table;
pub mod targets;

use std::time::Duration;

/// The run fails after this time without progress.
pub const TIMEOUT: Duration = Duration::from_secs(10);
