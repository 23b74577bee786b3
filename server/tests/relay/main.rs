//! The relay over real sockets, seen from outside: by raw bytes, by a client of other making, and through the feed.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

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
