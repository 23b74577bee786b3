//! Anchors: where an event of the page and a row of the wire meet.

use super::row::PageSide;
use crate::{Frame, Party};
use wire::header::FrameHeader;

/// A point that an event of the page and a row of the wire share. Messages are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Anchor {
    Request,
    Response,
    ClientMessage(u64),
    ServerMessage(u64),
    ClientClose,
    End,
}

impl Anchor {
    pub(super) fn is_message(self) -> bool {
        matches!(self, Self::ClientMessage(_) | Self::ServerMessage(_))
    }
}

/// The anchor of a frame, and the page's part of its row while no event has joined it.
pub(super) fn anchor_of(frame: &Frame) -> (Option<Anchor>, PageSide) {
    let is_close = frame.opcode() == wire::opcode::Opcode::Close;
    match (frame.from, frame.position) {
        (Party::Client, Some(at)) if at.fragment == 1 => (Some(Anchor::ClientMessage(at.message)), PageSide::Nothing),
        (Party::Server, Some(at)) if at.last => (Some(Anchor::ServerMessage(at.message)), PageSide::Nothing),
        (Party::Server, Some(_)) => (None, PageSide::Fragment),
        (Party::Client, None) if is_close => (Some(Anchor::ClientClose), PageSide::Nothing),
        _ => (None, PageSide::Nothing),
    }
}

/// How many messages end in these raw bytes. An incomplete frame ends the count, because a client reads no further.
pub(super) fn messages_in(mut bytes: &[u8]) -> u64 {
    let mut messages = 0;
    while let Some(header) = FrameHeader::parse(bytes) {
        let whole = usize::try_from(header.length.bytes).ok().and_then(|length| length.checked_add(header.len()));
        let Some(rest) = whole.and_then(|whole| bytes.get(whole..)) else { break };
        messages += u64::from(header.fin && !header.opcode.is_control());
        bytes = rest;
    }
    messages
}
