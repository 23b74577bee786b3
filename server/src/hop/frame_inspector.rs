//! Decodes the frames of one direction while they are forwarded, and records them for each side that they cross. The relay may
//! insert its own frames between them, which cross only the side where they leave.

use super::insertions::Insertions;
use crate::session::{FrameRecord, Kept, PayloadPrefix, Records};
use observation::event::Count;
use observation::{Deliberate, Position};
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::message::MessagePosition;

/// How many bytes are decompressed before other connections get their turn.
const MOST_INFLATED: usize = 256 << 10;

/// A compressed byte counts as several, because some payloads take long to decompress to nothing.
const COMPRESSED_BYTE: usize = 16;

/// Forwarded data is unlimited, because it is not kept. Only the decompressed size of a message is limited, in bytes.
const MOST_CONTENT: u64 = 64 << 20;

/// The agreed permessage-deflate, and whether it is decompressed here.
pub(super) enum Compression {
    None,
    /// There is no memory left to decompress with.
    Unread,
    Read(Agreed),
}

pub(super) struct FrameInspector {
    incoming: Incoming,
    notes: Notes,
    /// What was forwarded but not decoded yet.
    unseen: Vec<u8>,
    /// Whether it was reported that decoding has stopped.
    is_lost: bool,
    insertions: Insertions,
}

/// Records frames, and what it keeps meanwhile.
struct Notes {
    from: Sender,
    payload_cap: usize,
    /// Whether each frame is recorded on both sides.
    twins: bool,
    /// How many messages were inserted. The side where the frames leave counts them too.
    inserted: u64,
    /// The records of that side, if its numbers differ.
    apart: Records,
    /// Whether compressed payloads are decompressed.
    inflates: bool,
    /// The beginnings of payloads and contents that arrive in parts.
    piece: PayloadPrefix,
    inflated: PayloadPrefix,
    count: Count,
    /// The first close frame.
    close: Option<Box<ClosePayload>>,
}

impl FrameInspector {
    pub(super) fn new(from: Sender, compression: &Compression, payload_cap: usize, twins: bool) -> Self {
        let inflates = matches!(compression, Compression::Read(_));
        let message = if inflates { MOST_CONTENT } else { u64::MAX };
        let incoming = Incoming::new(from, Limits { frame: u64::MAX, message });
        let incoming = match compression {
            Compression::None => incoming,
            Compression::Unread => incoming.with_unread_deflate(),
            Compression::Read(agreed) => incoming.with_deflate(agreed),
        };
        let (piece, inflated) = (PayloadPrefix::default(), PayloadPrefix::default());
        let count = Count::default();
        let (inserted, apart) = (0, Records::default());
        let notes = Notes { from, payload_cap, twins, inserted, apart, inflates, piece, inflated, count, close: None };
        let insertions = Insertions::new(from, !matches!(compression, Compression::None));
        Self { incoming, notes, unseen: Vec::new(), is_lost: false, insertions }
    }

    /// The number of forwarded frames and their bytes.
    pub(super) fn count(&self) -> Count {
        self.notes.count
    }

    /// The same where the frames leave, including inserted ones.
    pub(super) fn count_at_exit(&self) -> Count {
        let (forwarded, inserted) = (self.notes.count, self.insertions.count());
        Count { frames: forwarded.frames + inserted.frames, bytes: forwarded.bytes + inserted.bytes }
    }

    /// The first close frame, if there was one.
    pub(super) fn close(&self) -> Option<&ClosePayload> {
        self.notes.close.as_deref()
    }

    /// The first close frame where the frames leave, including inserted ones.
    pub(super) fn close_at_exit(&self) -> Option<&ClosePayload> {
        // A close frame is not inserted after another one, and a forwarded one after it changes nothing.
        self.insertions.close().or(self.close())
    }

    /// The records of the side where the frames leave, if they differ from those of the other side.
    pub(super) fn take_apart(&mut self) -> Option<Records> {
        (!self.notes.apart.is_empty()).then(|| std::mem::take(&mut self.notes.apart))
    }

    /// Decodes forwarded bytes and unmasks them in place. Returns whether everything was decoded. If not, call it again without
    /// bytes before more bytes are forwarded.
    pub(super) fn look(&mut self, bytes: &mut [u8], records: &mut Records) -> bool {
        let mut unseen = std::mem::take(&mut self.unseen);
        let mut rest = if unseen.is_empty() { bytes } else { &mut unseen[..] };
        let mut look = Look { notes: &mut self.notes, records, whole: None, content: 0 };
        self.incoming.receive(&mut rest, &mut look);
        look.put_by();
        // If it stopped at its limit, more may be pending even without bytes, such as the end of a frame.
        let has_looked_at_all = !look.is_full();
        if !rest.is_empty() {
            self.unseen = rest.to_vec();
        }
        has_looked_at_all
    }

