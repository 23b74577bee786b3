//! Measures the cost of an echoed message in the relay and in other echo servers, on the same machine in the same run. Compares
//! the relay as a proxy with nginx.
//!
//! Each server is a separate process on one core; the load generator has another core. The main figure is the server's CPU time
//! per message. It depends far less on the generator and on the state of the machine than messages per second do.
//!
//! | module | content |
//! |---|---|
//! | [`case`] | what is sent: the cases |
//! | [`contestant`] | who is compared, and how each is started |
//! | [`nginx`] | the proxy that the relay is compared with where it is one |
//! | [`server`] | a contestant's process: pinned, measured, ended |
//! | [`opening`] | connections with the opening handshake done |
//! | [`batch`] | the bytes that a connection sends, and those that must come back |
//! | [`generator`] | the load: sends, counts and times |
//! | [`observer`] | watches a session of the lab, as its page does |
//! | [`measure`] | one contestant in one case, and what several rounds come to |
//! | [`memory`] | what an idle connection holds |
//! | [`scaling`] | one core for the server beside two |
//! | [`results`], [`targets`] | all figures, and what they are to be |
//! | [`table`], [`machine`], [`cores`] | Markdown, where it ran, who runs where |
#![cfg(target_os = "linux")]

pub mod batch;
pub mod case;
pub mod contestant;
pub mod cores;
pub mod generator;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod nginx;
pub mod observer;
pub mod opening;
pub mod results;
pub mod scaling;
pub mod server;
pub mod table;
pub mod targets;

use std::time::Duration;

/// The run fails after this time without progress.
pub const TIMEOUT: Duration = Duration::from_secs(10);
