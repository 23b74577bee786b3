//! What is kept of a connection: everything in a session's log, or nothing at all.

use super::echo::FRAMES;
use crate::session::Presence;
use observation::event::{Cause, Closed, Count, Frame, Opening, Party};
use observation::{ConnectionNumber, Event, Position};
use std::collections::VecDeque;
use wire::Sender;
use wire::close::ClosePayload;
use wire::endpoint::Received;
use wire::header::FrameHeader;
use wire::message::MessagePosition;
use wire::opcode::Opcode;

/// Told of everything on one connection, in the order in which it crosses the wire.
pub(super) trait Recorder: Send + 'static {
    /// A frame came in, or its front did. It is published with the next [`Recorder::publish`].
    fn received(&mut self, frame: &Received);
    /// All that came in so far may be seen.
    fn publish(&mut self);
    /// A frame was put at the end of what is to be written, and ends `end` bytes after its beginning.
    fn queued(&mut self, header: &FrameHeader, payload: &[u8], position: Option<MessagePosition>, end: usize);
    /// `written` bytes of that have gone out, and what remains never will.
    fn written(&mut self, written: usize);
    /// The connection has ended.
    fn closed(self, cause: Cause);
}

/// Keeps nothing.
pub(super) struct NoRecorder;

impl Recorder for NoRecorder {
    fn received(&mut self, _: &Received) {}
    fn publish(&mut self) {}
    fn queued(&mut self, _: &FrameHeader, _: &[u8], _: Option<MessagePosition>, _: usize) {}
    fn written(&mut self, _: usize) {}
    fn closed(self, _: Cause) {}
}

/// Appends to the log of a session. However it goes away, it leaves exactly one [`Closed`] there.
pub(super) struct SessionRecorder {
    presence: Presence,
    connection: ConnectionNumber,
    payload_cap: usize,
    incoming: Vec<Event>,
    /// Frames on their way out, and where each ends.
    outgoing: VecDeque<(usize, Frame)>,
    client: Count,
    server: Count,
    first_close: Option<(Party, ClosePayload)>,
    client_closed: bool,
    server_closed: bool,
    /// Until it is in the log.
    cause: Option<Cause>,
}

impl SessionRecorder {
    /// Begins with the opening handshake.
    pub(super) fn begin(presence: Presence, opening: Opening, payload_cap: usize) -> Self {
        let connection = presence.session().next_connection();
        presence.session().append(connection, [Event::Opening(opening)]);
        Self {
            presence,
            connection,
            payload_cap,
            incoming: Vec::new(),
            outgoing: VecDeque::new(),
            client: Count::default(),
            server: Count::default(),
            first_close: None,
            client_closed: false,
            server_closed: false,
            // For the case that nobody comes to say another.
            cause: Some(Cause::LineBroke),
        }
    }

    fn frame(&self, from: Sender, header: &FrameHeader, payload: &[u8], position: Option<MessagePosition>) -> Frame {
        let mut kept = payload[..payload.len().min(self.payload_cap)].to_vec();
        if let Some(key) = header.masking_key {
            // As it was on the wire.
            key.apply(&mut kept, 0);
        }
        let mut frame = Frame::new(from, header, kept, payload.len() as u64);
        frame.position = position.map(Position::from);
        frame
    }
}

impl Recorder for SessionRecorder {
    fn received(&mut self, received: &Received) {
        let mut frame = self.frame(Sender::Client, &received.header, &received.payload, received.position);
        frame.violations = received.violations.iter().map(Into::into).collect();
        self.client.frames += 1;
        self.client.bytes += frame.wire_bytes();
        // The front of a close frame is no goodbye.
        if let Some(close) = &received.close {
            self.client_closed = true;
            self.first_close.get_or_insert_with(|| (Party::Client, close.clone()));
        }
        self.incoming.push(Event::Frame(frame));
    }

    fn publish(&mut self) {
        if !self.incoming.is_empty() {
            self.presence.session().append(self.connection, self.incoming.drain(..));
            self.incoming.shrink_to(FRAMES);
        }
    }

    fn queued(&mut self, header: &FrameHeader, payload: &[u8], position: Option<MessagePosition>, end: usize) {
        let frame = self.frame(Sender::Server, header, payload, position);
        self.outgoing.push_back((end, frame));
    }

    fn written(&mut self, written: usize) {
        let whole = self.outgoing.partition_point(|(end, _)| *end <= written);
        for (_, frame) in self.outgoing.range(..whole) {
            self.server.frames += 1;
            self.server.bytes += frame.wire_bytes();
            if frame.opcode() == Opcode::Close {
                self.server_closed = true;
                let (close, _) = ClosePayload::parse(&frame.payload);
                self.first_close.get_or_insert((Party::Server, close));
            }
        }
        self.outgoing.truncate(whole);
        if whole > 0 {
            let events = self.outgoing.drain(..).map(|(_, frame)| Event::Frame(frame));
            self.presence.session().append(self.connection, events);
            self.outgoing.shrink_to(FRAMES);
        }
    }

    fn closed(mut self, cause: Cause) {
        self.cause = Some(cause);
    }
}

impl Drop for SessionRecorder {
    fn drop(&mut self) {
        let Some(cause) = self.cause.take() else { return };
        self.publish();
        let (first, close) = self.first_close.take().unzip();
        let ClosePayload { code, reason } = close.unwrap_or_default();
        let closed = Closed {
            first,
            code: code.map(|code| code.0),
            reason,
            clean: self.client_closed && self.server_closed,
            cause,
            client: self.client,
            server: self.server,
        };
        self.presence.session().append(self.connection, [Event::Closed(closed)]);
    }
}
