//! The same with texts that are full of quotes, escapes and characters that cannot be seen.
#![expect(clippy::print_stdout, reason = "a client tells there what it hears")]

include!("../../crates/export/golden/odd.rs");
