//! What an endpoint makes of the bytes it gets: frames with verdicts, and the answers the protocol demands.

use crate::Sender;
use crate::close::{self, ClosePayload};
use crate::decoder::{Decoder, Piece};
use crate::encoder;
use crate::header::{FrameHeader, PayloadLength};
use crate::message::{MessageKind, MessagePosition, MessageTracker};
use crate::opcode::Opcode;
use crate::utf8::Utf8Check;
use crate::violation::Violation;

/// The most an endpoint takes, in bytes, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub frame: u64,
    pub message: u64,
}

/// One end of a connection after the opening handshake.
#[derive(Clone, Debug)]
pub struct Endpoint {
    peer: Sender,
    limits: Limits,
    decoder: Decoder,
    incoming: MessageTracker,
    outgoing: MessageTracker,
    frame: Option<Received>,
    /// Over the text message that is open, if one is.
    utf8: Utf8Check,
    /// Payload bytes of the open message, this frame's included.
    message_bytes: u64,
    received_close: bool,
    sent_close: bool,
    failed: bool,
}

/// A frame as it arrived, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub header: FrameHeader,
    /// Unmasked. Shorter than the header says only if `whole` is false.
    pub payload: Vec<u8>,
    /// False for a frame that was given up before its end because of a violation, and for one that the line's end cut off.
    pub whole: bool,
    /// A data frame's place in its message; `None` for control frames and for frames that break the order.
    pub position: Option<MessagePosition>,
    /// What a close frame says; `None` for all others, and for one that was given up before its end.
    pub close: Option<ClosePayload>,
    /// Whether its sender had sent a close frame before it.
    pub after_close: bool,
    pub violations: Vec<Violation>,
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

impl Endpoint {
    /// An endpoint whose peer is a `peer`: for a server, [`Sender::Client`].
    #[must_use]
    pub fn new(peer: Sender, limits: Limits) -> Self {
        Self {
            peer,
            limits,
            decoder: Decoder::default(),
            incoming: MessageTracker::default(),
            outgoing: MessageTracker::default(),
            frame: None,
            utf8: Utf8Check::default(),
            message_bytes: 0,
            received_close: false,
            sent_close: false,
            failed: false,
        }
    }

    /// Takes the next bytes from the peer and unmasks them in place; every frame that they complete goes to `frames`. A
    /// frame with a violation goes there with as much payload as has come, and whatever follows it is ignored. How the bytes
    /// are cut into calls changes nothing but how much of that last frame has come: its payload, whether it is whole, and
    /// so whether a close frame can be read.
    pub fn receive(&mut self, mut bytes: &mut [u8], frames: &mut Vec<Received>) {
        while !self.failed {
            match self.decoder.next(&mut bytes) {
                Some(Piece::Header(header)) => self.frame = Some(self.begin(header, bytes.len())),
                Some(Piece::Payload(payload)) => self.payload(payload),
                Some(Piece::End) => frames.extend(self.end()),
                None => break,
            }
        }
        if let Some(frame) = self.frame.take_if(|frame| !frame.violations.is_empty()) {
            self.failed = true;
            frames.push(frame);
        }
    }

    /// The answer that the protocol demands for `frame`.
    #[must_use]
    pub fn answer(&self, frame: &Received) -> Answer {
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

    /// Appends a frame to `out` and says where it stands in its message.
    pub fn send(&mut self, header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) -> Option<MessagePosition> {
        encoder::encode(header, payload, out);
        self.sent_close |= header.opcode == Opcode::Close;
        self.outgoing.frame(header.opcode, header.fin).0
    }

    #[must_use]
    pub fn sent_close(&self) -> bool {
        self.sent_close
    }

    /// Once the line has ended: the frame that it ended in, with as much payload as had come. `None` between frames, inside
    /// a header, and where nothing counts any more: after a close frame from the peer, or after a violation.
    pub fn cut_off(&mut self) -> Option<Received> {
        // A violation has taken its frame with it.
        self.frame.take().filter(|frame| !frame.after_close)
    }

    fn begin(&mut self, header: FrameHeader, at_hand: usize) -> Received {
        let mut violations = header_violations(&header, self.peer);
        // §5.5.1 forbids data only: a pong may cross with the close frame of its sender's own.
        if self.received_close && !header.opcode.is_control() {
            violations.push(Violation::AfterClose);
        }
        let bytes = header.length.bytes;
        if bytes > self.limits.frame {
            violations.push(Violation::FrameTooBig { bytes, limit: self.limits.frame });
        }
        let (position, out_of_order) = self.incoming.frame(header.opcode, header.fin);
        violations.extend(out_of_order);
        if let Some(position) = position {
            if position.fragment == 1 {
                self.message_bytes = 0;
                self.utf8 = Utf8Check::default();
            }
            self.message_bytes = self.message_bytes.saturating_add(bytes);
            if self.message_bytes > self.limits.message {
                let limit = self.limits.message;
                violations.push(Violation::MessageTooBig { bytes: self.message_bytes, limit });
            }
        }
        // Room for what is here, never for what a header only claims.
        let room = usize::try_from(bytes).unwrap_or(usize::MAX).min(at_hand);
        let payload = Vec::with_capacity(room);
        let after_close = self.received_close;
        Received { header, payload, whole: false, position, close: None, after_close, violations }
    }

    fn payload(&mut self, bytes: &[u8]) {
        let Some(frame) = &mut self.frame else { return };
        frame.payload.extend_from_slice(bytes);
        let is_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text);
        if is_text
            && frame.violations.is_empty()
            && let Err(error) = self.utf8.push(bytes)
        {
            frame.violations.push(Violation::InvalidUtf8 { offset: error.offset });
        }
    }

