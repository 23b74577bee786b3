//! The bodies of the fuzz targets. They belong to the wire crate's tests, which run them on the seeds and on generated input.

#[path = "../../crates/wire/tests/protocol/fuzzing/mod.rs"]
pub mod fuzzing;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../crates/wire/tests/protocol/support/endpoint.rs"]
mod support;
