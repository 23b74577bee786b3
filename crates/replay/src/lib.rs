//! A recorded conversation, played again. No clock, no socket: times are arguments.
//!
//! | module | content |
//! |---|---|
//! | [`conversation`] | the messages of one connection, in order |
//! | [`player`] | plays the client's side: what to send next, and when |
//! | [`differences`] | two conversations side by side, row by row |
//! | [`script`] | the server's side, as a script for the lab |
//! | [`load`] | round trips of an echo: their rate and their distribution |

pub mod conversation;
pub mod differences;
pub mod load;
pub mod player;
pub mod script;

pub use conversation::{Conversation, Ending, Message};
pub use differences::{Compared, Row, compare};
pub use load::Load;
pub use player::{Next, Pace, Player};
