//! The receiving side of an endpoint: turns the peer's bytes into frames with their violations. It passes payloads on in pieces
//! and buffers as little as possible.

use crate::Sender;
use crate::close::ClosePayload;
use crate::decoder::{Decoder, Piece};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreed, Inflater};
use crate::header::FrameHeader;
use crate::header_rules::header_violations;
use crate::message::{MessageKind, MessagePosition, MessageTracker};
use crate::opcode::Opcode;
use crate::utf8::Utf8Check;
use crate::violation::{self, Violation};

/// The largest frame and message that an endpoint accepts, in bytes. A compressed message must keep to the limit both on the
/// wire and inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub frame: u64,
    pub message: u64,
}

/// How many compressed bytes are inflated before the handler is asked again whether it is full. DEFLATE expands a byte to at
/// most 1032, so a handler gets about a mebibyte at a time.
const DEFLATED_PIECE: usize = 1024;

/// A frame as far as it has arrived, with its violations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub header: FrameHeader,
    /// How many payload bytes have arrived.
    pub arrived: u64,
    /// Whether the frame arrived completely. False if it was abandoned because of a violation or if the connection ended in it.
    pub whole: bool,
    /// The position of a data frame in its message. `None` for control frames and for frames that break the order.
    pub position: Option<MessagePosition>,
    /// Whether the frame belongs to a compressed message. RFC 7692 §6.
    pub compressed: bool,
    /// The content of a close frame that arrived completely. `None` for all other frames.
    pub close: Option<ClosePayload>,
    /// Whether the sender had already sent a close frame.
    pub after_close: bool,
    pub violations: Vec<Violation>,
}

impl Frame {
    /// Whether the frame has no violation so far.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Receives frames in order. Each frame is one call of `begin`, any number of calls of `payload`, and one call of `end`.
pub trait Handler<'b> {
    /// A frame starts. Its header has been checked.
    fn begin(&mut self, frame: &Frame);
    /// More of the payload, unmasked, and checked as far as possible. Never empty.
    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]);
    /// More content of a compressed message, inflated and checked. Called after the payload that contained it.
    fn inflated(&mut self, frame: &Frame, bytes: &[u8]);
    /// The frame is complete or abandoned. `control` is the payload of a control frame as far as it arrived; it is empty for
    /// other frames.
    fn end(&mut self, frame: &Frame, control: &[u8]);
    /// A complete, checked frame, in place of `begin`, `payload` and `end`. Called only on connections without compression.
    /// The default calls those three; override it only for speed. `bytes` is the whole frame with its payload unmasked; the
    /// handler may overwrite the header bytes.
    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        self.begin(frame);
        let payload: &'b [u8] = &bytes[frame.header.len()..];
        if !payload.is_empty() {
            self.payload(frame, payload);
        }
        self.end(frame, if frame.header.opcode.is_control() { payload } else { &[] });
    }
    /// Whether the handler can take no more for now. [`Incoming::receive`] asks before every step and leaves the remaining
    /// bytes in place. Call it again once there is space, even if no bytes were left: the end of a frame needs none.
    fn is_full(&self) -> bool {
        false
    }
}

/// The receiving side of one direction of a connection, after the opening handshake.
#[derive(Debug)]
pub struct Incoming {
    peer: Sender,
    limits: Limits,
    /// The only accepted kind of message. `None` accepts both.
    only: Option<MessageKind>,
    decoder: Decoder,
    messages: MessageTracker,
    frame: Option<Frame>,
    /// The payload of the current control frame.
    control: Vec<u8>,
    /// The check of the open text message.
    utf8: Utf8Check,
    /// Bytes of the open message on the wire, including the current frame.
    message_bytes: u64,
    /// Whether the open message is compressed.
    compressed: bool,
    /// How many bytes the open message has inflated to.
    inflated_bytes: u64,
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
    /// Whether permessage-deflate was negotiated.
    deflate: bool,
    received_close: bool,
    failed: bool,
}

impl Incoming {
    /// A receiver for what `peer` sends. A server passes [`Sender::Client`].
    #[must_use]
    pub fn new(peer: Sender, limits: Limits) -> Self {
        Self {
            peer,
            limits,
            only: None,
            decoder: Decoder::default(),
            messages: MessageTracker::default(),
            frame: None,
            control: Vec::new(),
            utf8: Utf8Check::default(),
            message_bytes: 0,
            compressed: false,
            inflated_bytes: 0,
            #[cfg(feature = "deflate")]
            inflater: None,
            deflate: false,
            received_close: false,
            failed: false,
        }
    }

