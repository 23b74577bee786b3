//! The protocol as the RFCs tell it: one crate, so that all of it shares `support`.

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
mod properties;
mod support;
mod utf8;
mod violations;
