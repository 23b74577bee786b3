//! A connection while its observations are collected.

use super::messages::Messages;
use observation::{ConnectionNumber, Opening, Refusal, Route};

/// A connection whose entry is not written yet.
pub(super) struct Connection {
    pub(super) number: ConnectionNumber,
    /// Microseconds since the session began.
    pub(super) began_us: u64,
    pub(super) last_us: u64,
    pub(super) handshake: Option<Handshake>,
    pub(super) messages: Messages,
    pub(super) over: bool,
}

/// The opening handshake of a connection, accepted or not.
pub(super) struct Handshake {
    pub(super) request: Vec<u8>,
    pub(super) response: Vec<u8>,
    /// When the response was sent, in microseconds since the session began.
    pub(super) answered_us: u64,
    /// The interim responses before it.
    pub(super) interim: Vec<u8>,
    /// Why the request was refused, if it was.
    pub(super) refused: Option<String>,
    pub(super) route: Route,
}

impl Handshake {
    pub(super) fn opening(opening: &Opening, at_us: u64) -> Self {
        let Opening { request, response, interim, route, .. } = opening.clone();
        Self { request, response, interim, answered_us: at_us, refused: None, route }
    }

    pub(super) fn refusal(refusal: &Refusal, at_us: u64) -> Self {
        let Refusal { request, response, interim, explanation, route, .. } = refusal.clone();
        Self { request, response, interim, answered_us: at_us, refused: Some(explanation), route }
    }
}
