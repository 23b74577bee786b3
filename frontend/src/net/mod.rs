//! The only files that touch sockets and fetch.

pub mod api;
pub mod feed;
pub mod lab_socket;
pub mod loaded;
pub mod sandbox;
