//! Receipts for passed challenges.
//!
//! | module | what it does |
//! |---|---|
//! | `grading` | grades an attempt on a session's log |
//! | `text` | a receipt as text: written, read and verified |
//! | `key` | the key that signs receipts |

pub(crate) mod grading;
pub(crate) mod key;
pub(crate) mod text;

pub use key::{Key, KeyError};
pub use text::{Fault, Origin, Receipt, Trust, Verified, read_all, shared, verdict};
