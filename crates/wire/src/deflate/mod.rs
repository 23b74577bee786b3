//! permessage-deflate: its negotiation, and the compression of messages. RFC 7692 §7.
//!
//! [`negotiation`] reads offers and writes answers, and [`answer`] checks an answer as a client must. The codec is behind the
//! feature `deflate`.

pub mod answer;
#[cfg(feature = "deflate")]
mod codec;
pub mod negotiation;

pub use answer::{AnswerFault, check as check_answer};
#[cfg(feature = "deflate")]
pub use codec::{Deflater, Inflater};
pub use negotiation::{Agreed, Decline, NAME, Policy, Verdict, negotiate};

/// The empty stored block that a flush writes. It ends each compressed message and is not sent. RFC 7692 §7.2.1.
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
