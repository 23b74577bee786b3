//! The bodies of the targets. They lie with the tests of the wire crate, which run them over the seeds and over what its
//! properties draw.

#[path = "../../crates/wire/tests/protocol/fuzzing/mod.rs"]
pub mod fuzzing;
#[allow(dead_code, reason = "the tests have more uses for it")]
#[path = "../../crates/wire/tests/protocol/support/endpoint.rs"]
mod support;
