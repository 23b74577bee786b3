//! What conditions can ask of a connection.

use observation::ConnectionNumber;
use observation::rule::When;
use std::time::Duration;

/// What conditions can ask of a connection.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The numbers of the connection, or of both sides of a hop.
    pub(crate) numbers: Vec<ConnectionNumber>,
    pub(crate) subprotocol: Option<String>,
    /// Path and query of the request to the other server; empty in the lab.
    pub(crate) path: String,
    /// Whether only rules that name the connection act on it: it is the server side of a middlebox, whose other side the rules act on.
    pub(crate) only_named: bool,
    /// Whether the relay is the server, so that what the client sends goes no further.
    pub(crate) is_lab: bool,
    /// How long nothing may arrive before the relay closes the connection.
    pub(crate) idle: Duration,
    /// Whether permessage-deflate was negotiated, and the relay can compress.
    pub(crate) deflate: bool,
}

impl Scope {
    /// Whether a rule can act on the messages of this connection.
    pub(super) fn has(&self, when: &When) -> bool {
        let is_named = when.connection.is_some_and(|number| self.numbers.contains(&number));
        let only = when.subprotocol.as_ref();
        when.handshake.is_none()
            && (is_named || (when.connection.is_none() && !self.only_named))
            && only.is_none_or(|only| self.subprotocol.as_ref() == Some(only))
    }
}
