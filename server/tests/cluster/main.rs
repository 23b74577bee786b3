//! Several relays that share their sessions through Redis: real processes, a real redis-server, and faults between them.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

mod cluster;
mod limits;
mod model;
mod notes;
mod outbox;
mod privacy;
mod recorded;
mod relay;
mod rules;
mod shared;
mod starting;

/// The support of the other tests.
#[path = "../relay"]
mod relay_tests {
    #[allow(dead_code, reason = "these tests use a part of it")]
    pub(crate) mod support;
}

use relay_tests::support;
