//! The bodies of the fuzz targets. They belong to the tests of the crates, which run them on the seeds and on generated input.

#[path = "../../crates/decode/tests/messages/fuzzing.rs"]
pub mod decoding;
#[path = "../../crates/wire/tests/protocol/fuzzing/mod.rs"]
pub mod fuzzing;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../crates/wire/tests/protocol/support/endpoint.rs"]
mod support;
