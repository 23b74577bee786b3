//! The client in Rust that `/api/snippets` gives, compiled as it is rendered, so that the tests can run it.
#![expect(clippy::print_stdout, reason = "a client tells there what it hears")]

include!("../../crates/export/golden/connect.rs");
