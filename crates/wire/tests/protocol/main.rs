//! The protocol by the sections of its RFCs. All tests are in one crate to share `support`.

mod close_codes;
mod deflate;
mod deliberate;
mod endpoint;
mod extended_connect;
mod extensions;
mod frames;
pub mod fuzzing;
mod opening_answer;
mod opening_handshake;
mod pings;
mod properties;
mod response_body;
mod support;
mod utf8;
mod violations;
