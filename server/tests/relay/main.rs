//! The relay over real sockets, seen from outside: by raw bytes, by a client of other making, and through the feed.

mod assets;
mod echo;
mod endings;
mod feed;
mod handshake;
mod http;
mod refusals;
mod sessions;
mod shutdown;
mod support;
mod violations;
