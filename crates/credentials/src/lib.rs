//! Credentials in opening handshakes: which parts are secret, and how to conceal them. `*` replaces each byte, so every byte keeps
//! its place.
//!
//! | module | what it does |
//! |---|---|
//! | [`concealer`] | credentials that a relay never records: the values of cookies, of `Authorization` and of similar headers |
//! | [`tokens`] | what exports leave out as well: tokens in URLs, in other headers and in subprotocols |
//! | [`texts`] | what looks like a token in other texts |
//! | `head` | goes through the texts of a handshake, line by line |
//! | `pattern`, `value` | the names of headers that carry credentials, and which part of a value is secret |
//! | `token_name`, `parameters`, `subprotocols` | names that mark a token, tokens in URLs, tokens that are sent as subprotocols |

pub mod concealer;
mod head;
mod parameters;
mod pattern;
mod subprotocols;
pub mod texts;
mod token_name;
pub mod tokens;
mod value;

pub use concealer::Concealer;
pub use pattern::{HeaderPattern, PatternError};

/// Replaces each byte of a credential.
const PLACEHOLDER: u8 = b'*';
