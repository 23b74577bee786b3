//! One turn of an open connection: what received bytes mean, and what to send for them. No waiting, no I/O.
//!
//! Data frames are echoed unchanged. The echo of a binary frame starts before the frame is complete. A text frame waits until its
//! UTF-8 is checked, because a frame that has begun cannot be withdrawn. A compressed message is compressed again with the
//! relay's own context, so its frames differ. With an engine, the behavior decides which messages are echoed this way, and what
//! happens to the others.

use super::engine::{Engine, TurnContext};
use super::recorder::{Outbound, Recorder};
use super::replies::Replies;
use crate::memory;
use observation::event::Cause;
use tokio::time::Instant;
use wire::close::{self, CloseCode};
use wire::header::{FrameHeader, MAX_HEADER};
use wire::incoming::{Frame, Handler};
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::{Answer, Outgoing};
use wire::violation::Violation;

/// A longer compressed message is echoed in fragments of about this size, in bytes.
const FRAGMENT: usize = 64 << 10;
/// How many bytes one turn decompresses before other connections get their turn. A compressed byte counts as several, because
/// some payloads take long to decompress to nothing.
const MOST_INFLATED: usize = 256 << 10;
const COMPRESSED_BYTE: usize = 16;
/// How many bytes one turn sends before it stops answering. Decompression can exceed this by a mebibyte.
const MOST_OUT: usize = 512 << 10;

/// A conversation during one turn.
pub(super) struct Turn<'t, 'w, 'b, R> {
    pub(super) outgoing: &'t mut Outgoing,
    pub(super) recorder: &'t mut R,
    pub(super) engine: Option<&'t mut Engine>,
    /// The time, if there is an engine.
    pub(super) now: Option<Instant>,
    pub(super) held: &'t mut Vec<u8>,
    pub(super) streaming: &'t mut bool,
    pub(super) fragmented: &'t mut bool,
    pub(super) close_cause: &'t mut Option<Cause>,
    pub(super) deferred_close: &'t mut Option<(CloseCode, &'static str)>,
    pub(super) over: &'t mut Option<Cause>,
    /// Bytes queued before this turn.
    pub(super) before: u64,
    pub(super) replies: &'t mut Replies<'w, 'b>,
    /// The payload of the current frame, if it is complete.
    pub(super) whole: Option<&'b [u8]>,
    /// Where the current text frame begins in the replies, if it began in this turn.
    pub(super) text: Option<usize>,
    pub(super) inflated: usize,
}

impl<'b, R: Recorder> Turn<'_, '_, 'b, R> {
    /// Holds back what is incomplete, and lets the engine do what is due. `heard` is whether any data arrived.
    pub(super) fn finish(mut self, heard: bool) {
        if let Some(start) = self.text.take() {
            *self.held = self.replies.take_back(start);
        }
        if let Some(whole) = self.whole.take() {
            // The end of this frame belongs to the next turn.
            self.recorder.piece(whole);
        }
        if let (Some(engine), Some(now), true) = (self.engine.as_deref_mut(), self.now, heard) {
            engine.travelled(now);
        }
        self.perform();
    }

    /// Whether `frame` is echoed unchanged. Nothing follows a close frame. RFC 6455 §5.5.1.
    fn is_echoed(&self, frame: &Frame) -> bool {
        !frame.compressed
            && frame.position.is_some()
            && frame.is_valid()
            && !self.outgoing.sent_close()
            && self.is_plain()
    }

    /// Whether the engine leaves the current message to the plain echo.
    #[inline]
    fn is_plain(&self) -> bool {
        self.engine.as_ref().is_none_or(|engine| engine.is_plain())
    }

    /// The engine decides about each message when it begins.
    #[inline]
    fn message_begins(&mut self, frame: &Frame) {
        if let Some(engine) = &mut self.engine
            && frame.position.is_some_and(|position| position.fragment == 1)
        {
            engine.begins();
        }
    }

    /// Notifies the engine of complete messages and of pongs.
    fn notify_engine(&mut self, frame: &Frame, control: &[u8]) {
        let (Some(engine), Some(now)) = (&mut self.engine, self.now) else { return };
        match frame.position {
            Some(position) if position.last && frame.is_valid() => {
                engine.message_over(position.kind, frame.compressed, now)
            }
            None if frame.header.opcode == Opcode::Pong => return engine.pong(control),
            _ => return,
        }
        // Immediately, so that the number of reads makes no difference.
        self.perform();
    }

