//! Decodes the frames of one direction while they are forwarded, and records them for each side that they cross. The relay may
//! insert its own frames between them, which cross only the side where they leave.

use super::crossing::{Crossing, Item, KeptFrame, Place};
use super::frame_notes::{Look, Notes, Recorded};
use super::insertions::Insertions;
use crate::memory::MemoryShare;
use crate::session::{FrameRecord, Kept, PayloadPrefix, Records};
use observation::event::Count;
use observation::{Deliberate, Position};
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::incoming::{Handler, Incoming, Limits};
use wire::message::MessagePosition;
use wire::opcode::Opcode;
use wire::violation::Violation;

/// Forwarded data is unlimited, because it is not kept. Only the decompressed size of a message is limited, in bytes.
const MOST_CONTENT: u64 = 64 << 20;

/// The agreed permessage-deflate, and whether it is decompressed here.
pub(super) enum Compression {
    None,
    /// There is no memory left to decompress with.
    Unread,
    Read(Agreed),
}

/// A frame that the relay sends itself.
#[derive(Clone, Copy)]
pub(super) struct OwnFrame<'a> {
    pub(super) header: &'a FrameHeader,
    /// Unmasked.
    pub(super) payload: &'a [u8],
    pub(super) why: Option<&'a Deliberate>,
    /// The content, if the payload is compressed.
    pub(super) content: Option<&'a [u8]>,
    /// Whether the payload cannot be decompressed.
    pub(super) is_broken: bool,
}

pub(super) struct FrameInspector {
    incoming: Incoming,
    /// How many bytes have arrived.
    received: u64,
    notes: Notes,
    /// What was forwarded but not decoded yet.
    unseen: Vec<u8>,
    /// Whether it was reported that decoding has stopped.
    is_lost: bool,
    insertions: Insertions,
}

impl FrameInspector {
    pub(super) fn new(from: Sender, compression: &Compression, payload_cap: usize, recorded: Recorded) -> Self {
        let inflates = matches!(compression, Compression::Read(_));
        let message = if inflates { MOST_CONTENT } else { u64::MAX };
        let incoming = Incoming::new(from, Limits { frame: u64::MAX, message });
        let incoming = match compression {
            Compression::None => incoming,
            Compression::Unread => incoming.with_unread_deflate(),
            Compression::Read(agreed) => incoming.with_deflate(agreed),
        };
        let (piece, inflated) = (PayloadPrefix::default(), PayloadPrefix::default());
        let (count, apart) = (Count::default(), Records::default());
        let notes = Notes {
            from,
            payload_cap,
            recorded,
            ahead: 0,
            kept_back: Count::default(),
            close_kept_back: false,
            crossing: None,
            apart,
            inflates,
            piece,
            inflated,
            count,
            close: None,
        };
        let insertions = Insertions::new(from, !matches!(compression, Compression::None));
        Self { incoming, received: 0, notes, unseen: Vec::new(), is_lost: false, insertions }
    }

    /// The number of forwarded frames and their bytes.
    pub(super) fn count(&self) -> Count {
        self.notes.count
    }

    /// The same where the frames leave, including inserted ones.
    pub(super) fn count_at_exit(&self) -> Count {
        let (arrived, inserted, kept) = (self.notes.count, self.insertions.count(), self.notes.kept_back);
        Count {
            frames: arrived.frames - kept.frames + inserted.frames,
            bytes: arrived.bytes - kept.bytes + inserted.bytes,
        }
    }

    /// The first close frame, if there was one.
    pub(super) fn close(&self) -> Option<&ClosePayload> {
        self.notes.close.as_deref()
    }

    /// The first close frame where the frames leave, including inserted ones.
    pub(super) fn close_at_exit(&self) -> Option<&ClosePayload> {
        // A close frame is not inserted after another one, and a forwarded one after it changes nothing.
        self.insertions.close().or(self.close().filter(|_| !self.notes.close_kept_back))
    }

    /// The records of the side where the frames leave, if they differ from those of the other side.
    pub(super) fn take_apart(&mut self) -> Option<Records> {
        (!self.notes.apart.is_empty()).then(|| std::mem::take(&mut self.notes.apart))
    }

