//! Scenarios: what a client sends to a WebSocket server, and what must come back. `framescope check` runs them.
//!
//! The crate does no I/O. The files are TOML, and `docs/check.md` describes them. Reading and matching are behind the feature `load`,
//! because they need regular expressions, JSONPath and TOML.
//!
//! | module | content |
//! |---|---|
//! | [`model`] | a scenario and its steps |
//! | [`template`] | texts with values from environment variables |
//! | `read` | the files, with the line of each problem |
//! | `matching` | compares what arrived with what a step expects |
//! | `json` | the values that a JSONPath selects |
//! | [`write`](mod@write) | writes such files; `toml` has its strings and tables |
//! | [`quote`] | quotes payloads in messages for people |

#[cfg(feature = "load")]
mod json;
#[cfg(feature = "load")]
pub mod matching;
pub mod model;
pub mod quote;
#[cfg(feature = "load")]
pub mod read;
pub mod template;
mod toml;
pub mod write;