    fn end(&mut self) -> Option<Received> {
        let mut frame = self.frame.take()?;
        frame.whole = true;
        let ends_text = frame.position.is_some_and(|position| position.kind == MessageKind::Text && position.last);
        if ends_text
            && frame.violations.is_empty()
            && let Err(error) = self.utf8.finish()
        {
            frame.violations.push(Violation::InvalidUtf8 { offset: error.offset });
        }
        if frame.header.opcode == Opcode::Close {
            let (close, violation) = ClosePayload::parse(&frame.payload);
            frame.close = Some(close);
            // A frame that its header has condemned is not judged further: cut elsewhere, its payload would not be here.
            if frame.violations.is_empty() {
                frame.violations.extend(violation);
                self.received_close = true;
            }
        }
        self.failed = !frame.violations.is_empty();
        Some(frame)
    }
}

/// What a header alone shows to be wrong, when `sender` sent it and no extension was agreed on.
#[must_use]
pub fn header_violations(header: &FrameHeader, sender: Sender) -> Vec<Violation> {
    let mut violations = Vec::new();
    let bytes = header.length.bytes;
    if header.rsv.any() {
        violations.push(Violation::ReservedBits(header.rsv));
    }
    if header.opcode.is_reserved() {
        violations.push(Violation::ReservedOpcode(header.opcode.nibble()));
    }
    match (sender, header.masking_key) {
        (Sender::Client, None) => violations.push(Violation::ClientFrameUnmasked),
        (Sender::Server, Some(_)) => violations.push(Violation::ServerFrameMasked),
        _ => {}
    }
    if header.length != PayloadLength::minimal(bytes) {
        violations.push(Violation::LengthNotMinimal(header.length));
    }
    if bytes >> 63 != 0 {
        violations.push(Violation::LengthTopBit);
    }
    if header.opcode.is_control() {
        if !header.fin {
            violations.push(Violation::ControlFragmented);
        }
        if bytes > 125 {
            violations.push(Violation::ControlTooLong(bytes));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Limits, Sender};
    use crate::encoder::encode;
    use crate::header::FrameHeader;
    use crate::opcode::Opcode;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The buffer of a frame under way is seen from in here only. A growing vector at most doubles, and begins with eight.
    #[test]
    fn memory_follows_what_has_come_not_what_a_header_claims() {
        const NO_LIMITS: Limits = Limits { frame: u64::MAX, message: u64::MAX };
        for claimed in [1, 125, 126, 0xffff, 0x1_0000, 1 << 32, u64::MAX >> 1, u64::MAX] {
            for piece in [1, 7, 64, 1000] {
                let header = FrameHeader::unmasked(true, Opcode::Binary, claimed);
                let mut bytes = Vec::new();
                encode(&header, &[0; 3000], &mut bytes);
                let mut endpoint = Endpoint::new(Sender::Server, NO_LIMITS);
                let mut frames = Vec::new();
                let mut fed = 0;
                for piece in bytes.chunks_mut(piece) {
                    endpoint.receive(piece, &mut frames);
                    fed += piece.len();
                    let given_up = frames.iter().map(|frame| frame.payload.capacity()).sum::<usize>();
                    let held = given_up + endpoint.frame.as_ref().map_or(0, |frame| frame.payload.capacity());
                    assert!(held <= 2 * fed.saturating_sub(header.len()) + 8, "{held} for {fed} of {claimed}");
                }
            }
        }
    }
}