    /// Decodes forwarded bytes and unmasks them in place. Returns whether everything was decoded. If not, call it again without
    /// bytes before more bytes are forwarded.
    pub(super) fn look(&mut self, bytes: &mut [u8], records: &mut Records) -> bool {
        self.received += bytes.len() as u64;
        if let Some(crossing) = &mut self.notes.crossing {
            crossing.arrived(bytes);
        }
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
        OwnFrame { header, payload, why, content, is_broken }: OwnFrame<'_>,
        records: &mut Records,
    ) -> Vec<u8> {
        if self.close_at_exit().is_some() {
            self.insertions.close_was_forwarded();
        }
        let number = self.messages_at_exit() + 1;
        let (position, mut violations, bytes) = self.insertions.frame(header, payload, number);
        if is_broken {
            violations.push(Violation::BrokenDeflate);
        }
        self.notes.ahead += i64::from(position.is_some_and(|position| position.fragment == 1));
        let content =
            content.map(|content| (&content[..content.len().min(self.notes.payload_cap)], content.len() as u64));
        records.frame(FrameRecord {
            from: self.notes.from,
            header,
            position: position.map(Position::from),
            payload_bytes: payload.len() as u64,
            kept: Kept::new(&payload[..payload.len().min(self.notes.payload_cap)]),
            inflated: content,
            violations: &violations,
            deliberate: why,
            concealed_by: None,
        });
        bytes
    }

    /// How many messages have begun where the frames leave.
    fn messages_at_exit(&self) -> u64 {
        self.incoming.messages().saturating_add_signed(self.notes.ahead)
    }

    /// After this, what arrives goes on only when [`FrameInspector::forward`] is called. `None` if forwarded bytes have not been
    /// decoded yet.
    pub(super) fn keep_back(&mut self, share: MemoryShare) -> Option<Place> {
        if !self.unseen.is_empty() {
            return None;
        }
        let passing = [!self.incoming.is_between_frames(), self.incoming.is_inside_message()];
        let Notes { from, inflates, .. } = self.notes;
        let mut crossing = Crossing::new(from, self.received, passing, inflates, share);
        let place = crossing.first_place();
        if self.incoming.has_failed() {
            crossing.give_up();
        }
        self.notes.crossing = Some(Box::new(crossing));
        Some(place)
    }

    /// Whether what arrives is kept back.
    pub(super) fn is_keeping_back(&self) -> bool {
        self.notes.crossing.is_some()
    }

    /// After this, what arrives may be forwarded before it is decoded. Returns whether that is possible.
    pub(super) fn let_go(&mut self) -> bool {
        let may = self.unseen.is_empty() && self.notes.crossing.as_ref().is_some_and(|crossing| crossing.is_empty());
        if may {
            self.notes.crossing = None;
        }
        may
    }

    /// What has arrived since the last call, if it is kept back.
    pub(super) fn arrivals(&mut self) -> Vec<Item> {
        let has_failed = self.incoming.has_failed();
        let Some(crossing) = &mut self.notes.crossing else { return Vec::new() };
        if has_failed { crossing.give_up() } else { crossing.take() }
    }

    /// Nothing more arrives. Returns what is left, which goes on.
    pub(super) fn leftovers(&mut self) -> Vec<Item> {
        let Some(crossing) = &mut self.notes.crossing else { return Vec::new() };
        crossing.give_up()
    }

    /// A message begins to go on.
    pub(super) fn message_leaves(&mut self) {
        self.notes.ahead += 1;
    }

    /// A frame goes on as it came. Records it where it leaves. `again` is whether it has gone on before.
    pub(super) fn leaves(&mut self, frame: &KeptFrame, why: Option<&Deliberate>, again: bool, records: &mut Records) {
        let message = self.messages_at_exit();
        records.frame(FrameRecord {
            from: self.notes.from,
            header: &frame.header,
            position: frame.position.map(|at| Position::from(MessagePosition { message, ..at })),
            payload_bytes: frame.payload_bytes,
            kept: Kept::new(&frame.payload),
            inflated: frame.inflated.as_ref().map(|(content, bytes)| (&content[..], *bytes)),
            violations: &frame.violations,
            deliberate: why,
            concealed_by: None,
        });
        if again {
            self.insertions.again(frame.wire_bytes());
        } else {
            self.notes.kept_back.frames -= 1;
            self.notes.kept_back.bytes -= frame.wire_bytes();
        }
        if frame.header.opcode == Opcode::Close {
            self.notes.close_kept_back = false;
        }
    }

    /// Counts raw bytes that are inserted.
    pub(super) fn insert_raw(&mut self, bytes: &[u8]) {
        self.insertions.raw(bytes);
    }

    /// The connection has ended. Records the frame in which it ended, if there is one.
    pub(super) fn cut_off(&mut self, records: &mut Records) {
        if let Some(frame) = self.incoming.cut_off() {
            self.notes.over(&frame, None, &[], records);
        }
        let Some(crossing) = &mut self.notes.crossing else { return };
        for item in crossing.take() {
            if let Item::Bytes { frame: Some(frame), .. } = item {
                let mut apart = std::mem::take(&mut self.notes.apart);
                self.leaves(&frame, None, false, &mut apart);
                self.notes.apart = apart;
            }
        }
    }
}
