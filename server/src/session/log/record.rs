//! The packed form of events in a log. A flood of small frames must not cost an allocation or a pointer each. Only this module
//! reads and writes the format.
//!
//! A record is its total length (4 bytes), the time in microseconds (8), the connection (4), a tag (1), and then an event as
//! JSON, or a frame: flags (1), the header as on the wire, what flags and tag announce, and the kept payload.
//! A frame that crossed two connections at once is one record and two observations; the other connection (4) follows the flags.
//! Numbers are little-endian. Time and connections are filled in when the record enters the log.

use observation::event::{Frame, Inflated};
use observation::{ConnectionNumber, Deliberate, Event, MessageKind, Observation, Party, Position, Seq, Violation};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use wire::Sender;
use wire::header::{FrameHeader, MAX_HEADER};
use wire::mask::MaskingKey;

/// A payload of at least this size is shared instead of copied: a frame and its echo have the same one.
pub(crate) const SHARED: usize = 512;

const EVENT: u8 = 0;
const FRAME: u8 = 1;
/// A frame with the reason why it was sent deliberately.
const DELIBERATE: u8 = 2;
/// A frame that belongs to two connections.
const TWIN: u8 = 3;
/// The same as an event, and as a frame with a reason, but concealed until the session has passed a challenge.
const CONCEALED_EVENT: u8 = 4;
const CONCEALED: u8 = 5;

const FROM_SERVER: u8 = 0x01;
const POSITION: u8 = 0x02;
const BINARY: u8 = 0x04;
const LAST: u8 = 0x08;
const PARTIAL: u8 = 0x10;
const BLOB: u8 = 0x20;
const INFLATED: u8 = 0x40;
const VIOLATIONS: u8 = 0x80;

/// The position of the tag: after length, time and connection.
const TAG: usize = 16;
const TIME: std::ops::Range<usize> = 4..12;
const CONNECTION: std::ops::Range<usize> = 12..TAG;
/// The other connection of a twin.
const OTHER: std::ops::Range<usize> = TAG + 2..TAG + 6;
/// The size of a frame's record before its payload in the common case: tag and flags, the other connection, header, position,
/// and the number of bytes that arrived.
const FRONT: usize = OTHER.end + MAX_HEADER + 12 + 8;

/// Records that are not in a log yet, in order.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(in crate::session) bytes: Vec<u8>,
    /// The shared payloads.
    pub(in crate::session) blobs: VecDeque<Arc<[u8]>>,
    /// For each record to send, the position of its last byte.
    pub(crate) ends: VecDeque<End>,
}

/// The position of a record in the sent bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// The connection's sent bytes after this record.
    pub(crate) at: u64,
    /// The size of this record on the wire.
    pub(crate) bytes: u64,
    pub(crate) is_frame: bool,
}

/// The beginning of a payload, unmasked.
#[derive(Clone, Debug)]
pub(crate) enum Kept<'a> {
    Copied(&'a [u8]),
    Shared(Arc<[u8]>),
}

impl<'a> Kept<'a> {
    pub(crate) fn new(front: &'a [u8]) -> Self {
        if front.len() < SHARED { Self::Copied(front) } else { Self::Shared(front.into()) }
    }
}

/// A frame to record.
pub(crate) struct FrameRecord<'a> {
    pub(crate) from: Sender,
    pub(crate) header: &'a FrameHeader,
    pub(crate) position: Option<Position>,
    /// Payload bytes that crossed the wire.
    pub(crate) payload_bytes: u64,
    pub(crate) kept: Kept<'a>,
    /// The beginning of the decompressed payload, and its full size.
    pub(crate) inflated: Option<(&'a [u8], u64)>,
    pub(crate) violations: &'a [wire::violation::Violation],
    pub(crate) deliberate: Option<&'a Deliberate>,
    /// The challenge that conceals the violations and the reason of a deliberate frame.
    pub(crate) concealed_by: Option<&'a str>,
}

thread_local! {
    /// Empty records with allocated buffers, reused by the next connection.
    static POOL: RefCell<Vec<Records>> = const { RefCell::new(Vec::new()) };
}
const POOLED: usize = 4;
const POOLED_BYTES: usize = 1 << 20;
const POOLED_FRAMES: usize = 4096;

