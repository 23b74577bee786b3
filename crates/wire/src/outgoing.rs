//! What an endpoint sends: frames with their places in messages, and the answers that the protocol demands.

use crate::Sender;
use crate::close::{self, ClosePayload};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreed, Deflater};
use crate::encoder;
use crate::header::FrameHeader;
use crate::incoming::{Frame, header_violations};
use crate::message::{MessageKind, MessagePosition, MessageTracker};
use crate::opcode::Opcode;
use crate::utf8::Utf8Check;
use crate::violation::Violation;

/// One direction of a connection after the opening handshake, seen from where it begins.
#[derive(Debug, Default)]
pub struct Outgoing {
    messages: MessageTracker,
    sent_close: bool,
    /// Over the text of a message that is judged, from its first fragment on.
    utf8: Option<Utf8Check>,
    #[cfg(feature = "deflate")]
    deflater: Option<Box<Deflater>>,
}

/// What the protocol demands in return for a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: what happens with data is up to the application.
    None,
    /// A pong with the ping's payload. RFC 6455 §5.5.3.
    Pong,
    /// A close frame with this payload. RFC 6455 §5.5.1.
    Close(Vec<u8>),
    /// The end: the connection has failed. Before it goes a close frame with this payload; none where this endpoint has
    /// sent one already. RFC 6455 §7.1.7.
    Fail(Option<Vec<u8>>),
}

impl Outgoing {
    /// The same after permessage-deflate was agreed on, for what `sender` sends. RFC 7692 §7.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, agreed: &Agreed, sender: Sender) -> Self {
        Self { deflater: Some(Box::new(Deflater::new(agreed, sender))), ..self }
    }

    /// What compresses messages, if that was agreed on.
    #[cfg(feature = "deflate")]
    pub fn deflater(&mut self) -> Option<&mut Deflater> {
        self.deflater.as_deref_mut()
    }

    /// The answer that the protocol demands for `frame`, which is over.
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

    /// Notes that a frame with this header goes out, and says where it stands in its message.
    #[inline]
    pub fn frame(&mut self, header: &FrameHeader) -> Option<MessagePosition> {
        self.sent_close |= header.opcode == Opcode::Close;
        self.utf8 = None;
        self.messages.frame(header.opcode, header.fin).0
    }

    /// Appends a frame to `out` and says where it stands in its message.
    pub fn send(&mut self, header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) -> Option<MessagePosition> {
        encoder::encode(header, payload, out);
        self.frame(header)
    }

    /// The same as [`Outgoing::frame`] for a frame that `sender` may have made wrong on purpose, with all that a strict
    /// receiver finds: in the header, in the order of frames, in text and close payloads. `deflate` is whether compression
    /// was agreed on; what is compressed is not looked into.
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
        // One that is cut off never ends, and a receiver that waits for the rest finds nothing wrong at its end.
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

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_inside_message(&self) -> bool {
        self.messages.is_open()
    }

    #[must_use]
    pub fn sent_close(&self) -> bool {
        self.sent_close
    }
}
