//! Commands for the two sides of a hop. A frame that a command asks for waits until it can be placed between two forwarded frames,
//! and a message until it can be placed between two messages.

use super::direction::Direction;
use crate::command_frames::{self as frames, CommandFrame, Content, MAX_PAUSE};
use crate::session::{Mailbox, PendingCommand};
use observation::command::DropBy;
use observation::{Act, Command, ConnectionNumber, Leg};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// The most commands of one side that wait for their place, and the most bytes that they send.
const MAX_WAITING: usize = 64;
const MAX_WAITING_BYTES: usize = 1 << 20;

const FULL: &str =
    "too many commands already wait for the frame or message that is being forwarded; try again when it has ended";
const NO_BEHAVIOUR: &str = "a forwarded connection has no behavior: the server at its other end decides how it behaves; commands that send something work here";
const ENDED: &str = "the connection ended before this was done";

pub(super) struct HopCommands {
    mailbox: Arc<Mailbox>,
    /// The state of the mailbox when it was last looked into.
    seen: Option<u64>,
    near: Side,
    far: Side,
}

/// The commands for one side.
#[derive(Default)]
struct Side {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// Until when nothing is read from the end of this side.
    paused: Option<Instant>,
}

/// A command that waits for its place.
pub(super) struct Waiting {
    pub(super) pending: PendingCommand,
    pub(super) frame: CommandFrame,
}

/// What became of a command.
pub(super) enum Taken {
    /// It waits for its place.
    Waits,
    /// It was done or refused; to be recorded for this connection.
    Done(ConnectionNumber, Act),
    /// It ends the connection of a side.
    Drops(ConnectionNumber, DropBy, Act),
}

impl HopCommands {
    pub(super) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self { mailbox, seen: None, near: Side::default(), far: Side::default() }
    }

    /// Whether to look into the mailbox.
    pub(super) fn has_news(&mut self) -> bool {
        self.mailbox.has_news(&mut self.seen)
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<PendingCommand> {
        self.mailbox.poll_take(cx)
    }

    /// Accepts or refuses a command for `side`, and answers it unless it waits. `frame` is what it sends, if it sends something,
    /// or why it cannot.
    pub(super) fn take(
        &mut self,
        side: Leg,
        pending: PendingCommand,
        frame: Result<Option<CommandFrame>, String>,
    ) -> Taken {
        let connection = pending.connection;
        let peer = Direction::toward(side).receiver();
        let state = self.side_mut(side);
        let done = match (&pending.command, frame) {
            (_, Err(why)) => Err(why),
            (_, Ok(Some(frame))) if state.has_room_for(&frame) => {
                state.bytes += frame.bytes();
                state.waiting.push_back(Waiting { pending, frame });
                return Taken::Waits;
            }
            (_, Ok(Some(_))) => Err(FULL.to_owned()),
            (Command::Drop(by), _) => {
                pending.answer(None);
                return Taken::Drops(connection, *by, Act::of(frames::dropped(*by)));
            }
            (Command::Pause, _) if state.paused.is_some() => Err(frames::PAUSED.to_owned()),
            (Command::Pause, _) => {
                state.paused = Some(Instant::now() + MAX_PAUSE);
                Ok(frames::paused(peer))
            }
            (Command::Resume, _) => match state.paused.take() {
                Some(_) => Ok(frames::resumed()),
                None => Err(frames::NOT_PAUSED.to_owned()),
            },
            _ => Err(NO_BEHAVIOUR.to_owned()),
        };
        Taken::Done(connection, answer(&pending, done))
    }

    /// The next frame to place in this direction. `between_messages` is whether a message may begin now.
    pub(super) fn next(&mut self, direction: Direction, between_messages: bool) -> Option<Waiting> {
        let side = self.side_mut(direction.target());
        let index = side.waiting.iter().position(|waiting| between_messages || waiting.frame.is_control())?;
        let waiting = side.waiting.remove(index)?;
        side.bytes -= waiting.frame.bytes();
        Some(waiting)
    }

    /// Whether no frame waits for its place in this direction.
    #[inline]
    pub(super) fn is_empty(&self, direction: Direction) -> bool {
        self.side(direction.target()).waiting.is_empty()
    }

    /// Refuses all frames that wait for their place in this direction.
    pub(super) fn refuse_all(&mut self, direction: Direction, why: &str) -> Vec<(ConnectionNumber, Act)> {
        let side = self.side_mut(direction.target());
        side.bytes = 0;
        side.waiting.drain(..).map(|waiting| refused(&waiting.pending, why)).collect()
    }

    /// Whether nothing is read that would be forwarded in this direction.
    #[inline]
    pub(super) fn is_paused(&self, direction: Direction) -> bool {
        self.side(direction.source()).paused.is_some()
    }

    /// When the next pause ends by itself.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        [self.near.paused, self.far.paused].into_iter().flatten().min()
    }

    /// Ends a pause whose time is over. Returns its side.
    pub(super) fn resume(&mut self, now: Instant) -> Option<Leg> {
        [Leg::Near, Leg::Far].into_iter().find(|&leg| self.side_mut(leg).paused.take_if(|at| *at <= now).is_some())
    }

    /// Refuses everything that is left, because the connection has ended.
    pub(super) fn end(&mut self, left: impl IntoIterator<Item = PendingCommand>) -> Vec<(ConnectionNumber, Act)> {
        let mut all: Vec<_> = Direction::BOTH.into_iter().flat_map(|way| self.refuse_all(way, ENDED)).collect();
        all.extend(left.into_iter().map(|pending| refused(&pending, ENDED)));
        all
    }

    fn side(&self, side: Leg) -> &Side {
        match side {
            Leg::Near => &self.near,
            Leg::Far => &self.far,
        }
    }

    fn side_mut(&mut self, side: Leg) -> &mut Side {
        match side {
            Leg::Near => &mut self.near,
            Leg::Far => &mut self.far,
        }
    }
}

impl Side {
    fn has_room_for(&self, frame: &CommandFrame) -> bool {
        self.waiting.len() < MAX_WAITING && self.bytes + frame.bytes() <= MAX_WAITING_BYTES
    }
}

impl CommandFrame {
    fn bytes(&self) -> usize {
        match &self.content {
            Content::Frame(_, bytes) | Content::Raw(bytes) => bytes.len(),
        }
    }

    /// Whether it may be placed between the fragments of a message. RFC 6455 §5.4.
    fn is_control(&self) -> bool {
        matches!(&self.content, Content::Frame(header, _) if header.opcode.is_control())
    }
}

/// Answers a command that was done, or refused with a reason. Returns what to record.
fn answer(pending: &PendingCommand, done: Result<Act, String>) -> Act {
    let (act, refused) = match done {
        Ok(act) => (act, None),
        Err(why) => (Act::refused(&pending.command, why.clone()), Some(why)),
    };
    pending.answer(refused);
    act
}

pub(super) fn refused(pending: &PendingCommand, why: &str) -> (ConnectionNumber, Act) {
    (pending.connection, answer(pending, Err(why.to_owned())))
}
