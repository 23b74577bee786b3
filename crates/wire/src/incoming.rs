//! What an endpoint makes of the bytes that its peer sends: frames with verdicts, piece by piece, nothing kept that can be
//! handed on.

use crate::Sender;
use crate::close::ClosePayload;
use crate::decoder::{Decoder, Piece};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreed, Inflater};
use crate::header::{FrameHeader, PayloadLength, Rsv};
use crate::message::{MessageKind, MessagePosition, MessageTracker};
use crate::opcode::Opcode;
use crate::utf8::Utf8Check;
use crate::violation::Violation;

/// The most an endpoint takes, in bytes, inclusive. A compressed message counts as it is on the wire and as it is inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub frame: u64,
    pub message: u64,
}

/// How much of a compressed payload is inflated before the handler is asked whether it is full. Deflate makes at most
/// 1032 bytes of one, so that what a handler gets at a time stays around a mebibyte, whatever the payload.
const DEFLATED_PIECE: usize = 1024;

/// A frame as far as it has come, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub header: FrameHeader,
    /// Payload bytes that have come.
    pub arrived: u64,
    /// False for a frame that was given up before its end because of a violation, and for one that the line's end cut off.
    pub whole: bool,
    /// A data frame's place in its message; `None` for control frames and for frames that break the order.
    pub position: Option<MessagePosition>,
    /// Whether it belongs to a compressed message. RFC 7692 §6.
    pub compressed: bool,
    /// What a close frame says, once it is over; `None` for all others, and for one that was given up before its end.
    pub close: Option<ClosePayload>,
    /// Whether its sender had sent a close frame before it.
    pub after_close: bool,
    pub violations: Vec<Violation>,
}

impl Frame {
    /// Whether nothing was found wrong with it so far.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.violations.is_empty()
    }
}

/// What is done with frames, called in the order in which they come: for each one `begin`, its payload in any number of
/// pieces, and `end`.
pub trait Handler<'b> {
    /// A frame begins, and its header has been judged.
    fn begin(&mut self, frame: &Frame);
    /// More of its payload, unmasked, and checked as far as it can be. Never empty.
    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]);
    /// More of the content of a compressed message, inflated and checked. Comes after the payload that it was made of.
    fn inflated(&mut self, frame: &Frame, bytes: &[u8]);
    /// It is over: whole, or given up. `control` is the payload of a control frame, as much as has come, and empty for others.
    fn end(&mut self, frame: &Frame, control: &[u8]);
    /// A frame that is all here, and judged to its end, in place of `begin`, `payload` and `end`. An uncompressed one, where
    /// no compression was agreed on; other handlers than the fastest need not tell it from the rest. `bytes` are all of it,
    /// the payload unmasked; what stands before that is of no more use.
    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        self.begin(frame);
        let payload: &'b [u8] = &bytes[frame.header.len()..];
        if !payload.is_empty() {
            self.payload(frame, payload);
        }
        self.end(frame, if frame.header.opcode.is_control() { payload } else { &[] });
    }
    /// Whether it has enough for now. Asked before every step; the rest of the bytes stays. Once it has room again
    /// [`Incoming::receive`] goes on from there, also where no bytes were left: the end of a frame takes none.
    fn is_full(&self) -> bool {
        false
    }
}

/// One direction of a connection after the opening handshake, seen from where it arrives.
#[derive(Debug)]
pub struct Incoming {
    peer: Sender,
    limits: Limits,
    /// The only kind of message that is taken; `None` for both.
    only: Option<MessageKind>,
    decoder: Decoder,
    messages: MessageTracker,
    frame: Option<Frame>,
    /// The payload of the control frame under way.
    control: Vec<u8>,
    /// Over the text message that is open, if one is.
    utf8: Utf8Check,
    /// Bytes of the open message as on the wire, this frame's included.
    message_bytes: u64,
    /// Whether the open message is compressed, and to how many bytes it has inflated.
    compressed: bool,
    inflated_bytes: u64,
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
    /// Whether permessage-deflate was agreed on.
    deflate: bool,
    received_close: bool,
    failed: bool,
}

impl Incoming {
    /// What a `peer` sends: for a server, [`Sender::Client`].
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

