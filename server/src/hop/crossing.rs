//! What has arrived in one direction and has not gone on, because rules decide about it first.
//!
//! The bytes of a message are kept as they came. So a message that no rule changes goes on byte for byte.

use crate::conditions::unit::{MAX_CONTENT, Unit};
use crate::memory::MemoryShare;
use wire::Sender;
use wire::header::FrameHeader;
use wire::incoming::Frame;
use wire::message::MessagePosition;
use wire::opcode::Opcode;
use wire::violation::Violation;

/// The most frames of a message that rules look at.
const MAX_FRAMES: usize = 1000;

pub(super) struct Crossing {
    sender: Sender,
    /// What has not gone on, and where in this direction it begins.
    raw: Vec<u8>,
    from: u64,
    /// The message that is being collected.
    message: Option<Message>,
    /// Whether the current frame, and the current message, go on as they come.
    passing_frame: bool,
    passing_message: bool,
    /// Whether a frame has begun and not ended.
    in_frame: bool,
    /// Whether no frame is found any more.
    is_lost: bool,
    /// Whether compressed content is known here.
    inflates: bool,
    /// How many compressed messages have begun.
    compressed: u64,
    items: Vec<Item>,
    share: MemoryShare,
}

/// What has arrived, in this order.
#[derive(Debug)]
pub(super) enum Item {
    /// Something for rules.
    Unit(Unit, Original),
    /// The beginning of a message that no rule looks at, and why. The rest follows as [`Item::Bytes`].
    Unseen(Original, Unseen),
    /// These bytes go on. `place` is what may follow them, and `frame` is what ends with them.
    Bytes { bytes: Vec<u8>, place: Place, frame: Option<KeptFrame> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// It is too large, or there is no memory left.
    TooLarge,
    /// It is compressed, and there was no memory to decompress it.
    Compressed,
    /// It breaks a rule of the protocol.
    Broken,
}

/// What may be sent now where the frames leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Any frame.
    Anything,
    /// Control frames, because a message is open.
    Control,
    /// Nothing, because a frame is half sent.
    Nothing,
}

/// A message or control frame as it came.
#[derive(Clone, Debug)]
pub(super) struct Original {
    pub(super) opcode: Opcode,
    pub(super) bytes: Vec<u8>,
    pub(super) frames: Vec<KeptFrame>,
    /// Its number among the compressed messages of this direction, from 0, and its content.
    pub(super) compressed: Option<(u64, Vec<u8>)>,
}

/// What is recorded of a frame where it leaves.
#[derive(Clone, Debug)]
pub(super) struct KeptFrame {
    pub(super) header: FrameHeader,
    pub(super) position: Option<MessagePosition>,
    pub(super) payload_bytes: u64,
    /// The beginning of the payload, unmasked.
    pub(super) payload: Vec<u8>,
    /// The beginning of the content, and its size.
    pub(super) inflated: Option<(Vec<u8>, u64)>,
    pub(super) violations: Vec<Violation>,
}

impl KeptFrame {
    /// Its size on the wire, as far as it has arrived.
    pub(super) fn wire_bytes(&self) -> u64 {
        self.header.len() as u64 + self.payload_bytes
    }
}

struct Message {
    opcode: Opcode,
    compressed: Option<u64>,
    content: Vec<u8>,
    bytes: Vec<u8>,
    frames: Vec<KeptFrame>,
}

impl Crossing {
    /// Begins where `from` bytes of this direction have gone on. `passing` is whether a frame, and whether a message, has begun to
    /// go on.
    pub(super) fn new(sender: Sender, from: u64, passing: [bool; 2], inflates: bool, share: MemoryShare) -> Self {
        let [passing_frame, passing_message] = passing;
        Self {
            sender,
            raw: Vec::new(),
            from,
            message: None,
            passing_frame,
            passing_message,
            in_frame: passing_frame,
            is_lost: false,
            inflates,
            compressed: 0,
            items: Vec::new(),
            share,
        }
    }

    /// What may be sent when it begins.
    pub(super) fn first_place(&self) -> Place {
        match (self.passing_frame, self.passing_message) {
            (true, _) => Place::Nothing,
            (false, true) => Place::Control,
            (false, false) => Place::Anything,
        }
    }

