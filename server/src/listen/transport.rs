//! What carries a connection's HTTP.

use super::record_capture::RecordCapture;
use observation::Route;
use std::net::SocketAddr;

/// What is known of a connection before its first request.
pub(super) struct Transport {
    pub(super) peer: SocketAddr,
    pub(super) route: Route,
    pub(super) record_capture: Option<RecordCapture>,
}
