//! One turn of an open connection: what its bytes mean, and what goes back for them. No waiting, no IO.
//!
//! Data frames go back as they came. A binary frame is on its way back before it has arrived whole; a text frame waits
//! until it is known to be text, because a frame that has begun cannot be taken back. A compressed message is compressed
//! anew, with the relay's own context, and so in frames of the relay's own.

use super::recorder::{Outbound, Recorder};
use super::replies::Replies;
use observation::event::Cause;
use wire::close::{self, CloseCode};
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler, Incoming};
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

/// An open connection between turns.
pub(super) struct Conversation<R> {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) recorder: R,
    /// A text frame on its way back, header and all, that has not arrived whole.
    held: Vec<u8>,
    /// Whether the frame under way is one that goes back as it comes, and has begun to.
    streaming: bool,
    /// Whether a compressed message on its way back has sent a fragment.
    fragmented: bool,
    /// Bytes that were queued since the connection began.
    queued: u64,
    /// Whether the last turn has had all it may have. Another one has to follow, also where no bytes are left: what a frame
    /// inflates to may come out, or the frame end, without any.
    pub(super) cut_short: bool,
    /// Why the relay itself has begun the closing handshake, if it has.
    pub(super) left: Option<Cause>,
    /// What is to be said in it as soon as the frame that goes out has ended.
    farewell: Option<&'static str>,
    /// Why the connection is over once what is queued has gone out, if it is.
    pub(super) over: Option<Cause>,
}

impl<R: Recorder> Conversation<R> {
    pub(super) fn new(incoming: Incoming, outgoing: Outgoing, recorder: R) -> Self {
        Self {
            incoming,
            outgoing,
            recorder,
            held: Vec::new(),
            streaming: false,
            fragmented: false,
            queued: 0,
            cut_short: false,
            left: None,
            farewell: None,
            over: None,
        }
    }

    /// Takes bytes from the front of `bytes`, all of them or as many as one turn may have.
    pub(super) fn take<'b>(&mut self, bytes: &mut &'b mut [u8], replies: &mut Replies<'_, 'b>) {
        let Self { incoming, outgoing, recorder, held, streaming, fragmented, queued, left, farewell, over, .. } = self;
        let before = *queued;
        let mut turn = Turn {
            outgoing,
            recorder,
            held,
            streaming,
            fragmented,
            left: *left,
            farewell,
            over,
            before,
            replies: &mut *replies,
            whole: None,
            text: None,
            inflated: 0,
        };
        incoming.receive(bytes, &mut turn);
        self.cut_short = turn.is_full() && turn.over.is_none();
        // What a client says after the goodbye, or after it was failed, is not for anyone.
        if turn.over.is_some() {
            *bytes = &mut [];
        }
        if let Some(start) = turn.text.take() {
            *turn.held = turn.replies.take_back(start);
        }
        if let Some(whole) = turn.whole.take() {
            // Its end is for the next turn.
            turn.recorder.piece(whole);
        }
        *queued = before + replies.len() as u64;
        recorder.publish();
    }

    /// Begins the closing handshake from this side, at the latest when the frame that is half out has ended: until then a
    /// close frame would be taken for a part of it.
    pub(super) fn leave(&mut self, cause: Cause, reason: &'static str, replies: &mut Replies<'_, '_>) {
        self.left = Some(cause);
        if self.streaming {
            self.farewell = Some(reason);
        } else {
            self.say_goodbye(CloseCode::GOING_AWAY, reason, replies);
        }
    }

    /// How many bytes wait here for the rest of a text frame.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// Sends a close frame, unless one has been sent. Not in the middle of another frame.
    pub(super) fn say_goodbye(&mut self, code: CloseCode, reason: &str, replies: &mut Replies<'_, '_>) {
        self.held = Vec::new();
        if self.outgoing.sent_close() {
            return;
        }
        let payload = close::payload(code, reason);
        let header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        let position = self.outgoing.frame(&header);
        replies.copy(&header.encode());
        replies.copy(&payload);
        self.queued += (header.len() + payload.len()) as u64;
        self.recorder.queued(Outbound { header: &header, position, compressed: false, end: self.queued }, &payload);
    }

    /// Tells the recorder of the frame that the connection ended in, if there is one.
    pub(super) fn cut_off(&mut self) {
        if let Some(frame) = self.incoming.cut_off() {
            self.recorder.received(&frame, None, None);
        }
    }
}

struct Turn<'t, 'w, 'b, R> {
    outgoing: &'t mut Outgoing,
    recorder: &'t mut R,
    held: &'t mut Vec<u8>,
    streaming: &'t mut bool,
    fragmented: &'t mut bool,
    left: Option<Cause>,
    farewell: &'t mut Option<&'static str>,
    over: &'t mut Option<Cause>,
    /// Bytes that were queued before this turn.
    before: u64,
    replies: &'t mut Replies<'w, 'b>,
    /// The payload of the frame under way, if it is all here.
    whole: Option<&'b [u8]>,
    /// Where the text frame under way begins among the replies, if it began in this turn.
    text: Option<usize>,
    inflated: usize,
}

impl<'b, R: Recorder> Turn<'_, '_, 'b, R> {
    /// Whether `frame` goes back as it comes. After a close frame nothing follows. RFC 6455 §5.5.1.
    fn is_echoed(&self, frame: &Frame) -> bool {
        !frame.compressed && frame.position.is_some() && frame.is_right() && !self.outgoing.sent_close()
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
            Answer::Close(payload) => {
                self.queue(&of(Opcode::Close, &payload), &payload, false);
                *self.over = Some(Cause::ClosingHandshake);
            }
            Answer::Pong => self.queue(&of(Opcode::Pong, control), control, false),
            Answer::None if frame.header.opcode == Opcode::Close => {
                *self.over = Some(self.left.unwrap_or(Cause::ClosingHandshake));
            }
            Answer::None => {}
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
        if *self.streaming {
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
        if echoed && frame.is_right() {
            self.text = None;
            if !self.held.is_empty() {
                self.replies.append(std::mem::take(self.held));
            }
            let header = echo_header(frame);
            let outbound = self.outbound(&header, false);
            self.recorder.received(frame, whole, Some(outbound));
            // Not left until the turn is over: the next frame may be half out by then.
            if let Some(reason) = self.farewell.take() {
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
        match frame.position.filter(|position| frame.compressed && frame.is_right() && position.last) {
            Some(position) => {
                if let Some(deflater) = self.outgoing.deflater() {
                    deflater.finish();
                }
                self.queue_deflated(position.kind, true);
            }
            None => self.answer(frame, control),
        }
    }

    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        if self.over.is_some() {
            return;
        }
        let at = frame.header.len();
        if !self.is_echoed(frame) {
            self.recorder.received(frame, Some(&bytes[at..]), None);
            self.answer(frame, &bytes[at..]);
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
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.inflated >= MOST_INFLATED || self.replies.len() >= MOST_OUT || self.over.is_some()
    }
}

/// The header with which a frame goes back as it came.
fn echo_header(frame: &Frame) -> FrameHeader {
    FrameHeader::unmasked(frame.header.fin, frame.header.opcode, frame.header.length.bytes)
}
