//! Request heads that never became a request.

use bytes::Bytes;
use observation::Route;
use std::sync::Arc;

/// A request head that hyper gave up on, so that no handler has heard of it.
pub(crate) struct UnfinishedHead {
    /// What has come of it.
    pub(crate) bytes: Bytes,
    /// What hyper answered; empty where the line was closed without a word.
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