    /// Whether decoding has just become impossible. Returns `true` once.
    pub(super) fn gets_lost(&mut self) -> bool {
        self.incoming.has_failed() && !std::mem::replace(&mut self.is_lost, true)
    }

    /// Whether a frame could be inserted now.
    pub(super) fn is_between_frames(&self) -> bool {
        self.unseen.is_empty() && self.incoming.is_between_frames() && !self.is_lost
    }

    /// Whether a message could be inserted between two frames.
    pub(super) fn is_between_messages(&self) -> bool {
        !self.incoming.is_inside_message()
    }

    /// Whether decoding has stopped, so that no place between two frames is known.
    pub(super) fn is_lost(&self) -> bool {
        self.incoming.has_failed()
    }

    /// Encodes a frame to insert and records it.
    pub(super) fn insert(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        why: Option<&Deliberate>,
        records: &mut Records,
    ) -> Vec<u8> {
        if self.close().is_some() {
            self.insertions.close_was_forwarded();
        }
        let number = self.incoming.messages() + self.notes.inserted + 1;
        let (position, violations, bytes) = self.insertions.frame(header, payload, number);
        self.notes.inserted = self.insertions.messages();
        records.frame(FrameRecord {
            from: self.notes.from,
            header,
            position: position.map(Position::from),
            payload_bytes: payload.len() as u64,
            kept: Kept::new(&payload[..payload.len().min(self.notes.payload_cap)]),
            inflated: None,
            violations: &violations,
            deliberate: why,
            concealed_by: None,
        });
        bytes
    }

    /// Counts raw bytes that are inserted.
    pub(super) fn insert_raw(&mut self, bytes: &[u8]) {
        self.insertions.raw(bytes);
    }

    /// The connection has ended. Records the frame in which it ended, if there is one.
    pub(super) fn cut_off(&mut self, records: &mut Records) {
        if let Some(frame) = self.incoming.cut_off() {
            self.notes.over(&frame, None, records);
        }
    }
}

impl Notes {
    /// A frame is complete; `whole` is its payload if it arrived in one part.
    fn over(&mut self, frame: &Frame, whole: Option<&[u8]>, records: &mut Records) {
        let (pieces, content) = (self.piece.take(), self.inflated.take());
        let inflated = (frame.compressed && self.inflates).then_some((&content.bytes[..], content.count));
        self.note(frame, whole.unwrap_or(&pieces.bytes), inflated, records);
    }

    #[inline]
    fn note(&mut self, frame: &Frame, payload: &[u8], inflated: Option<(&[u8], u64)>, records: &mut Records) {
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
        if self.inserted == 0 {
            match self.twins {
                true => records.twin(record(frame.position)),
                false => records.frame(record(frame.position)),
            }
        } else {
            let later = |at: MessagePosition| MessagePosition { message: at.message + self.inserted, ..at };
            let at_exit = record(frame.position.map(later));
            match self.twins {
                true => {
                    records.frame(record(frame.position));
                    self.apart.frame(at_exit);
                }
                false => records.frame(at_exit),
            }
        }
        self.count.frames += 1;
        self.count.bytes += frame.header.len() as u64 + frame.arrived;
        if let Some(close) = &frame.close {
            self.close.get_or_insert_with(|| Box::new(close.clone()));
        }
    }
}

/// The handler during one call of `look`.
struct Look<'l, 'b> {
    notes: &'l mut Notes,
    records: &'l mut Records,
    /// The payload of the current frame, if it is complete.
    whole: Option<&'b [u8]>,
    /// The work done so far: decompressed bytes, and compressed bytes with their weight.
    content: usize,
}

impl Look<'_, '_> {
    /// Copies what would be lost with the read buffer.
    fn put_by(&mut self) {
        if let Some(whole) = self.whole.take() {
            self.notes.piece.push(whole, self.notes.payload_cap);
        }
    }
}

impl<'b> Handler<'b> for Look<'_, 'b> {
    fn begin(&mut self, frame: &Frame) {
        self.whole = (frame.header.length.bytes == 0).then_some(&[]);
    }

    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]) {
        if bytes.len() as u64 == frame.header.length.bytes {
            self.whole = Some(bytes);
        } else {
            self.notes.piece.push(bytes, self.notes.payload_cap);
        }
        if frame.compressed && self.notes.inflates {
            self.content += COMPRESSED_BYTE * bytes.len();
        }
    }

    fn inflated(&mut self, _: &Frame, bytes: &[u8]) {
        self.notes.inflated.push(bytes, self.notes.payload_cap);
        self.content += bytes.len();
    }

    fn end(&mut self, frame: &Frame, _: &[u8]) {
        let whole = self.whole.take();
        self.notes.over(frame, whole, self.records);
    }

    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        self.notes.note(frame, &bytes[frame.header.len()..], None, self.records);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.content >= MOST_INFLATED
    }
}
