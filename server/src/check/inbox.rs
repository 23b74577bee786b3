//! What arrives: collects frames and messages from the pieces that the protocol code hands out, until a step takes them.

use observation::{Frame as SeenFrame, Inflated, Position};
use scenario::matching::Arrival;
use std::collections::VecDeque;
use wire::Sender;
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler};
use wire::message::MessageKind;

/// How many bytes, and how many frames and messages, may wait for a step.
const MAX_BYTES: usize = 32 << 20;
const MAX_ARRIVALS: usize = 20_000;

/// What arrived and waits for a step.
pub(super) enum Received {
    Message(MessageKind, Vec<u8>),
    /// A frame with its unmasked payload, inflated if it is compressed, and the first rule that it breaks. The message that it
    /// `completes` follows.
    Frame {
        header: FrameHeader,
        payload: Vec<u8>,
        fault: Option<String>,
        completes: bool,
    },
    /// The end, and whether the server has sent a close frame.
    End {
        after_close: bool,
    },
}

impl Received {
    pub(super) fn arrival(&self) -> Arrival<'_> {
        match self {
            Self::Message(kind, content) => Arrival::Message(*kind, content),
            Self::Frame { header, payload, .. } => Arrival::Frame(header, payload),
            Self::End { after_close } => Arrival::End { after_close: *after_close },
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Message(_, content) | Self::Frame { payload: content, .. } => content.len(),
            Self::End { .. } => 0,
        }
    }
}

/// What arrived: the frame and the message in progress, and what waits for a step.
#[derive(Default)]
pub(super) struct Inbox {
    queue: VecDeque<Received>,
    /// How many bytes of content are in the queue.
    bytes: usize,
    /// The payload of the frame, and what it inflates to.
    payload: Vec<u8>,
    inflated: Vec<u8>,
    /// The content of the message so far.
    message: Vec<u8>,
    /// Frames that were not recorded and answered yet.
    ended: Vec<Ended>,
}

/// A frame, for the recording and for a reply.
pub(super) struct Ended {
    pub(super) frame: Frame,
    /// The payload of a control frame.
    pub(super) control: Vec<u8>,
    pub(super) seen: SeenFrame,
}

impl Inbox {
    /// Whether nothing more may be read for now.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES || self.queue.len() >= MAX_ARRIVALS
    }

    pub(super) fn pop(&mut self) -> Option<Received> {
        let received = self.queue.pop_front()?;
        self.bytes -= received.weight();
        Some(received)
    }

    /// Drops the message that the frame before it completed.
    pub(super) fn skip_message(&mut self) {
        if matches!(self.queue.front(), Some(Received::Message(..))) {
            self.pop();
        }
    }

    /// Drops what waits for a step.
    pub(super) fn clear(&mut self) {
        (self.queue, self.bytes) = (VecDeque::new(), 0);
    }

    /// The frames that have ended since the last call.
    pub(super) fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    fn push(&mut self, received: Received) {
        self.bytes += received.weight();
        self.queue.push_back(received);
    }

    /// The frame for the recording, and its content.
    pub(super) fn take_seen(&mut self, frame: &Frame) -> (SeenFrame, Vec<u8>) {
        let (payload, inflated) = (std::mem::take(&mut self.payload), std::mem::take(&mut self.inflated));
        let mut wire_payload = payload.clone();
        if let Some(key) = frame.header.masking_key {
            key.apply(&mut wire_payload, 0);
        }
        let mut seen = SeenFrame::new(Sender::Server, &frame.header, wire_payload, frame.arrived);
        seen.position = frame.position.map(Position::from);
        seen.violations = frame.violations.iter().map(Into::into).collect();
        if !frame.compressed {
            return (seen, payload);
        }
        seen.inflated = Some(Inflated { payload: inflated.clone(), bytes: inflated.len() as u64 });
        (seen, inflated)
    }
}

impl Handler<'_> for Inbox {
    fn begin(&mut self, _: &Frame) {}

    fn payload(&mut self, _: &Frame, bytes: &[u8]) {
        self.payload.extend_from_slice(bytes);
    }

    fn inflated(&mut self, _: &Frame, bytes: &[u8]) {
        self.inflated.extend_from_slice(bytes);
    }

    fn end(&mut self, frame: &Frame, control: &[u8]) {
        let (seen, content) = self.take_seen(frame);
        let fault = frame
            .violations
            .first()
            .map(|violation| format!("{violation} (RFC {} §{})", violation.rfc(), violation.section()));
        let position = frame.position.filter(|_| fault.is_none());
        let completes = position.filter(|position| position.last).map(|position| position.kind);
        if position.is_some() {
            self.message.extend_from_slice(&content);
        }
        self.push(Received::Frame { header: frame.header, payload: content, fault, completes: completes.is_some() });
        if let Some(kind) = completes {
            let message = std::mem::take(&mut self.message);
            self.push(Received::Message(kind, message));
        }
        self.ended.push(Ended { frame: frame.clone(), control: control.to_vec(), seen });
    }
}