    /// Accepts only messages of one kind; `None` accepts both. RFC 6455 §7.4.1, code 1003.
    #[must_use]
    pub fn accepting(self, only: Option<MessageKind>) -> Self {
        Self { only, ..self }
    }

    /// Changes the limits and the accepted kind, starting with the next frame.
    pub fn restrict(&mut self, limits: Limits, only: Option<MessageKind>) {
        (self.limits, self.only) = (limits, only);
    }

    /// Enables permessage-deflate. RFC 7692 §7.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, agreed: &Agreed) -> Self {
        Self { inflater: Some(Box::new(Inflater::new(agreed, self.peer))), deflate: true, ..self }
    }

    /// Enables permessage-deflate for an observer that does not inflate. Compressed content is neither passed on nor checked.
    #[must_use]
    pub fn with_unread_deflate(self) -> Self {
        Self { deflate: true, ..self }
    }

    /// Consumes bytes from the front of `bytes` and unmasks them in place. It stops when the bytes are used up, when the
    /// handler is full, or when a frame breaks a rule. The handler still gets the invalid frame with the payload that has
    /// arrived; everything after it is ignored.
    ///
    /// How the input is split into calls changes only the size of the pieces and how much of an invalid frame arrives: its
    /// payload, whether it is whole, and so whether a close frame can be read.
    pub fn receive<'b>(&mut self, bytes: &mut &'b mut [u8], handler: &mut impl Handler<'b>) {
        while !self.failed {
            // An invalid frame is abandoned in this call, even if the handler is full.
            if handler.is_full() && self.frame.as_ref().is_none_or(Frame::is_valid) {
                return;
            }
            // Fast path: most frames are complete in `bytes`, so no state has to be kept between pieces.
            if !self.deflate
                && let Some((header, bytes)) = self.decoder.whole(bytes)
            {
                let mut frame = self.begin(header);
                let payload = &bytes[header.len()..];
                self.check(&mut frame, payload);
                self.finish(&mut frame, if header.opcode.is_control() { payload } else { &[] });
                handler.whole(&frame, bytes);
                continue;
            }
            let most = if self.compressed { DEFLATED_PIECE } else { usize::MAX };
            match self.decoder.next_within(bytes, most) {
                Some(Piece::Header(header)) => {
                    let frame = self.begin(header);
                    handler.begin(self.frame.insert(frame));
                }
                Some(Piece::Payload(payload)) => {
                    if let Some(mut frame) = self.frame.take() {
                        self.payload(&mut frame, payload, handler);
                        self.frame = Some(frame);
                    }
                }
                Some(Piece::End) => {
                    if let Some(mut frame) = self.frame.take() {
                        self.end(&mut frame, handler);
                    }
                }
                None => break,
            }
        }
        if let Some(frame) = self.frame.take_if(|frame| !frame.is_valid()) {
            self.failed = true;
            handler.end(&frame, &self.control);
        }
        *bytes = &mut [];
    }

    /// Whether a frame broke a rule. All further input is then ignored.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether a frame has started and not ended.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Whether the next byte would start a new frame.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.frame.is_none() && self.decoder.is_between_frames()
    }

    /// How many messages have started.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages.begun()
    }

    /// Whether a message has started and not ended.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        self.messages.is_open() || self.frame.as_ref().is_some_and(|frame| frame.position.is_some())
    }

    /// Returns the frame in which the connection ended. Call it at the end of the connection. `None` between frames, inside a
    /// header, after a close frame from the peer, and after a violation.
    pub fn cut_off(&mut self) -> Option<Frame> {
        // After a violation there is no current frame.
        self.frame.take().filter(|frame| !frame.after_close)
    }

    #[inline(always)]
    fn begin(&mut self, header: FrameHeader) -> Frame {
        let mut violations = header_violations(&header, self.peer, self.deflate);
        // §5.5.1 forbids only data frames. An endpoint may answer a ping after its own close frame.
        if self.received_close && !header.opcode.is_control() {
            violation::add(&mut violations, Violation::AfterClose);
        }
        let bytes = header.length.bytes;
        if bytes > self.limits.frame {
            violation::add(&mut violations, Violation::FrameTooBig { bytes, limit: self.limits.frame });
        }
        let (position, out_of_order) = self.messages.frame(header.opcode, header.fin);
        if let Some(violation) = out_of_order {
            violation::add(&mut violations, violation);
        }
        if let Some(position) = position {
            if position.fragment == 1 {
                self.message_bytes = 0;
                self.inflated_bytes = 0;
                self.compressed = self.deflate && header.rsv.rsv1;
                self.utf8 = Utf8Check::default();
                if self.only.is_some_and(|only| only != position.kind) {
                    violation::add(&mut violations, Violation::KindNotAccepted(position.kind));
                }
            }
            self.message_bytes = self.message_bytes.saturating_add(bytes);
            if self.message_bytes > self.limits.message {
                let limit = self.limits.message;
                violation::add(&mut violations, Violation::MessageTooBig { bytes: self.message_bytes, limit });
            }
        }
        let compressed = self.compressed && position.is_some();
        let after_close = self.received_close;
        Frame { header, arrived: 0, whole: false, position, compressed, close: None, after_close, violations }
    }

    /// Checks more of an uncompressed payload.
    #[inline(always)]
    fn check(&mut self, frame: &mut Frame, bytes: &[u8]) {
        frame.arrived += bytes.len() as u64;
        if frame.position.is_some_and(|position| position.kind == MessageKind::Text)
            && !frame.compressed
            && frame.is_valid()
            && let Err(error) = self.utf8.push(bytes)
        {
            violation::add(&mut frame.violations, Violation::InvalidUtf8 { offset: error.offset });
        }
    }

    fn payload<'b>(&mut self, frame: &mut Frame, bytes: &'b [u8], handler: &mut impl Handler<'b>) {
        self.check(frame, bytes);
        // A longer payload is already a violation, and the frame is abandoned at the end of this call.
        if frame.header.opcode.is_control() {
            self.control.extend_from_slice(bytes);
        }
        handler.payload(frame, bytes);
        #[cfg(feature = "deflate")]
        if frame.compressed && frame.is_valid() {
            self.inflate(frame, bytes, handler);
        }
    }

    fn end<'b>(&mut self, frame: &mut Frame, handler: &mut impl Handler<'b>) {
        #[cfg(feature = "deflate")]
        if frame.compressed
            && frame.is_valid()
            && frame.position.is_some_and(|position| position.last)
            && let Some(inflater) = &mut self.inflater
        {
            frame.violations.extend(inflater.finish().err());
        }
        let control = std::mem::take(&mut self.control);
        self.finish(frame, &control);
        handler.end(frame, &control);
        self.control = control;
        self.control.clear();
    }

    /// Checks a frame that has arrived completely. `control` is its payload if it is a control frame.
    #[inline(always)]
    fn finish(&mut self, frame: &mut Frame, control: &[u8]) {
        frame.whole = true;
        let ends_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text && position.last);
        if ends_text
            && frame.is_valid()
            && let Err(error) = self.utf8.finish()
        {
            violation::add(&mut frame.violations, Violation::InvalidUtf8 { offset: error.offset });
        }
        if frame.header.opcode == Opcode::Close {
            let (close, violation) = ClosePayload::parse(control);
            frame.close = Some(close);
            // If the header is invalid, the payload is not checked: with other chunking it would not have arrived.
            if frame.is_valid() {
                frame.violations.extend(violation);
                self.received_close = true;
            }
        }
        self.failed = !frame.is_valid();
    }

    /// Inflates more of a payload, checks the content and passes it on. Chunking does not change the result: content is passed
    /// on and counted up to the first invalid byte.
    #[cfg(feature = "deflate")]
    fn inflate<'b>(&mut self, frame: &mut Frame, bytes: &[u8], handler: &mut impl Handler<'b>) {
        let Some(inflater) = &mut self.inflater else { return };
        let is_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text);
        let (utf8, inflated_bytes, limit) = (&mut self.utf8, &mut self.inflated_bytes, self.limits.message);
        let seen: &Frame = frame;
        let result = inflater.push(bytes, &mut |content| {
            // The subtraction saturates because the limit may have been lowered in the middle of the message.
            let allowed = usize::try_from(limit.saturating_sub(*inflated_bytes)).unwrap_or(usize::MAX);
            let within = &content[..content.len().min(allowed)];
            *inflated_bytes += within.len() as u64;
            if is_text {
                utf8.push(within).map_err(|error| Violation::InvalidUtf8 { offset: error.offset })?;
            }
            if !within.is_empty() {
                handler.inflated(seen, within);
            }
            if within.len() < content.len() {
                return Err(Violation::MessageTooBig { bytes: limit + 1, limit });
            }
            Ok(())
        });
        frame.violations.extend(result.err());
    }
}
