//! One direction of a direction, looked at while it passes: its frames, as they are, written down for each leg that they cross.

use crate::session::{FrameRecord, Kept, PayloadPrefix, Records};
use observation::Position;
use observation::event::Count;
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::incoming::{Frame, Handler, Incoming, Limits};

/// How much is inflated before others have their turn, in bytes.
const MOST_INFLATED: usize = 256 << 10;

/// A compressed byte counts as several: there are payloads that hold nothing and take long to find out.
const COMPRESSED_BYTE: usize = 16;

/// What passes is not limited: nothing of it stays. Only what a message inflates to is, in bytes.
const MOST_CONTENT: u64 = 64 << 20;

/// What was agreed on of permessage-deflate, and what is made of it here.
pub(super) enum Compression {
    None,
    /// There is no memory left to inflate with.
    Unread,
    Read(Agreed),
}

pub(super) struct FrameInspector {
    incoming: Incoming,
    notes: Notes,
    /// What has been forwarded and is still to be looked at.
    unseen: Vec<u8>,
    /// Whether it has been said that nothing more can be told apart.
    is_lost: bool,
}

/// What is written down of frames, and kept of them meanwhile.
struct Notes {
    from: Sender,
    payload_cap: usize,
    /// Whether each frame is recorded on two legs.
    twins: bool,
    /// Whether what is compressed is inflated.
    inflates: bool,
    /// The fronts of payload and content that come in pieces.
    piece: PayloadPrefix,
    inflated: PayloadPrefix,
    count: Count,
    /// What the first close frame says.
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

    /// How many frames there were, and their bytes.
    pub(super) fn count(&self) -> Count {
        self.notes.count
    }

    /// What the first close frame says, if there was one.
    pub(super) fn close(&self) -> Option<&ClosePayload> {
        self.notes.close.as_deref()
    }

    /// Looks at bytes that have passed, and unmasks them in place. Gives whether it has looked at all: if not, it is to be
    /// asked again, with none, before more bytes are let pass.
    pub(super) fn look(&mut self, bytes: &mut [u8], records: &mut Records) -> bool {
        let mut unseen = std::mem::take(&mut self.unseen);
        let mut rest = if unseen.is_empty() { bytes } else { &mut unseen[..] };
        let mut look = Look { notes: &mut self.notes, records, whole: None, content: 0 };
        self.incoming.receive(&mut rest, &mut look);
        look.put_by();
        // Where it was cut short there may be more to come also without bytes: the end of a frame takes none.
        let has_looked_at_all = !look.is_full();
        if !rest.is_empty() {
            self.unseen = rest.to_vec();
        }
        has_looked_at_all
    }

    /// Whether, from now on, nothing more can be told apart. Said once.
    pub(super) fn gets_lost(&mut self) -> bool {
        self.incoming.has_failed() && !std::mem::replace(&mut self.is_lost, true)
    }

    /// Whether a frame could come in between now.
    pub(super) fn is_between_frames(&self) -> bool {
        self.unseen.is_empty() && self.incoming.is_between_frames() && !self.is_lost
    }

    /// The line has ended: the frame that it ended in, if it did.
    pub(super) fn cut_off(&mut self, records: &mut Records) {
        if let Some(frame) = self.incoming.cut_off() {
            self.notes.over(&frame, None, records);
        }
    }
}

impl Notes {
    /// A frame that has come in pieces is over; `whole` is its payload if that has come in one.
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

/// A watch while it looks.
struct Look<'l, 'b> {
    notes: &'l mut Notes,
    records: &'l mut Records,
    /// The payload of the frame under direction, if it is all here.
    whole: Option<&'b [u8]>,
    /// How much has been inflated, or looked at for that.
    content: usize,
}

impl Look<'_, '_> {
    /// Keeps what goes with the bytes.
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
