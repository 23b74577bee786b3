//! Which frames make up which message, one direction at a time. RFC 6455 §5.4.

use crate::opcode::Opcode;
use crate::violation::Violation;

/// A data frame's place in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessagePosition {
    /// Messages of one direction, counted from 1.
    pub message: u64,
    /// Fragments of that message, counted from 1.
    pub fragment: u32,
    /// Text or binary, also for a continuation.
    pub kind: MessageKind,
    /// Whether this is the frame with FIN set.
    pub last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Text,
    Binary,
}

impl MessageKind {
    /// One word, as the RFC names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// Follows the fragments of one direction.
#[derive(Clone, Debug, Default)]
pub struct MessageTracker {
    /// How many messages have begun.
    begun: u64,
    /// The message still waiting for its last fragment.
    open: Option<MessagePosition>,
}

impl MessageTracker {
    /// Takes the next frame. Control frames and reserved opcodes belong to no message and change nothing; a frame that
    /// breaks the order gets a violation and no position.
    #[inline]
    pub fn frame(&mut self, opcode: Opcode, fin: bool) -> (Option<MessagePosition>, Option<Violation>) {
        let position = match (opcode, self.open) {
            (Opcode::Continuation, Some(open)) => {
                MessagePosition { fragment: open.fragment.saturating_add(1), last: fin, ..open }
            }
            (Opcode::Continuation, None) => return (None, Some(Violation::NothingToContinue)),
            (Opcode::Text | Opcode::Binary, Some(_)) => return (None, Some(Violation::MessageStillOpen)),
            (Opcode::Text | Opcode::Binary, None) => {
                self.begun += 1;
                let kind = if opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary };
                MessagePosition { message: self.begun, fragment: 1, kind, last: fin }
            }
            _ => return (None, None),
        };
        self.open = (!fin).then_some(position);
        (Some(position), None)
    }

    /// Whether a message waits for its last fragment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}
