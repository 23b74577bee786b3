//! What the relay itself has sent in one direction, between the forwarded frames.

use observation::event::Count;
use wire::Sender;
use wire::close::ClosePayload;
use wire::encoder;
use wire::header::FrameHeader;
use wire::message::MessagePosition;
use wire::opcode::Opcode;
use wire::outgoing::Outgoing;
use wire::violation::Violation;

pub(super) struct Insertions {
    role: Sender,
    /// Whether permessage-deflate was negotiated.
    deflate: bool,
    /// Tracks only the inserted frames. Forwarded messages are complete whenever one is inserted.
    outgoing: Outgoing,
    /// The number of the last inserted message where the frames leave.
    number: u64,
    count: Count,
    close: Option<Box<ClosePayload>>,
}

impl Insertions {
    pub(super) fn new(role: Sender, deflate: bool) -> Self {
        let (outgoing, count) = (Outgoing::default(), Count::default());
        Self { role, deflate, outgoing, number: 0, count, close: None }
    }

    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// The first inserted close frame.
    pub(super) fn close(&self) -> Option<&ClosePayload> {
        self.close.as_deref()
    }

    /// The other end has sent a close frame in this direction.
    pub(super) fn close_was_forwarded(&mut self) {
        if !self.outgoing.sent_close() {
            self.outgoing.frame(&FrameHeader::unmasked(true, Opcode::Close, 0));
        }
    }

    /// Encodes a frame with an unmasked payload. `number` is that of its message, if it begins one.
    pub(super) fn frame(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        number: u64,
    ) -> (Option<MessagePosition>, Vec<Violation>, Vec<u8>) {
        let (position, violations) = self.outgoing.judged(header, payload, self.role, self.deflate);
        if position.is_some_and(|position| position.fragment == 1) {
            self.number = number;
        }
        if header.opcode == Opcode::Close {
            self.close.get_or_insert_with(|| Box::new(ClosePayload::parse(payload).0));
        }
        let mut bytes = Vec::with_capacity(header.len() + payload.len());
        encoder::encode(header, payload, &mut bytes);
        self.count.frames += 1;
        self.count.bytes += bytes.len() as u64;
        (position.map(|position| MessagePosition { message: self.number, ..position }), violations, bytes)
    }

    /// A frame that has gone on goes on again.
    pub(super) fn again(&mut self, bytes: u64) {
        self.count.frames += 1;
        self.count.bytes += bytes;
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.count.bytes += bytes.len() as u64;
    }
}
