//! permessage-deflate: how it is agreed on, and how messages are compressed under it. RFC 7692 §7.
//!
//! [`negotiation`] reads offers and writes answers; the codec behind the feature `deflate` does the work.

#[cfg(feature = "deflate")]
mod codec;
pub mod negotiation;

#[cfg(feature = "deflate")]
pub use codec::{Deflater, Inflater};
pub use negotiation::{Agreed, Decline, Policy, Verdict, negotiate};

/// The registered name of the extension.
pub const NAME: &str = "permessage-deflate";

/// What ends each compressed message and is not sent: the empty stored block of a flush. RFC 7692 §7.2.1.
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
