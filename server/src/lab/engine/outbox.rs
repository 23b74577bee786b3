//! The actions that wait for their time. The queue is bounded: when it is full, the connection stops reading.

use crate::lab::replies::Replies;
use observation::command::DropBy;
use observation::event::Cause;
use observation::{Act, Deliberate, Origin};
use std::collections::VecDeque;
use tokio::time::Instant;
use wire::close::CloseCode;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// With this many entries or bytes, the connection stops reading data that could add more.
const FULL: usize = 256;
const FULL_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Outbox {
    /// Sorted by time; entries with the same time keep their order.
    waiting: VecDeque<(Instant, Action)>,
    bytes: usize,
    /// The rest of a frame that is sent byte by byte.
    drip: Option<Drip>,
}

pub(super) struct Drip {
    pub(super) rest: VecDeque<u8>,
    pub(super) at: Instant,
}

/// An action to carry out.
pub(super) enum Action {
    Frame {
        header: FrameHeader,
        /// Unmasked.
        payload: Vec<u8>,
        deliberate: Option<Deliberate>,
        /// Whether the payload cannot be decompressed.
        broken: bool,
    },
    /// A whole message, which may be compressed.
    Message {
        kind: MessageKind,
        content: Vec<u8>,
        compress: bool,
        deliberate: Option<Deliberate>,
    },
    /// A message that rules decide about when it is due.
    Judge {
        kind: MessageKind,
        content: Vec<u8>,
        why: Option<Deliberate>,
    },
    /// A ping with this payload, whose pong has a deadline.
    Heartbeat(Vec<u8>),
    Close(CloseCode, String, Deliberate, Cause),
    /// Bytes outside any frame.
    Raw(Vec<u8>, Deliberate),
    /// Only recorded.
    Act(Act),
    Drop(DropBy, Deliberate),
}

/// What may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    Everything,
    /// Everything but data: a client's message is being echoed, and no other message may begin inside it.
    NoData,
    /// Nothing: a frame is half sent.
    Nothing,
}

impl Action {
    pub(super) fn frame(header: FrameHeader, payload: Vec<u8>, deliberate: Option<Deliberate>) -> Self {
        Self::Frame { header, payload, deliberate, broken: false }
    }

    /// A complete frame with that opcode.
    pub(super) fn control(opcode: Opcode, payload: Vec<u8>, deliberate: Option<Deliberate>) -> Self {
        Self::frame(FrameHeader::unmasked(true, opcode, payload.len() as u64), payload, deliberate)
    }

    fn is_data(&self) -> bool {
        match self {
            Self::Frame { header, .. } => !header.opcode.is_control(),
            Self::Message { .. } | Self::Judge { .. } => true,
            _ => false,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Frame { payload, .. } | Self::Raw(payload, _) | Self::Heartbeat(payload) => payload.capacity(),
            Self::Message { content, .. } | Self::Judge { content, .. } => content.capacity(),
            _ => 0,
        }
    }

    /// Whether the action is still allowed after a close frame.
    fn may_follow_close(&self) -> bool {
        match self {
            Self::Frame { deliberate, .. } => {
                deliberate.as_ref().is_some_and(|why| why.by == Origin::Console || why.what == "data-after-close")
            }
            Self::Message { .. } | Self::Judge { .. } => false,
            Self::Heartbeat(_) | Self::Close(..) => false,
            Self::Raw(..) | Self::Act(_) | Self::Drop(..) => true,
        }
    }
}

impl Outbox {
    pub(super) fn push(&mut self, at: Instant, out: Action) {
        self.bytes += out.bytes();
        let index = self.waiting.partition_point(|(other, _)| *other <= at);
        self.waiting.insert(index, (at, out));
    }

    /// Adds actions that come before all others.
    pub(super) fn put_first(&mut self, now: Instant, actions: Vec<Action>) {
        let at = self.waiting.front().map_or(now, |(first, _)| now.min(*first));
        for action in actions.into_iter().rev() {
            self.bytes += action.bytes();
            self.waiting.push_front((at, action));
        }
    }

    /// The next action that is due.
    pub(super) fn take(&mut self, now: Instant, ready: Ready) -> Option<Action> {
        let index = self.index(ready).filter(|&index| self.waiting[index].0 <= now)?;
        let (_, out) = self.waiting.remove(index)?;
        self.bytes -= out.bytes();
        Some(out)
    }

    /// When the next action is due.
    pub(super) fn next(&self, ready: Ready) -> Option<Instant> {
        let drip = self.drip.as_ref().map(|drip| drip.at);
        let waiting = || self.index(ready).map(|index| self.waiting[index].0);
        drip.filter(|_| ready != Ready::Nothing).or_else(waiting)
    }

    fn index(&self, ready: Ready) -> Option<usize> {
        match ready {
            _ if self.drip.is_some() => None,
            Ready::Everything => (!self.waiting.is_empty()).then_some(0),
            Ready::NoData => self.waiting.iter().position(|(_, out)| !out.is_data()),
            Ready::Nothing => None,
        }
    }

    pub(super) fn drip(&mut self) -> &mut Option<Drip> {
        &mut self.drip
    }

    pub(super) fn is_dripping(&self) -> bool {
        self.drip.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.drip.is_none()
    }

    /// A frame that is sent byte by byte does not count: it takes long, and the relay must still read pings and close frames.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL || self.bytes >= FULL_BYTES
    }

    /// Whether timed messages may still be added.
    pub(super) fn has_room_for_more(&self) -> bool {
        self.waiting.len() < FULL / 2
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.drip.as_ref().map_or(0, |drip| drip.rest.capacity())
    }

    /// Removes what may not follow a close frame.
    pub(super) fn keep_only_deliberate(&mut self) {
        self.waiting.retain(|(_, out)| out.may_follow_close());
        self.bytes = self.waiting.iter().map(|(_, out)| out.bytes()).sum();
    }

    /// Sends the rest of a frame that is sent byte by byte, because something urgent has to follow.
    pub(super) fn finish_drip(&mut self, replies: &mut Replies<'_, '_>) {
        if let Some(drip) = self.drip.take() {
            let (front, back) = drip.rest.as_slices();
            replies.copy(front);
            replies.copy(back);
        }
    }
}