    /// The same taking messages of one kind only; `None` for both. RFC 6455 §7.4.1, code 1003.
    #[must_use]
    pub fn accepting(self, only: Option<MessageKind>) -> Self {
        Self { only, ..self }
    }

    /// From the next frame on takes no more than this.
    pub fn restrict(&mut self, limits: Limits, only: Option<MessageKind>) {
        (self.limits, self.only) = (limits, only);
    }

    /// The same after permessage-deflate was agreed on. RFC 7692 §7.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, agreed: &Agreed) -> Self {
        Self { inflater: Some(Box::new(Inflater::new(agreed, self.peer))), deflate: true, ..self }
    }

    /// The same for one who looks on and does not inflate: what is compressed is neither handed over nor checked.
    #[must_use]
    pub fn with_unread_deflate(self) -> Self {
        Self { deflate: true, ..self }
    }

    /// Takes the next bytes from the front of `bytes` and unmasks them in place, until they are used up, the handler is
    /// full, or a frame breaks a rule: that one is given to the handler with as much payload as has come, and whatever
    /// follows it is ignored. How the bytes are cut into calls changes nothing but the pieces, and how much of that last
    /// frame has come: its payload, whether it is whole, and so whether a close frame can be read.
    pub fn receive<'b>(&mut self, bytes: &mut &'b mut [u8], handler: &mut impl Handler<'b>) {
        while !self.failed {
            // A frame that broke a rule is given up in this call all the same.
            if handler.is_full() && self.frame.as_ref().is_none_or(Frame::is_right) {
                return;
            }
            // Most frames are all there, and then nothing of them is kept from piece to piece.
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
        if let Some(frame) = self.frame.take_if(|frame| !frame.is_right()) {
            self.failed = true;
            handler.end(&frame, &self.control);
        }
        *bytes = &mut [];
    }

    /// Whether a frame broke a rule, so that nothing is looked at any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether a frame is under way.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Whether another frame could come now.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.frame.is_none() && self.decoder.is_between_frames()
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        self.messages.is_open() || self.frame.as_ref().is_some_and(|frame| frame.position.is_some())
    }

    /// Once the line has ended: the frame that it ended in. `None` between frames, inside a header, and where nothing
    /// counts any more: after a close frame from the peer, or after a violation.
    pub fn cut_off(&mut self) -> Option<Frame> {
        // A violation has taken its frame with it.
        self.frame.take().filter(|frame| !frame.after_close)
    }

    #[inline(always)]
    fn begin(&mut self, header: FrameHeader) -> Frame {
        let mut violations = header_violations(&header, self.peer, self.deflate);
        // §5.5.1 forbids data only: a pong may cross with the close frame of its sender's own.
        if self.received_close && !header.opcode.is_control() {
            note(&mut violations, Violation::AfterClose);
        }
        let bytes = header.length.bytes;
        if bytes > self.limits.frame {
            note(&mut violations, Violation::FrameTooBig { bytes, limit: self.limits.frame });
        }
        let (position, out_of_order) = self.messages.frame(header.opcode, header.fin);
        if let Some(violation) = out_of_order {
            note(&mut violations, violation);
        }
        if let Some(position) = position {
            if position.fragment == 1 {
                self.message_bytes = 0;
                self.inflated_bytes = 0;
                self.compressed = self.deflate && header.rsv.rsv1;
                self.utf8 = Utf8Check::default();
                if self.only.is_some_and(|only| only != position.kind) {
                    note(&mut violations, Violation::KindNotAccepted(position.kind));
                }
            }
            self.message_bytes = self.message_bytes.saturating_add(bytes);
            if self.message_bytes > self.limits.message {
                let limit = self.limits.message;
                note(&mut violations, Violation::MessageTooBig { bytes: self.message_bytes, limit });
            }
        }
        let compressed = self.compressed && position.is_some();
        let after_close = self.received_close;
        Frame { header, arrived: 0, whole: false, position, compressed, close: None, after_close, violations }
    }

    /// Looks at more of an uncompressed payload.
    #[inline(always)]
    fn check(&mut self, frame: &mut Frame, bytes: &[u8]) {
        frame.arrived += bytes.len() as u64;
        if frame.position.is_some_and(|position| position.kind == MessageKind::Text)
            && !frame.compressed
            && frame.is_right()
            && let Err(error) = self.utf8.push(bytes)
        {
            note(&mut frame.violations, Violation::InvalidUtf8 { offset: error.offset });
        }
    }

    fn payload<'b>(&mut self, frame: &mut Frame, bytes: &'b [u8], handler: &mut impl Handler<'b>) {
        self.check(frame, bytes);
        // Over 125 bytes it has been condemned by its header, and nothing of it is kept past this call.
        if frame.header.opcode.is_control() {
            self.control.extend_from_slice(bytes);
        }
        handler.payload(frame, bytes);
        #[cfg(feature = "deflate")]
        if frame.compressed && frame.is_right() {
            self.inflate(frame, bytes, handler);
        }
    }

    fn end<'b>(&mut self, frame: &mut Frame, handler: &mut impl Handler<'b>) {
        #[cfg(feature = "deflate")]
        if frame.compressed
            && frame.is_right()
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

    /// Judges a frame that has arrived whole, `control` being its payload if it is a control frame.
    #[inline(always)]
    fn finish(&mut self, frame: &mut Frame, control: &[u8]) {
        frame.whole = true;
        let ends_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text && position.last);
        if ends_text
            && frame.is_right()
            && let Err(error) = self.utf8.finish()
        {
            note(&mut frame.violations, Violation::InvalidUtf8 { offset: error.offset });
        }
        if frame.header.opcode == Opcode::Close {
            let (close, violation) = ClosePayload::parse(control);
            frame.close = Some(close);
            // A frame that its header has condemned is not judged further: cut elsewhere, its payload would not be here.
            if frame.is_right() {
                frame.violations.extend(violation);
                self.received_close = true;
            }
        }
        self.failed = !frame.is_right();
    }

    /// Inflates more of a payload; checks and hands over what comes out of it. Where it is cut does not change the verdict:
    /// what was right is handed over and counted, up to the first byte that is not.
    #[cfg(feature = "deflate")]
    fn inflate<'b>(&mut self, frame: &mut Frame, bytes: &[u8], handler: &mut impl Handler<'b>) {
        let Some(inflater) = &mut self.inflater else { return };
        let is_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text);
        let (utf8, inflated_bytes, limit) = (&mut self.utf8, &mut self.inflated_bytes, self.limits.message);
        let seen: &Frame = frame;
        let result = inflater.push(bytes, &mut |content| {
            // More than the limit has come if that was lowered in the middle of the message.
            let room = usize::try_from(limit.saturating_sub(*inflated_bytes)).unwrap_or(usize::MAX);
            let within = &content[..content.len().min(room)];
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

/// What a header alone shows to be wrong, when `sender` sent it. `deflate` is whether permessage-deflate was agreed on:
/// then RSV1 has a meaning, on the first frame of a message.
#[inline(always)]
#[must_use]
pub fn header_violations(header: &FrameHeader, sender: Sender, deflate: bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    let bytes = header.length.bytes;
    let unknown = Rsv { rsv1: header.rsv.rsv1 && !deflate, ..header.rsv };
    if unknown.any() {
        note(&mut violations, Violation::ReservedBits(unknown));
    }
    if deflate && header.rsv.rsv1 && !matches!(header.opcode, Opcode::Text | Opcode::Binary) {
        note(&mut violations, Violation::CompressedBitMisplaced(header.opcode));
    }
    if header.opcode.is_reserved() {
        note(&mut violations, Violation::ReservedOpcode(header.opcode.nibble()));
    }
    match (sender, header.masking_key) {
        (Sender::Client, None) => note(&mut violations, Violation::ClientFrameUnmasked),
        (Sender::Server, Some(_)) => note(&mut violations, Violation::ServerFrameMasked),
        _ => {}
    }
    if header.length != PayloadLength::minimal(bytes) {
        note(&mut violations, Violation::LengthNotMinimal(header.length));
    }
    if bytes >> 63 != 0 {
        note(&mut violations, Violation::LengthTopBit);
    }
    if header.opcode.is_control() {
        if !header.fin {
            note(&mut violations, Violation::ControlFragmented);
        }
        if bytes > 125 {
            note(&mut violations, Violation::ControlTooLong(bytes));
        }
    }
    violations
}

/// Apart, so that the way of a frame that is right stays short.
#[cold]
#[inline(never)]
fn note(violations: &mut Vec<Violation>, violation: Violation) {
    violations.push(violation);
}
