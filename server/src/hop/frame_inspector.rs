//! Decodes the frames of one direction while they are forwarded, and records them for each side that they cross.

use crate::session::{FrameRecord, Kept, PayloadPrefix, Records};
use observation::Position;
use observation::event::Count;
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::incoming::{Frame, Handler, Incoming, Limits};

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
}

/// Records frames, and what it keeps meanwhile.
struct Notes {
    from: Sender,
    payload_cap: usize,
    /// Whether each frame is recorded on both sides.
    twins: bool,
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
        let notes = Notes { from, payload_cap, twins, inflates, piece, inflated, count, close: None };
        Self { incoming, notes, unseen: Vec::new(), is_lost: false }
    }

    /// The number of frames and their bytes.
    pub(super) fn count(&self) -> Count {
        self.notes.count
    }

    /// The first close frame, if there was one.
    pub(super) fn close(&self) -> Option<&ClosePayload> {
        self.notes.close.as_deref()
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
        let record = FrameRecord {
            from: self.from,
            header: &frame.header,
            position: frame.position.map(Position::from),
            payload_bytes: frame.arrived,
            kept: Kept::new(&payload[..payload.len().min(self.payload_cap)]),
            inflated,
            violations: &frame.violations,
            deliberate: None,
        };
        match self.twins {
            true => records.twin(record),
            false => records.frame(record),
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
