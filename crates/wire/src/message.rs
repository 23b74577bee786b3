//! Assigns the frames of one direction to messages. RFC 6455 §5.4.

use crate::opcode::Opcode;
use crate::violation::Violation;

pub use crate::opcode::MessageKind;

/// The position of a data frame in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessagePosition {
    /// The number of the message in its direction, from 1.
    pub message: u64,
    /// The number of the fragment in its message, from 1.
    pub fragment: u32,
    /// The kind of the message. A continuation has the kind of its first frame.
    pub kind: MessageKind,
    /// Whether the frame has FIN set.
    pub last: bool,
}

/// Tracks the fragments of one direction.
#[derive(Clone, Debug, Default)]
pub struct MessageTracker {
    /// How many messages have started.
    begun: u64,
    /// The latest frame of a message that still waits for its last fragment.
    open: Option<MessagePosition>,
}

impl MessageTracker {
    /// Adds the next frame. Control frames and reserved opcodes belong to no message and change nothing. A frame that breaks
    /// the order gets a violation and no position.
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

    /// How many messages have started.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Whether a message still waits for its last fragment.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}