    /// Lets the engine do what is due.
    fn perform(&mut self) {
        let (Some(engine), Some(now), None) = (self.engine.as_deref_mut(), self.now, &*self.over) else { return };
        engine.perform(
            now,
            &mut TurnContext {
                outgoing: self.outgoing,
                recorder: self.recorder,
                replies: self.replies,
                before: self.before,
                streaming: *self.streaming,
                close_cause: self.close_cause,
                over: self.over,
            },
        );
        // An incomplete message cannot follow a close frame.
        if self.outgoing.sent_close() {
            *self.held = Vec::new();
        }
    }

    /// Whether the engine lets the relay answer as the RFC requires.
    fn may_answer(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        match (&mut self.engine, self.now) {
            (Some(engine), Some(now)) if opcode == Opcode::Pong => engine.answers_ping(payload, now),
            (Some(engine), Some(now)) => engine.answers_close(now),
            _ => true,
        }
    }

    fn outbound<'h>(&mut self, header: &'h FrameHeader, compressed: bool) -> Outbound<'h> {
        let position = self.outgoing.frame(header);
        Outbound { header, position, compressed, end: self.before + self.replies.len() as u64 }
    }

    /// Queues a frame.
    fn queue(&mut self, header: &FrameHeader, payload: &[u8], compressed: bool) {
        if self.outgoing.sent_close() {
            return;
        }
        if let (Some(engine), Some(now)) = (&mut self.engine, self.now) {
            if header.opcode == Opcode::Close {
                engine.begin_close(self.replies);
            } else if engine.wait(*header, payload, now) {
                return;
            }
        }
        self.replies.copy(&header.encode());
        self.replies.copy(payload);
        let outbound = self.outbound(header, compressed);
        self.recorder.queued(outbound, payload);
    }

    fn answer(&mut self, frame: &Frame, control: &[u8]) {
        let of = |opcode, payload: &[u8]| FrameHeader::unmasked(true, opcode, payload.len() as u64);
        match self.outgoing.answer(frame) {
            Answer::Fail(payload) => {
                if let Some(payload) = payload {
                    self.queue(&of(Opcode::Close, &payload), &payload, false);
                }
                *self.over = Some(match frame.violations.first() {
                    Some(Violation::FrameTooBig { .. } | Violation::MessageTooBig { .. }) => Cause::TooBig,
                    Some(Violation::KindNotAccepted(_)) => Cause::NotAccepted,
                    _ => Cause::Violation,
                });
            }
            Answer::Close(_) if !self.may_answer(Opcode::Close, &[]) => {}
            Answer::Close(payload) => {
                self.queue(&of(Opcode::Close, &payload), &payload, false);
                *self.over = Some(Cause::ClosingHandshake);
            }
            Answer::Pong if !self.may_answer(Opcode::Pong, control) => {}
            Answer::Pong => self.queue(&of(Opcode::Pong, control), control, false),
            Answer::None if frame.header.opcode == Opcode::Close => {
                *self.over = Some(self.close_cause.unwrap_or(Cause::ClosingHandshake));
            }
            Answer::None => {}
        }
    }

    /// Keeps the content of a message for the engine.
    fn collect(&mut self, frame: &Frame, bytes: &[u8], inflated: bool) {
        if let Some(engine) = &mut self.engine
            && frame.position.is_some()
            && frame.is_valid()
            && frame.compressed == inflated
        {
            engine.collect(bytes);
        }
    }

    /// Queues compressed output as a fragment or as the last frame of a message.
    fn queue_deflated(&mut self, kind: MessageKind, last: bool) {
        let Some(payload) = self.outgoing.deflater().map(|deflater| deflater.take()) else { return };
        let opcode = match kind {
            _ if *self.fragmented => Opcode::Continuation,
            MessageKind::Text => Opcode::Text,
            MessageKind::Binary => Opcode::Binary,
        };
        let mut header = FrameHeader::unmasked(last, opcode, payload.len() as u64);
        // RFC 7692 §6.1: on the first frame of the message, and on no other.
        header.rsv.rsv1 = !*self.fragmented;
        *self.fragmented = !last;
        self.queue(&header, &payload, true);
    }
}

