//! Records the frames of one direction as they are decoded, and hands them on to a [`Crossing`] if rules decide about them.

use super::crossing::{Crossing, KeptFrame};
use crate::session::{FrameRecord, Kept, PayloadPrefix, Records};
use observation::Position;
use observation::event::Count;
use wire::Sender;
use wire::close::ClosePayload;
use wire::incoming::{Frame, Handler};
use wire::message::MessagePosition;

/// How many bytes are decompressed before other connections get their turn.
const MOST_INFLATED: usize = 256 << 10;

/// A compressed byte counts as several, because some payloads take long to decompress to nothing.
const COMPRESSED_BYTE: usize = 16;

/// On which sides the frames of a direction are recorded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// Where they arrive and where they leave.
    Both,
    /// Where they arrive. The lab records the other side.
    Arrival,
    /// Where they leave.
    Exit,
}

/// Records frames, and what it keeps meanwhile.
pub(super) struct Notes {
    pub(super) from: Sender,
    pub(super) payload_cap: usize,
    pub(super) recorded: Recorded,
    /// How many more messages have left than have arrived: inserted ones, less those that rules keep back.
    pub(super) ahead: i64,
    /// What arrived and did not leave: frames and bytes.
    pub(super) kept_back: Count,
    /// Whether the first close frame is among that.
    pub(super) close_kept_back: bool,
    /// Keeps back what rules decide about, if there are rules.
    pub(super) crossing: Option<Box<Crossing>>,
    /// The records of that side, if its numbers differ.
    pub(super) apart: Records,
    /// Whether compressed payloads are decompressed.
    pub(super) inflates: bool,
    /// The beginnings of payloads and contents that arrive in parts.
    pub(super) piece: PayloadPrefix,
    pub(super) inflated: PayloadPrefix,
    pub(super) count: Count,
    /// The first close frame.
    pub(super) close: Option<Box<ClosePayload>>,
}

impl Notes {
    /// A frame is complete; `whole` is its payload if it arrived in one part.
    pub(super) fn over(&mut self, frame: &Frame, whole: Option<&[u8]>, control: &[u8], records: &mut Records) {
        let (pieces, content) = (self.piece.take(), self.inflated.take());
        let inflated = (frame.compressed && self.inflates).then_some((&content.bytes[..], content.count));
        self.note(frame, whole.unwrap_or(&pieces.bytes), inflated, control, records);
    }

    #[inline]
    fn note(
        &mut self,
        frame: &Frame,
        payload: &[u8],
        inflated: Option<(&[u8], u64)>,
        control: &[u8],
        records: &mut Records,
    ) {
        let record = |position: Option<MessagePosition>| FrameRecord {
            from: self.from,
            header: &frame.header,
            position: position.map(Position::from),
            payload_bytes: frame.arrived,
            kept: Kept::new(&payload[..payload.len().min(self.payload_cap)]),
            inflated,
            violations: &frame.violations,
            deliberate: None,
            concealed_by: None,
        };
        let ahead = self.ahead;
        let later = |at: MessagePosition| MessagePosition { message: at.message.saturating_add_signed(ahead), ..at };
        match self.recorded {
            Recorded::Both if self.crossing.is_some() => records.frame(record(frame.position)),
            Recorded::Both if ahead == 0 => records.twin(record(frame.position)),
            Recorded::Both => {
                records.frame(record(frame.position));
                self.apart.frame(record(frame.position.map(later)));
            }
            Recorded::Arrival => records.frame(record(frame.position)),
            Recorded::Exit if self.crossing.is_some() => {}
            Recorded::Exit => records.frame(record(frame.position.map(later))),
        }
        self.count.frames += 1;
        self.count.bytes += frame.header.len() as u64 + frame.arrived;
        if let Some(close) = &frame.close {
            self.close_kept_back |= self.crossing.is_some() && self.close.is_none();
            self.close.get_or_insert_with(|| Box::new(close.clone()));
        }
        if let Some(crossing) = &mut self.crossing {
            let front = |bytes: &[u8]| bytes[..bytes.len().min(self.payload_cap)].to_vec();
            let kept = KeptFrame {
                header: frame.header,
                position: frame.position,
                payload_bytes: frame.arrived,
                payload: front(payload),
                inflated: inflated.map(|(content, bytes)| (front(content), bytes)),
                violations: frame.violations.clone(),
            };
            self.kept_back.frames += 1;
            self.kept_back.bytes += kept.wire_bytes();
            crossing.end(frame, self.count.bytes, kept, control);
        }
    }

    /// A frame begins.
    fn begin(&mut self, frame: &Frame) {
        if let Some(crossing) = &mut self.crossing {
            self.ahead -= i64::from(crossing.begin(frame));
        }
    }

    /// More content of a message.
    fn content(&mut self, frame: &Frame, bytes: &[u8]) {
        if frame.position.is_some()
            && let Some(crossing) = &mut self.crossing
        {
            crossing.content(bytes);
        }
    }
}

/// The handler during one call of `look`.
pub(super) struct Look<'l, 'b> {
    pub(super) notes: &'l mut Notes,
    pub(super) records: &'l mut Records,
    /// The payload of the current frame, if it is complete.
    pub(super) whole: Option<&'b [u8]>,
    /// The work done so far: decompressed bytes, and compressed bytes with their weight.
    pub(super) content: usize,
}

impl Look<'_, '_> {
    /// Copies what would be lost with the read buffer.
    pub(super) fn put_by(&mut self) {
        if let Some(whole) = self.whole.take() {
            self.notes.piece.push(whole, self.notes.payload_cap);
        }
    }
}

impl<'b> Handler<'b> for Look<'_, 'b> {
    fn begin(&mut self, frame: &Frame) {
        self.whole = (frame.header.length.bytes == 0).then_some(&[]);
        self.notes.begin(frame);
    }

    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]) {
        if bytes.len() as u64 == frame.header.length.bytes {
            self.whole = Some(bytes);
        } else {
            self.notes.piece.push(bytes, self.notes.payload_cap);
        }
        if frame.compressed && self.notes.inflates {
            self.content += COMPRESSED_BYTE * bytes.len();
            self.notes.content(frame, &[]);
        } else {
            self.notes.content(frame, bytes);
        }
    }

    fn inflated(&mut self, frame: &Frame, bytes: &[u8]) {
        self.notes.content(frame, bytes);
        self.notes.inflated.push(bytes, self.notes.payload_cap);
        self.content += bytes.len();
    }

    fn end(&mut self, frame: &Frame, control: &[u8]) {
        let whole = self.whole.take();
        self.notes.over(frame, whole, control, self.records);
    }

    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        let payload = &bytes[frame.header.len()..];
        if self.notes.crossing.is_some() {
            self.notes.begin(frame);
            self.notes.content(frame, payload);
        }
        self.notes.note(frame, payload, None, payload, self.records);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.content >= MOST_INFLATED
    }
}
