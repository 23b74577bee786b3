//! The relay over real sockets, tested from outside: with raw bytes, with independent clients, and through the feed.

#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

mod assets;
mod behaviours;
mod closing;
mod compression;
mod console;
mod course;
mod differential;
mod echo;
mod endings;
mod export;
mod feed;
mod handshake;
mod hops;
mod http;
mod limits;
mod noise;
mod python;
mod refusals;
mod sessions;
mod shutdown;
mod snippets;
mod support;
mod tls;
mod violations;
