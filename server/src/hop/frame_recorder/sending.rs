//! Does what commands ask for.

use super::super::commands::{Waiting, refused};
use super::super::direction::Direction;
use super::super::sides::random_key;
use super::FrameRecorder;
use crate::command_frames::{CommandFrame, Content};
use crate::session::PendingCommand;
use observation::{Act, Command};
use wire::Sender;

const NO_RANDOMNESS: &str = "the system did not provide random bits for a masking key; try again";

impl FrameRecorder {
    /// Sends what a command asks for. `None` if it is refused.
    pub(super) fn send(&mut self, direction: Direction, Waiting { pending, frame }: Waiting) -> Option<Vec<u8>> {
        let role = direction.sender();
        // A close frame may have been sent since the command was accepted.
        let closed = self.sides.inspector(direction).close_at_exit().is_some();
        let refusal = CommandFrame::of(&pending.command, role, closed).err();
        let is_composed = matches!(pending.command, Command::Frame(_));
        let key = if role == Sender::Client && !is_composed { random_key().map(Some) } else { Some(None) };
        let why = frame.why;
        let bytes = match (refusal, frame.content, key) {
            (Some(why), ..) => {
                self.record(refused(&pending, &why));
                return None;
            }
            (None, Content::Frame(..), None) => {
                self.record(refused(&pending, NO_RANDOMNESS));
                return None;
            }
            (None, Content::Frame(mut header, payload), Some(key)) => {
                header.masking_key = header.masking_key.or(key);
                self.insert(direction, &header, &payload, Some(&why))
            }
            (None, Content::Raw(bytes), _) => {
                self.sides.inspector(direction).insert_raw(&bytes);
                let kept = bytes[..bytes.len().min(self.payload_cap)].to_vec();
                let act = Act { bytes: kept, sent: bytes.len() as u64, ..Act::of(why) };
                self.record((self.sides.number(direction.target()), act));
                bytes
            }
        };
        pending.answer(None);
        Some(bytes)
    }

    /// Does what a command decides about a held message.
    pub(super) fn decide(&mut self, pending: &PendingCommand) {
        let decided = match &mut self.interceptor {
            Some(interceptor) => interceptor.decide(&pending.command, &mut self.sides),
            None => Some(Err("nothing is held on this connection".to_owned())),
        };
        match decided {
            Some(Err(why)) => self.record(refused(pending, &why)),
            _ => pending.answer(None),
        }
        self.note_close();
    }
}
