//! Messages between relays: commands for a connection that another relay has, their answers, rules that changed, and sessions that ended.

use crate::session::mailbox::PendingCommand;
use observation::{Command, ConnectionNumber};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long another relay has for an answer.
pub(super) const ANSWERED: Duration = Duration::from_secs(10);

/// The commands that other relays have not answered yet, by number.
#[derive(Debug, Default)]
pub(super) struct Sent {
    sent: Mutex<HashMap<u64, PendingCommand>>,
    last: AtomicU64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Message {
    /// A command. What it is stands sealed, because it may have a payload.
    Command {
        session: String,
        from: String,
        id: u64,
        sealed: String,
    },
    Answer {
        id: u64,
        refused: Option<String>,
    },
    Ended {
        session: String,
    },
    /// The rules of a session have changed.
    Rules {
        session: String,
    },
}

/// What a sealed command has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) connection: ConnectionNumber,
    pub(super) command: Command,
}

impl Sent {
    /// The number of the next command.
    pub(super) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn sent(&self) -> MutexGuard<'_, HashMap<u64, PendingCommand>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message that a session was ended.
pub(super) fn ended(session: &str) -> String {
    text(&Message::Ended { session: session.to_owned() })
}

/// The message that the rules of a session have changed.
pub(super) fn rules(session: &str) -> String {
    text(&Message::Rules { session: session.to_owned() })
}

pub(super) fn text(message: &Message) -> String {
    serde_json::to_string(message).expect("these types always serialize")
}
