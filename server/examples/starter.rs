//! The Rust starter of a challenge, compiled as the page shows it, so that the tests can run it.
#![expect(clippy::print_stdout, reason = "a client tells there what it hears")]

include!("../../crates/curriculum/golden/starter.rs");
