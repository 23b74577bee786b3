//! Protocols that put values into messages of their own.

pub(crate) mod action_cable;
pub(crate) mod graphql;
pub(crate) mod json_rpc;
pub(crate) mod mqtt;
pub(crate) mod phoenix;
pub(crate) mod signalr;
pub(crate) mod socket_io;
pub(crate) mod stomp;
pub(crate) mod wamp;
