//! Runs a behavior on an open connection. No waiting, no I/O.
//!
//! | module | what it does |
//! |---|---|
//! | `state` | [`Engine`]: decides what to do about each message |
//! | `clock`, `timers` | what is due because time has passed |
//! | `command` | what an observer asked for |
//! | `outbox` | the actions that wait |
//! | `run` | carries out what is due |
//! | `reasons` | why the relay does it, in words |
//!
//! A connection with the default behavior, a plain echo, has no engine until a command arrives.

mod clock;
pub(super) mod command;
mod outbox;
mod reasons;
mod run;
mod state;
mod timers;

pub(super) use run::TurnContext;
pub(super) use state::Engine;