impl Records {
    /// Empty records with a reused buffer.
    pub(crate) fn pooled() -> Self {
        POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Returns the buffers to the pool.
    pub(crate) fn give_back(mut self) {
        self.bytes.clear();
        self.blobs.clear();
        self.ends.clear();
        self.bytes.shrink_to(POOLED_BYTES);
        self.ends.shrink_to(POOLED_FRAMES);
        POOL.with_borrow_mut(|pool| {
            if pool.len() < POOLED {
                pool.push(self);
            }
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Removes and returns the first `count` records.
    pub(crate) fn take_front(&mut self, count: usize) -> Self {
        let mut front = Self::default();
        let mut at = 0;
        for _ in 0..count {
            let Some(record) = next(&self.bytes, &mut at) else { break };
            if record.has_blob {
                front.blobs.extend(self.blobs.pop_front());
            }
        }
        front.bytes = self.bytes.drain(..at).collect();
        front.ends = self.ends.drain(..count.min(self.ends.len())).collect();
        front
    }

    pub(crate) fn event(&mut self, event: &Event) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; TAG]);
        self.bytes.push(EVENT);
        json(&mut self.bytes, event);
        self.end(start);
    }

    /// An event of which observers learn only once the session has passed the challenge.
    pub(crate) fn concealed_event(&mut self, event: &Event, challenge: &str) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; TAG]);
        self.bytes.push(CONCEALED_EVENT);
        chunk(&mut self.bytes, challenge.as_bytes());
        json(&mut self.bytes, event);
        self.end(start);
    }

    pub(crate) fn frame(&mut self, frame: FrameRecord<'_>) {
        let tag = match (frame.deliberate, frame.concealed_by) {
            (None, _) => FRAME,
            (Some(_), None) => DELIBERATE,
            (Some(_), Some(_)) => CONCEALED,
        };
        self.tagged(tag, frame);
    }

    /// A frame that crosses two connections at once. It is never deliberate, because the relay is at neither end.
    pub(crate) fn twin(&mut self, frame: FrameRecord<'_>) {
        self.tagged(TWIN, FrameRecord { deliberate: None, concealed_by: None, ..frame });
    }

    #[inline(always)]
    fn tagged(&mut self, tag: u8, frame: FrameRecord<'_>) {
        let FrameRecord { from, header, position, payload_bytes, kept, inflated, violations, deliberate, concealed_by } =
            frame;
        let set = |condition, bit| if condition { bit } else { 0 };
        let partial = payload_bytes != header.length.bytes;
        let mut front = [0; FRONT];
        front[TAG] = tag;
        front[TAG + 1] = set(from == Sender::Server, FROM_SERVER)
            | set(position.is_some(), POSITION)
            | set(position.is_some_and(|position| position.kind == MessageKind::Binary), BINARY)
            | set(position.is_some_and(|position| position.last), LAST)
            | set(partial, PARTIAL)
            | set(matches!(kept, Kept::Shared(_)), BLOB)
            | set(inflated.is_some(), INFLATED)
            | set(!violations.is_empty(), VIOLATIONS);
        let mut end = if tag == TWIN { OTHER.end } else { OTHER.start };
        front[end..][..MAX_HEADER].copy_from_slice(header.encode().padded());
        // Each part overwrites what the one before it did not need.
        end += header.len();
        if let Some(position) = position {
            front[end..][..8].copy_from_slice(&position.message.to_le_bytes());
            front[end + 8..][..4].copy_from_slice(&position.fragment.to_le_bytes());
            end += 12;
        }
        if partial {
            front[end..][..8].copy_from_slice(&payload_bytes.to_le_bytes());
            end += 8;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&front[..end]);
        if let Some((front, count)) = inflated {
            self.bytes.extend_from_slice(&count.to_le_bytes());
            chunk(&mut self.bytes, front);
        }
        if !violations.is_empty() {
            let mut text = Vec::new();
            json(&mut text, &violations.iter().map(Violation::from).collect::<Vec<_>>());
            chunk(&mut self.bytes, &text);
        }
        if let Some(challenge) = concealed_by.filter(|_| tag == CONCEALED) {
            chunk(&mut self.bytes, challenge.as_bytes());
        }
        if let Some(deliberate) = deliberate {
            let mut text = Vec::new();
            json(&mut text, deliberate);
            chunk(&mut self.bytes, &text);
        }
        match kept {
            Kept::Copied(front) => self.bytes.extend_from_slice(front),
            Kept::Shared(payload) => self.blobs.push_back(payload),
        }
        self.end(start);
    }

    /// Ends the record that began at `start`.
    fn end(&mut self, start: usize) {
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// What a walk along records needs to know of each one.
pub(in crate::session) struct Outline {
    /// The total size, in bytes.
    pub(in crate::session) length: usize,
    pub(in crate::session) has_blob: bool,
    /// The number of observations.
    pub(in crate::session) count: u64,
}

/// The record at `at`, which is moved past it; `None` at the end.
#[inline]
pub(in crate::session) fn next(bytes: &[u8], at: &mut usize) -> Option<Outline> {
    let (front, _) = bytes.get(*at..)?.split_first_chunk::<{ TAG + 2 }>()?;
    let length = u32::from_le_bytes([front[0], front[1], front[2], front[3]]) as usize;
    *at += length;
    let has_blob = !matches!(front[TAG], EVENT | CONCEALED_EVENT) && front[TAG + 1] & BLOB != 0;
    Some(Outline { length, has_blob, count: if front[TAG] == TWIN { 2 } else { 1 } })
}

/// The same, and writes the time and the connection, for a twin both connections.
#[inline]
pub(in crate::session) fn next_to_stamp(
    bytes: &mut [u8],
    at: &mut usize,
    at_us: u64,
    [connection, other]: [ConnectionNumber; 2],
) -> Option<Outline> {
    let start = *at;
    let outline = next(bytes, at)?;
    let stamped = bytes.get_mut(start..)?;
    let front = stamped.first_chunk_mut::<TAG>()?;
    front[TIME].copy_from_slice(&at_us.to_le_bytes());
    front[CONNECTION].copy_from_slice(&connection.0.to_le_bytes());
    if outline.count == 2 {
        stamped.get_mut(OTHER)?.copy_from_slice(&other.0.to_le_bytes());
    }
    Some(outline)
}

/// A decoded record, of a twin the first observation.
pub(in crate::session) struct Decoded {
    pub(in crate::session) observation: Observation,
    /// The challenge that conceals it.
    pub(in crate::session) concealed_by: Option<String>,
}

/// Decodes a record. `blob` is the shared payload. `None` if the bytes are not a record.
pub(in crate::session) fn read(seq: Seq, record: &[u8], blob: Option<&[u8]>) -> Option<Decoded> {
    let mut rest = record.get(TIME.start..)?;
    let at_us = u64::from_le_bytes(take(&mut rest)?);
    let connection = ConnectionNumber(u32::from_le_bytes(take(&mut rest)?));
    let (event, concealed_by) = match take::<1>(&mut rest)? {
        [EVENT] => (serde_json::from_slice(rest).ok()?, None),
        [CONCEALED_EVENT] => {
            let challenge = take_text(&mut rest)?;
            (serde_json::from_slice(rest).ok()?, Some(challenge))
        }
        [tag] => {
            let (frame, concealed_by) = read_frame(rest, blob, tag)?;
            (Event::Frame(frame), concealed_by)
        }
    };
    Some(Decoded { observation: Observation { seq, at_us, connection, event }, concealed_by })
}

/// The other connection of a twin; `None` for any other record.
pub(super) fn other(record: &[u8]) -> Option<ConnectionNumber> {
    let mut other = record.get(OTHER).filter(|_| record.get(TAG) == Some(&TWIN))?;
    Some(ConnectionNumber(u32::from_le_bytes(take(&mut other)?)))
}

/// A frame, and the challenge that conceals it.
fn read_frame(mut rest: &[u8], blob: Option<&[u8]>, tag: u8) -> Option<(Frame, Option<String>)> {
    let flags = take::<1>(&mut rest)?[0];
    if tag == TWIN {
        take::<4>(&mut rest)?;
    }
    let is = |bit| flags & bit != 0;
    let header = FrameHeader::parse(rest)?;
    rest = &rest[header.len()..];
    let position = match is(POSITION) {
        true => Some(Position {
            message: u64::from_le_bytes(take(&mut rest)?),
            fragment: u32::from_le_bytes(take(&mut rest)?),
            kind: if is(BINARY) { MessageKind::Binary } else { MessageKind::Text },
            last: is(LAST),
        }),
        false => None,
    };
    let payload_bytes = if is(PARTIAL) { u64::from_le_bytes(take(&mut rest)?) } else { header.length.bytes };
    let inflated = match is(INFLATED) {
        true => {
            let bytes = u64::from_le_bytes(take(&mut rest)?);
            Some(Inflated { bytes, payload: take_chunk(&mut rest)?.to_vec() })
        }
        false => None,
    };
    let violations = if is(VIOLATIONS) { serde_json::from_slice(take_chunk(&mut rest)?).ok()? } else { Vec::new() };
    let concealed_by = if tag == CONCEALED { Some(take_text(&mut rest)?) } else { None };
    let is_deliberate = matches!(tag, DELIBERATE | CONCEALED);
    let deliberate = if is_deliberate { serde_json::from_slice(take_chunk(&mut rest)?).ok()? } else { None };
    let mut payload = if is(BLOB) { blob? } else { rest }.to_vec();
    // Stored unmasked, and shown as on the wire.
    if let Some(MaskingKey(key)) = header.masking_key {
        MaskingKey(key).apply(&mut payload, 0);
    }
    let from = if is(FROM_SERVER) { Party::Server } else { Party::Client };
    let frame = Frame::new(from.into(), &header, payload, payload_bytes);
    Some((Frame { inflated, position, violations, deliberate, ..frame }, concealed_by))
}

fn json<T: serde::Serialize>(bytes: &mut Vec<u8>, value: &T) {
    // Plain data always serializes, and writing to a vector cannot fail.
    if let Err(error) = serde_json::to_writer(bytes, value) {
        tracing::error!(%error, "recording an event failed");
    }
}

fn chunk(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}

fn take_chunk<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (part, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(part)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(take_chunk(rest)?.to_vec()).ok()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (part, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*part)
}
