//! One turn of an open connection: what its bytes mean, and what goes back for them. No waiting, no IO.
//!
//! Data frames go back as they came. A binary frame is on its way back before it has arrived whole; a text frame waits
//! until it is known to be text, because a frame that has begun cannot be taken back. A compressed message is compressed
//! anew, with the relay's own context, and so in frames of the relay's own. Where a behaviour is at work, it says which
//! messages go back so, and what happens to the others.

use super::engine::{Engine, TurnContext};
use super::recorder::{Outbound, Recorder};
use super::replies::Replies;
use observation::event::Cause;
use tokio::time::Instant;
use wire::close::{self, CloseCode};
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler};
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::{Answer, Outgoing};
use wire::violation::Violation;

/// A compressed message that is longer goes back in fragments of about this size, in bytes.
const FRAGMENT: usize = 64 << 10;
/// How much is inflated in one turn, in bytes, before others have theirs. A compressed byte counts as several: there are
/// payloads that hold nothing and take long to find out.
const MOST_INFLATED: usize = 256 << 10;
const COMPRESSED_BYTE: usize = 16;
/// How much goes out for one turn, in bytes, before more is answered. Inflating can make it a mebibyte more.
const MOST_OUT: usize = 512 << 10;

/// A conversation during one turn.
pub(super) struct Turn<'t, 'w, 'b, R> {
    pub(super) outgoing: &'t mut Outgoing,
    pub(super) recorder: &'t mut R,
    pub(super) engine: Option<&'t mut Engine>,
    /// The time, where a behaviour is at work.
    pub(super) now: Option<Instant>,
    pub(super) held: &'t mut Vec<u8>,
    pub(super) streaming: &'t mut bool,
    pub(super) fragmented: &'t mut bool,
    pub(super) close_cause: &'t mut Option<Cause>,
    pub(super) deferred_close: &'t mut Option<&'static str>,
    pub(super) over: &'t mut Option<Cause>,
    /// Bytes that were queued before this turn.
    pub(super) before: u64,
    pub(super) replies: &'t mut Replies<'w, 'b>,
    /// The payload of the frame under way, if it is all here.
    pub(super) whole: Option<&'b [u8]>,
    /// Where the text frame under way begins among the replies, if it began in this turn.
    pub(super) text: Option<usize>,
    pub(super) inflated: usize,
}

impl<'b, R: Recorder> Turn<'_, '_, 'b, R> {
    /// Puts by what is not whole, and lets the behaviour do what is due. `heard` is whether anything came.
    pub(super) fn finish(mut self, heard: bool) {
        if let Some(start) = self.text.take() {
            *self.held = self.replies.take_back(start);
        }
        if let Some(whole) = self.whole.take() {
            // Its end is for the next turn.
            self.recorder.piece(whole);
        }
        if let (Some(engine), Some(now), true) = (self.engine.as_deref_mut(), self.now, heard) {
            engine.travelled(now);
        }
        self.perform();
    }

    /// Whether `frame` goes back as it comes. After a close frame nothing follows. RFC 6455 §5.5.1.
    fn is_echoed(&self, frame: &Frame) -> bool {
        !frame.compressed
            && frame.position.is_some()
            && frame.is_valid()
            && !self.outgoing.sent_close()
            && self.is_plain()
    }

    /// Whether messages are echoed and no more, as far as the behaviour is concerned.
    #[inline]
    fn is_plain(&self) -> bool {
        self.engine.as_ref().is_none_or(|engine| engine.is_plain())
    }

    /// A behaviour decides about each message at its beginning.
    #[inline]
    fn message_begins(&mut self, frame: &Frame) {
        if let Some(engine) = &mut self.engine
            && frame.position.is_some_and(|position| position.fragment == 1)
        {
            engine.begins();
        }
    }

    /// It is told of those that are over, and of pongs.
    fn notify_engine(&mut self, frame: &Frame, control: &[u8]) {
        let (Some(engine), Some(now)) = (&mut self.engine, self.now) else { return };
        match frame.position {
            Some(position) if position.last && frame.is_valid() => engine.message_over(position.kind, now),
            None if frame.header.opcode == Opcode::Pong => return engine.pong(control),
            _ => return,
        }
        // At once, so that it makes no difference in how many reads messages come.
        self.perform();
    }

    /// Lets the behaviour do what is due. Not in the middle of a frame that is gathered.
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
        // What has not arrived whole cannot follow a goodbye.
        if self.outgoing.sent_close() {
            self.held.clear();
        }
    }

    /// Whether it lets the relay answer as it must.
    fn may_answer(&mut self, opcode: Opcode) -> bool {
        match (&mut self.engine, self.now) {
            (Some(engine), Some(now)) if opcode == Opcode::Pong => engine.answers_ping(now),
            (Some(engine), Some(now)) => engine.answers_close(now),
            _ => true,
        }
    }

    fn outbound<'h>(&mut self, header: &'h FrameHeader, compressed: bool) -> Outbound<'h> {
        let position = self.outgoing.frame(header);
        Outbound { header, position, compressed, end: self.before + self.replies.len() as u64 }
    }

    /// Puts a frame behind what is to be sent.
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
            Answer::Close(_) if !self.may_answer(Opcode::Close) => {}
            Answer::Close(payload) => {
                self.queue(&of(Opcode::Close, &payload), &payload, false);
                *self.over = Some(Cause::ClosingHandshake);
            }
            Answer::Pong if !self.may_answer(Opcode::Pong) => {}
            Answer::Pong => self.queue(&of(Opcode::Pong, control), control, false),
            Answer::None if frame.header.opcode == Opcode::Close => {
                *self.over = Some(self.close_cause.unwrap_or(Cause::ClosingHandshake));
            }
            Answer::None => {}
        }
    }

    /// Keeps the content of a message that does not go back as it comes.
    fn collect(&mut self, frame: &Frame, bytes: &[u8], inflated: bool) {
        if let Some(engine) = &mut self.engine
            && frame.position.is_some()
            && frame.is_valid()
            && frame.compressed == inflated
        {
            engine.collect(bytes);
        }
    }

    /// Sends what the deflater has made of a message, as a fragment or as the end of it.
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
            self.held.extend_from_slice(bytes);
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
            // Not left until the turn is over: the next frame may be half out by then.
            if let Some(reason) = self.deferred_close.take() {
                let payload = close::payload(CloseCode::GOING_AWAY, reason);
                self.queue(&FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64), &payload, false);
            }
            return;
        }
        // Text that turned out to be none is not sent back.
        if let Some(start) = self.text.take() {
            self.replies.take_back(start);
        }
        self.held.clear();
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
        // A server's header is shorter by the masking key. So it fits before the payload, and both leave as one piece.
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

/// The header with which a frame goes back as it came.
fn echo_header(frame: &Frame) -> FrameHeader {
    FrameHeader::unmasked(frame.header.fin, frame.header.opcode, frame.header.length.bytes)
}
