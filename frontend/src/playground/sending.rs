//! What the composer shows: which kind of message, and on the relay's side which command or held message.

use leptos::prelude::*;
use observation::ConnectionNumber;

/// Other views open a part of the composer with it.
#[derive(Clone, Copy)]
pub struct Sending {
    /// The index of the chosen kind; the last one is the relay's side.
    pub kind: RwSignal<usize>,
    /// The index of the chosen command of the relay's side.
    pub command: RwSignal<usize>,
    /// The held message that the visitor decides about: its connection, and its number there.
    pub held: RwSignal<Option<(ConnectionNumber, u64)>>,
}

/// The index of the relay's side, and in it of the held messages.
pub const RELAY: usize = 4;
pub const HELD: usize = 9;

impl Sending {
    pub fn new() -> Self {
        Self { kind: RwSignal::new(0), command: RwSignal::new(0), held: RwSignal::new(None) }
    }

    /// Shows a held message, to decide about it.
    pub fn decide(self, connection: ConnectionNumber, number: u64) {
        self.held.set(Some((connection, number)));
        self.command.set(HELD);
        self.kind.set(RELAY);
    }
}
