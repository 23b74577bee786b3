//! Runs a behavior on an open connection. No waiting, no I/O.
//!
//! | module | what it does |
//! |---|---|
//! | `state` | [`Engine`]: decides what to do about each message |
//! | `clock`, `timers` | what is due because time has passed |
//! | `messages` | messages, in as many frames as the behavior asks for |
//! | `gathering` | replies that wait for each other |
//! | `token` | replies with a random token |
//! | `command` | what an observer asked for |
//! | `rules` | what the session's rules decide |
//! | `dialogue` | a script, followed step by step |
//! | `outbox` | the actions that wait |
//! | `run` | carries out what is due |
//! | `reasons` | why the relay does it, in words |
//!
//! A connection with the default behavior, a plain echo, has no engine until a command arrives.

mod clock;
mod command;
mod dialogue;
mod gathering;
mod lab_message;
mod messages;
mod outbox;
mod reasons;
mod rules;
mod run;
mod state;
mod timers;
mod token;

pub(super) use lab_message::LabInterceptor;
pub(super) use run::TurnContext;
pub(super) use state::Engine;
