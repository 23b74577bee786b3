//! What the page knows: actions in, read signals out. Views are functions of it.
//!
//! [`Lab`] is the one store of a playground: it owns the sockets, takes in what they tell once per animation frame, and
//! keeps a [`record::Record`] of both sides.

pub mod attempt;
pub mod catalogue;
pub mod commands;
pub mod draft;
pub mod filter;
pub mod journal;
pub mod lab;
pub mod lines;
pub mod progress;
pub mod record;
pub mod runner;
pub mod settings;
pub mod setup;
pub mod taken;
pub mod target;
pub mod way;

pub use lab::{FeedState, Lab, Session};
pub use record::Record;