impl<'b, R: Recorder> Handler<'b> for Turn<'_, '_, 'b, R> {
    fn begin(&mut self, frame: &Frame) {
        self.message_begins(frame);
        self.whole = (frame.header.length.bytes == 0).then_some(&[]);
        let Some(position) = frame.position.filter(|_| self.is_echoed(frame) && self.over.is_none()) else { return };
        match position.kind {
            MessageKind::Text => self.text = Some(self.replies.len()),
            MessageKind::Binary => *self.streaming = true,
        }
        self.replies.copy(&echo_header(frame).encode());
    }

    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]) {
        if self.over.is_some() {
            return;
        }
        if bytes.len() as u64 == frame.header.length.bytes {
            self.whole = Some(bytes);
        } else {
            self.recorder.piece(bytes);
        }
        if frame.compressed {
            self.inflated += COMPRESSED_BYTE * bytes.len();
        }
        if !self.is_plain() {
            self.collect(frame, bytes, false);
        } else if *self.streaming {
            self.replies.lend(bytes);
        } else if self.text.is_some() {
            self.replies.copy(bytes);
        } else if !self.held.is_empty() {
            let whole = usize::try_from(frame.header.length.bytes).unwrap_or(usize::MAX);
            memory::extend(self.held, bytes, whole.saturating_add(MAX_HEADER));
        }
    }

    fn inflated(&mut self, frame: &Frame, bytes: &[u8]) {
        self.recorder.inflated(bytes);
        self.inflated += bytes.len();
        if !self.is_plain() {
            self.collect(frame, bytes, true);
            return;
        }
        let Some(position) = frame.position.filter(|_| !self.outgoing.sent_close()) else { return };
        let Some(deflater) = self.outgoing.deflater() else { return };
        deflater.push(bytes);
        self.recorder.deflated(bytes);
        if deflater.made() >= FRAGMENT {
            self.queue_deflated(position.kind, false);
        }
    }

    fn end(&mut self, frame: &Frame, control: &[u8]) {
        if self.over.is_some() {
            return;
        }
        let whole = self.whole.take();
        let echoed = *self.streaming || self.text.is_some() || !self.held.is_empty();
        *self.streaming = false;
        if echoed && frame.is_valid() {
            self.text = None;
            if !self.held.is_empty() {
                self.replies.append(std::mem::take(self.held));
            }
            let header = echo_header(frame);
            let outbound = self.outbound(&header, false);
            self.recorder.received(frame, whole, Some(outbound));
            self.notify_engine(frame, control);
            // Queue it now: at the end of the turn, the next frame may be half sent.
            if let Some((code, reason)) = self.deferred_close.take() {
                let payload = close::payload(code, reason);
                self.queue(&FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64), &payload, false);
            }
            return;
        }
        // Do not echo invalid text.
        if let Some(start) = self.text.take() {
            self.replies.take_back(start);
        }
        *self.held = Vec::new();
        self.recorder.received(frame, whole, None);
        let is_plain = self.is_plain();
        match frame.position.filter(|position| is_plain && frame.compressed && frame.is_valid() && position.last) {
            Some(position) => {
                if let Some(deflater) = self.outgoing.deflater() {
                    deflater.finish();
                }
                self.queue_deflated(position.kind, true);
            }
            None => self.answer(frame, control),
        }
        self.notify_engine(frame, control);
    }

    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        if self.over.is_some() {
            return;
        }
        let at = frame.header.len();
        self.message_begins(frame);
        if !self.is_echoed(frame) {
            self.recorder.received(frame, Some(&bytes[at..]), None);
            if !self.is_plain() {
                self.collect(frame, &bytes[at..], false);
            }
            self.answer(frame, &bytes[at..]);
            self.notify_engine(frame, &bytes[at..]);
            return;
        }
        let header = echo_header(frame);
        // A server's header has no masking key, so it fits in front of the payload, and both are sent as one slice.
        let start = at - header.len();
        bytes[start..at].copy_from_slice(&header.encode());
        let bytes: &'b [u8] = bytes;
        self.replies.lend(&bytes[start..]);
        let outbound = self.outbound(&header, false);
        self.recorder.received(frame, Some(&bytes[at..]), Some(outbound));
        self.notify_engine(frame, &[]);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.inflated >= MOST_INFLATED
            || self.replies.len() >= MOST_OUT
            || self.over.is_some()
            || self.engine.as_ref().is_some_and(|engine| engine.is_blocked())
    }
}

/// The header of a frame's echo.
fn echo_header(frame: &Frame) -> FrameHeader {
    FrameHeader::unmasked(frame.header.fin, frame.header.opcode, frame.header.length.bytes)
}