    /// Whether nothing is kept back, so that bytes may be forwarded before they are decoded.
    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty() && self.message.is_none()
    }

    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// A frame begins. Returns whether a message begins that does not go on yet.
    pub(super) fn begin(&mut self, frame: &Frame) -> bool {
        // A control frame inside a message that goes on as it comes is still for rules.
        self.in_frame = frame.position.is_some();
        if frame.position.is_none_or(|position| position.fragment > 1) {
            return false;
        }
        let number = frame.compressed.then_some(self.compressed);
        self.compressed += u64::from(frame.compressed);
        if self.passing_frame || self.is_lost {
            self.passing_message = true;
            return false;
        }
        let (content, bytes, frames) = Default::default();
        if frame.compressed && !self.inflates {
            let original =
                Original { opcode: frame.header.opcode, bytes: Vec::new(), frames: Vec::new(), compressed: None };
            self.items.push(Item::Unseen(original, Unseen::Compressed));
            self.passing_message = true;
            return true;
        }
        self.message = Some(Message { opcode: frame.header.opcode, compressed: number, content, bytes, frames });
        true
    }

    /// More content of the open message.
    pub(super) fn content(&mut self, bytes: &[u8]) {
        let Some(message) = &mut self.message else { return };
        let whole = message.content.len() + bytes.len();
        let kept = whole + message.bytes.len() + self.raw.len();
        // Compressed bytes may have no content.
        let is_large = whole > MAX_CONTENT || message.bytes.len() + self.raw.len() > 2 * MAX_CONTENT;
        if is_large || self.share.resize(kept).is_err() {
            self.let_pass(Unseen::TooLarge);
        } else {
            message.content.extend_from_slice(bytes);
        }
    }

    /// A frame is complete, or abandoned, at the position `end` of this direction. `control` is the payload of a control frame.
    pub(super) fn end(&mut self, frame: &Frame, end: u64, kept: KeptFrame, control: &[u8]) {
        let unseen = match &self.message {
            _ if !frame.is_valid() => Some(Unseen::Broken),
            Some(message) if message.frames.len() >= MAX_FRAMES => Some(Unseen::TooLarge),
            _ => None,
        };
        if let Some(why) = unseen.filter(|_| frame.position.is_some() || !frame.is_valid()) {
            self.let_pass(why);
        }
        self.is_lost |= !frame.is_valid();
        let passes = self.is_lost || self.passing_frame;
        (self.in_frame, self.passing_frame) = (false, false);
        let whole = usize::try_from(end.saturating_sub(self.from)).unwrap_or(usize::MAX).min(self.raw.len());
        // A short message must not keep a large buffer.
        let bytes = match whole == self.raw.len() && self.raw.capacity() <= whole + whole / 8 {
            true => std::mem::take(&mut self.raw),
            false => self.raw.drain(..whole).collect(),
        };
        self.from = end;
        let opcode = frame.header.opcode;
        match (&mut self.message, frame.position) {
            (_, None) if !passes => {
                let unit = Unit::new(self.sender, opcode, control.to_vec(), false);
                self.items.push(Item::Unit(unit, Original { opcode, bytes, frames: vec![kept], compressed: None }));
            }
            (Some(message), Some(position)) if !passes => {
                match message.bytes.is_empty() {
                    true => message.bytes = bytes,
                    false => message.bytes.extend_from_slice(&bytes),
                }
                message.frames.push(kept);
                if position.last
                    && let Some(message) = self.message.take()
                {
                    let (unit, original) = message.complete(self.sender);
                    self.items.push(Item::Unit(unit, original));
                    // Shrinking cannot fail.
                    let _ = self.share.resize(0);
                }
            }
            (_, position) => {
                if position.is_some_and(|position| position.last) {
                    self.passing_message = false;
                }
                let place = match (self.is_lost, self.passing_message) {
                    (true, _) => Place::Nothing,
                    (false, true) => Place::Control,
                    (false, false) => Place::Anything,
                };
                self.items.push(Item::Bytes { bytes, place, frame: Some(kept) });
            }
        }
    }

    /// The open message goes on as it comes, because no rule can look at it.
    fn let_pass(&mut self, why: Unseen) {
        if let Some(message) = self.message.take() {
            self.passing_message = true;
            // Shrinking cannot fail.
            let _ = self.share.resize(0);
            self.items.push(Item::Unseen(message.original(), why));
        }
    }

    /// What has arrived since the last call.
    pub(super) fn take(&mut self) -> Vec<Item> {
        // A frame that goes on as it comes does not wait for its end.
        let passes = self.passing_frame || (self.in_frame && self.passing_message && self.message.is_none());
        if (self.is_lost || passes) && !self.raw.is_empty() {
            self.rest();
        }
        std::mem::take(&mut self.items)
    }

    /// No frame is found any more, or nothing more arrives: what is left goes on.
    pub(super) fn give_up(&mut self) -> Vec<Item> {
        self.is_lost = true;
        self.let_pass(Unseen::Broken);
        if !self.raw.is_empty() {
            self.rest();
        }
        std::mem::take(&mut self.items)
    }

    fn rest(&mut self) {
        self.from += self.raw.len() as u64;
        let bytes = std::mem::take(&mut self.raw);
        self.items.push(Item::Bytes { bytes, place: Place::Nothing, frame: None });
    }
}

impl Message {
    fn complete(mut self, sender: Sender) -> (Unit, Original) {
        let compressed = self.compressed.is_some();
        // Only a compressed message may have to be compressed again.
        let mut content = if compressed { self.content.clone() } else { std::mem::take(&mut self.content) };
        content.shrink_to_fit();
        (Unit::new(sender, self.opcode, content, compressed), self.original())
    }

    fn original(self) -> Original {
        let Self { opcode, compressed, content, bytes, frames } = self;
        Original { opcode, bytes, frames, compressed: compressed.map(|number| (number, content)) }
    }
}
