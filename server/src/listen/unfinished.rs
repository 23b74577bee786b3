//! Request heads that never became a request.

use bytes::Bytes;
use observation::Route;
use std::sync::Arc;

/// A request head that hyper gave up on, so no handler got it.
pub(crate) struct UnfinishedHead {
    /// The bytes that arrived.
    pub(crate) bytes: Bytes,
    /// hyper's response; empty if it closed the connection without one.
    pub(crate) answer: Bytes,
    pub(crate) fault: HeadFault,
    pub(crate) route: Route,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    TooLarge,
    TooSlow,
    Malformed,
}

impl HeadFault {
    pub(super) fn of(error: &hyper::Error) -> Option<Self> {
        match error {
            error if error.is_parse_too_large() => Some(HeadFault::TooLarge),
            error if error.is_timeout() => Some(HeadFault::TooSlow),
            error if error.is_parse() => Some(HeadFault::Malformed),
            _ => None,
        }
    }
}

/// Called for each such head.
pub(crate) type OnUnfinished = Arc<dyn Fn(UnfinishedHead) + Send + Sync>;
