//! One direction of a way, looked at while it passes: its frames, as they are, written down for each leg that they cross.

use crate::session::{FrameRecord, Kept, Records};
use observation::event::Count;
use observation::{Act, Deliberate, Event, Position};
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::incoming::{Frame, Handler, Incoming, Limits};

/// How much is inflated before others have their turn, in bytes.
const MOST_INFLATED: usize = 256 << 10;

/// What passes is not limited: nothing of it stays. Only what a message inflates to is, in bytes.
const MOST_CONTENT: u64 = 64 << 20;

pub(super) struct Watch {
    from: Sender,
    incoming: Incoming,
    payload_cap: usize,
    /// On how many legs each frame is recorded.
    legs: usize,
    /// What has been forwarded and is still to be looked at.
    unseen: Vec<u8>,
    /// The fronts of payload and content that come in pieces.
    piece: Front,
    inflated: Front,
    pub(super) count: Count,
    /// What the first close frame says.
    pub(super) close: Option<Box<ClosePayload>>,
    /// Whether it has been said that nothing more can be told apart.
    is_lost: bool,
}

#[derive(Default)]
struct Front {
    bytes: Vec<u8>,
    count: u64,
}

impl Front {
    fn push(&mut self, piece: &[u8], cap: usize) {
        let room = cap.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes.extend_from_slice(&piece[..room]);
        self.count += piece.len() as u64;
    }
}

impl Watch {
    pub(super) fn new(from: Sender, deflate: Option<&Agreed>, payload_cap: usize, legs: usize) -> Self {
        let message = if deflate.is_some() { MOST_CONTENT } else { u64::MAX };
        let incoming = Incoming::new(from, Limits { frame: u64::MAX, message });
        let incoming = match deflate {
            Some(agreed) => incoming.with_deflate(agreed),
            None => incoming,
        };
        Self {
            from,
            incoming,
            payload_cap,
            legs,
            unseen: Vec::new(),
            piece: Front::default(),
            inflated: Front::default(),
            count: Count::default(),
            close: None,
            is_lost: false,
        }
    }

    /// Looks at bytes that have passed, and unmasks them in place. Gives whether it has looked at all: if not, it is to be
    /// asked again, with none, before more bytes are let pass.
    pub(super) fn look(&mut self, bytes: &mut [u8], records: &mut Records) -> bool {
        let mut unseen = std::mem::take(&mut self.unseen);
        let mut rest = if unseen.is_empty() { bytes } else { &mut unseen[..] };
        let Self { from, incoming, payload_cap, legs, piece, inflated, count, close, .. } = self;
        let mut look = Look {
            from: *from,
            payload_cap: *payload_cap,
            legs: *legs,
            piece,
            inflated,
            count,
            close,
            records,
            whole: None,
            content: 0,
        };
        incoming.receive(&mut rest, &mut look);
        look.put_by();
        if !rest.is_empty() {
            self.unseen = rest.to_vec();
        }
        if self.incoming.has_failed() && !std::mem::replace(&mut self.is_lost, true) {
            let words = "a rule was broken here: what follows is passed on, and not taken apart";
            let act = Event::Act(Act::of(Deliberate::of_box("lost", words)));
            (0..self.legs).for_each(|_| records.event(&act));
        }
        self.unseen.is_empty()
    }

    /// Looks at a frame of the relay's own, which crosses one leg only.
    pub(super) fn look_once(&mut self, bytes: &mut [u8], records: &mut Records) {
        let legs = std::mem::replace(&mut self.legs, 1);
        self.look(bytes, records);
        self.legs = legs;
    }

    /// Whether a frame could come in between now.
    pub(super) fn is_between_frames(&self) -> bool {
        self.unseen.is_empty() && self.incoming.is_between_frames() && !self.is_lost
    }

    /// The line has ended: the frame that it ended in, if it did.
    pub(super) fn cut_off(&mut self, records: &mut Records) {
        if let Some(frame) = self.incoming.cut_off() {
            let Self { from, payload_cap, legs, piece, inflated, count, close, .. } = self;
            let (from, payload_cap, legs) = (*from, *payload_cap, *legs);
            let whole = None;
            Look { from, payload_cap, legs, piece, inflated, count, close, records, whole, content: 0 }
                .over(&frame, None);
        }
    }
}

/// A watch while it looks.
struct Look<'l, 'b> {
    from: Sender,
    payload_cap: usize,
    legs: usize,
    piece: &'l mut Front,
    inflated: &'l mut Front,
    count: &'l mut Count,
    close: &'l mut Option<Box<ClosePayload>>,
    records: &'l mut Records,
    /// The payload of the frame under way, if it is all here.
    whole: Option<&'b [u8]>,
    /// How much has been inflated.
    content: usize,
}

impl Look<'_, '_> {
    /// Keeps what goes with the bytes.
    fn put_by(&mut self) {
        if let Some(whole) = self.whole.take() {
            self.piece.push(whole, self.payload_cap);
        }
    }

    /// A frame that has come in pieces is over; `whole` is its payload if that has come in one.
    fn over(&mut self, frame: &Frame, whole: Option<&[u8]>) {
        let (pieces, content) = (std::mem::take(self.piece), std::mem::take(self.inflated));
        let inflated = frame.compressed.then_some((&content.bytes[..], content.count));
        self.note(frame, whole.unwrap_or(&pieces.bytes), inflated);
    }

    #[inline]
    fn note(&mut self, frame: &Frame, payload: &[u8], inflated: Option<(&[u8], u64)>) {
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
        self.records.frame_on(self.legs, record);
        self.count.frames += 1;
        self.count.bytes += frame.header.len() as u64 + frame.arrived;
        if let Some(close) = &frame.close {
            self.close.get_or_insert_with(|| Box::new(close.clone()));
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
            self.piece.push(bytes, self.payload_cap);
        }
    }

    fn inflated(&mut self, _: &Frame, bytes: &[u8]) {
        self.inflated.push(bytes, self.payload_cap);
        self.content += bytes.len();
    }

    fn end(&mut self, frame: &Frame, _: &[u8]) {
        let whole = self.whole.take();
        self.over(frame, whole);
    }

    #[inline]
    fn whole(&mut self, frame: &Frame, bytes: &'b mut [u8]) {
        self.note(frame, &bytes[frame.header.len()..], None);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.content >= MOST_INFLATED
    }
}
