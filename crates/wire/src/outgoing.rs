//! The sending side of an endpoint: tracks its frames and knows the replies that the protocol requires.

use crate::Sender;
use crate::close::{self, ClosePayload};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreed, Deflater};
use crate::encoder;
use crate::header::FrameHeader;
use crate::header_rules::header_violations;
use crate::incoming::Frame;
use crate::message::{MessageKind, MessagePosition, MessageTracker};
use crate::opcode::Opcode;
use crate::utf8::Utf8Check;
use crate::violation::Violation;

/// The sending side of one direction of a connection, after the opening handshake.
#[derive(Debug, Default)]
pub struct Outgoing {
    messages: MessageTracker,
    sent_close: bool,
    /// The check of a text message that [`Outgoing::judged`] has followed from its first fragment.
    utf8: Option<Utf8Check>,
    #[cfg(feature = "deflate")]
    deflater: Option<Box<Deflater>>,
}

/// The reply to a frame that the protocol requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No reply.
    None,
    /// A pong with the ping's payload. RFC 6455 §5.5.3.
    Pong,
    /// A close frame with this payload. RFC 6455 §5.5.1.
    Close(Vec<u8>),
    /// Fail the connection: send a close frame with this payload, then end the connection. `None` if this endpoint has
    /// already sent a close frame. RFC 6455 §7.1.7.
    Fail(Option<Vec<u8>>),
}

impl Outgoing {
    /// Enables permessage-deflate for what `sender` sends. RFC 7692 §7.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, agreed: &Agreed, sender: Sender) -> Self {
        Self { deflater: Some(Box::new(Deflater::new(agreed, sender))), ..self }
    }

    /// The compressor, if permessage-deflate was negotiated.
    #[cfg(feature = "deflate")]
    pub fn deflater(&mut self) -> Option<&mut Deflater> {
        self.deflater.as_deref_mut()
    }

    /// The reply that the protocol requires to `frame`, which must have ended.
    #[must_use]
    pub fn answer(&self, frame: &Frame) -> Answer {
        if let Some(violation) = frame.violations.first() {
            let payload = || close::payload(violation.close_code(), &violation.to_string());
            return Answer::Fail((!self.sent_close).then(payload));
        }
        match (frame.header.opcode, &frame.close) {
            // §5.5.2: a ping is answered "unless it already received a Close frame".
            (Opcode::Ping, _) if !frame.after_close => Answer::Pong,
            (Opcode::Close, Some(close)) if !self.sent_close => {
                Answer::Close(close.code.map_or(Vec::new(), |code| close::payload(code, "")))
            }
            _ => Answer::None,
        }
    }

    /// Records that a frame with this header is sent. Returns its position in its message.
    #[inline]
    pub fn frame(&mut self, header: &FrameHeader) -> Option<MessagePosition> {
        self.sent_close |= header.opcode == Opcode::Close;
        self.utf8 = None;
        self.messages.frame(header.opcode, header.fin).0
    }

    /// Appends a frame to `out` and records it. Returns its position in its message.
    pub fn send(&mut self, header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) -> Option<MessagePosition> {
        encoder::encode(header, payload, out);
        self.frame(header)
    }

    /// Like [`Outgoing::frame`], for a frame that may be invalid deliberately. Also returns the violations that a strict receiver
    /// would find: in the header, in the order of frames, in text and in close payloads. `deflate` says whether compression was
    /// negotiated. Compressed content is not checked.
    pub fn judged(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        sender: Sender,
        deflate: bool,
    ) -> (Option<MessagePosition>, Vec<Violation>) {
        let mut violations = header_violations(header, sender, deflate);
        if self.sent_close && !header.opcode.is_control() {
            violations.push(Violation::AfterClose);
        }
        self.sent_close |= header.opcode == Opcode::Close;
        let (position, out_of_order) = self.messages.frame(header.opcode, header.fin);
        violations.extend(out_of_order);
        // A truncated frame never ends. The receiver waits for the rest, so it never runs the checks at the frame's end.
        let is_whole = header.length.bytes == payload.len() as u64;
        if header.opcode == Opcode::Close && is_whole {
            violations.extend(ClosePayload::parse(payload).1);
        }
        if let Some(position) = position {
            if position.fragment == 1 {
                self.utf8 = Some(Utf8Check::default());
            }
            let is_plain_text = position.kind == MessageKind::Text && !(deflate && header.rsv.rsv1);
            if let Some(utf8) = self.utf8.as_mut().filter(|_| is_plain_text) {
                let checked =
                    utf8.push(payload).and_then(|()| if position.last && is_whole { utf8.finish() } else { Ok(()) });
                violations.extend(checked.err().map(|error| Violation::InvalidUtf8 { offset: error.offset }));
            }
        }
        (position, violations)
    }

    /// Whether a message has started and not ended.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        self.messages.is_open()
    }

    #[must_use]
    pub fn sent_close(&self) -> bool {
        self.sent_close
    }
}
