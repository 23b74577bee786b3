//! One direction of a TCP connection: puts segments in order, drops what was sent twice, and notices what is missing.

use super::packet::Segment;
use crate::recorder::Moment;
use std::collections::BTreeMap;

/// So many packets of a connection may come before a segment that is late. What was acknowledged and is still not there after
/// them was not captured.
const PATIENCE: u64 = 64;

/// Bytes of a direction are counted from the first one that was seen.
#[derive(Default)]
pub(super) struct Direction {
    /// The sequence number of the next byte, and its count. `None` before the first segment.
    next: Option<(u32, u64)>,
    /// What is ahead of the next byte, by its first byte.
    waiting: BTreeMap<u64, Piece>,
    /// The bytes in `waiting`.
    waiting_bytes: usize,
    /// The count of the byte after the last one, if the end was seen.
    end: Option<u64>,
    /// How far the other side has acknowledged.
    acknowledged: u64,
    /// How many packets of the connection have come while something was waiting.
    waited: u64,
    /// Whether the end was handed out.
    ended: bool,
}

struct Piece {
    data: Vec<u8>,
    /// How many bytes after the data were sent but not captured.
    missing: u64,
    moment: Moment,
}

/// The next part of a direction.
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// So many bytes are not in the capture.
    Missing(u64),
    /// The direction ended with FIN.
    End,
}

impl Direction {
    /// Whether the first byte of the direction was seen, or the SYN before it.
    pub(super) fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// The side that sends has sent a segment.
    pub(super) fn sent(&mut self, segment: &Segment<'_>, moment: Moment) {
        let first = if segment.synchronises { segment.sequence.wrapping_add(1) } else { segment.sequence };
        let (next, count) = *self.next.get_or_insert((first, 0));
        // RFC 9293 §3.4: sequence numbers wrap around, so what counts is the distance.
        let distance = i64::from(first.wrapping_sub(next) as i32);
        let Some(start) = count.checked_add_signed(distance).or_else(|| (distance < 0).then_some(0)) else { return };
        let skipped = if distance < 0 { distance.unsigned_abs().saturating_sub(count) } else { 0 };
        let data = segment.data.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).unwrap_or_default();
        let length = segment.data.len() as u64 + u64::from(segment.missing);
        let end = (start + length).saturating_sub(skipped);
        if segment.finishes {
            self.end.get_or_insert(end);
        }
        if end > count && length > skipped {
            let piece = Piece { data: data.to_vec(), missing: end - start - data.len() as u64, moment };
            self.wait(start, piece);
        }
    }

    fn wait(&mut self, start: u64, piece: Piece) {
        match self.waiting.get(&start) {
            // What was sent again, or the part of it that was captured before.
            Some(before) if before.data.len() >= piece.data.len() => {}
            before => {
                self.waiting_bytes -= before.map_or(0, |before| before.data.len());
                self.waiting_bytes += piece.data.len();
                self.waiting.insert(start, piece);
            }
        }
    }

    /// The other side has acknowledged everything before this sequence number.
    pub(super) fn acknowledged(&mut self, sequence: u32) {
        if let Some((next, count)) = self.next {
            let distance = i64::from(sequence.wrapping_sub(next) as i32);
            self.acknowledged = self.acknowledged.max(count.saturating_add_signed(distance));
        }
    }

    /// A packet of the connection has been read.
    pub(super) fn packet(&mut self) {
        self.waited = if self.waiting.is_empty() { 0 } else { self.waited + 1 };
    }

    /// The next part in order. `most` is how many bytes may wait. With `is_over`, nothing more comes, so what is missing stays
    /// missing. `None` if the next part is not there yet, or if everything was handed out.
    pub(super) fn next(&mut self, most: usize, is_over: bool) -> Option<(Part, Option<Moment>)> {
        let (sequence, count) = self.next?;
        if self.end == Some(count) && !self.ended {
            self.ended = true;
            return Some((Part::End, None));
        }
        let (&first, piece) = self.waiting.first_key_value()?;
        if first > count {
            let was_lost = self.acknowledged > count && self.waited > PATIENCE;
            if !was_lost && !is_over && self.waiting_bytes <= most {
                return None;
            }
            let moment = piece.moment;
            self.advance(sequence, count, first - count);
            return Some((Part::Missing(first - count), Some(moment)));
        }
        while let Some((start, Piece { mut data, missing, moment })) = self.waiting.pop_first() {
            self.waiting_bytes -= data.len();
            let known = usize::try_from(count - start).unwrap_or(usize::MAX).min(data.len());
            data.drain(..known);
            let after = start + known as u64 + data.len() as u64;
            if !data.is_empty() {
                // Another segment may have the bytes that were not captured in this one.
                if missing > 0 {
                    self.wait(after, Piece { data: Vec::new(), missing, moment });
                }
                self.advance(sequence, count, data.len() as u64);
                self.waited = 0;
                return Some((Part::Bytes(data), Some(moment)));
            }
            let mut missing = (after + missing).saturating_sub(count);
            let later = self.waiting.first_key_value().map(|(later, _)| *later);
            if let Some(later) = later.filter(|later| *later <= count + missing) {
                // Another segment begins inside the missing bytes and has some of them.
                missing = later.saturating_sub(count);
            }
            if missing > 0 {
                self.advance(sequence, count, missing);
                return Some((Part::Missing(missing), Some(moment)));
            }
            if later.is_some_and(|later| later > count) {
                return None;
            }
        }
        None
    }

    fn advance(&mut self, sequence: u32, count: u64, bytes: u64) {
        // Truncated deliberately: sequence numbers wrap around.
        self.next = Some((sequence.wrapping_add(bytes as u32), count + bytes));
    }
}
