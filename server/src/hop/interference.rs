//! What a middlebox does to bytes: it delays them, limits their rate, or cuts the connection. Sans-I/O: bytes and time are passed
//! in. The amount it holds is bounded; beyond that, the bridge stops reading.

use super::direction::Direction;
use crate::middlebox::Kind;
use observation::command::DropBy;
use observation::{Act, Deliberate};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The most bytes that a slow connection holds in each direction.
const MAX_HELD: usize = 64 << 10;
/// A slow connection forwards this many bytes at a time.
const PIECE: usize = 256;

pub(super) struct Interference {
    kind: Kind,
    /// When data last crossed in either direction.
    travelled: Instant,
    up: Held,
    down: Held,
    /// How many bytes the server has sent.
    from_server: u64,
    cut: bool,
    /// Acts that were not reported yet.
    acts: Vec<Act>,
}

/// What has arrived but was not forwarded.
#[derive(Default)]
struct Held {
    /// Each part, with the time at which it is forwarded.
    pieces: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// When the rate limit allows the next part.
    free: Option<Instant>,
    /// What waits for more data, and since when.
    gathering: Vec<u8>,
    since: Option<Instant>,
    /// The source has closed.
    is_last: bool,
}

impl Interference {
    /// `None` for a middlebox that does not change bytes.
    pub(super) fn new(kind: &Kind, now: Instant) -> Option<Box<Self>> {
        let (up, down) = (Held::default(), Held::default());
        let this = Self { kind: kind.clone(), travelled: now, up, down, from_server: 0, cut: false, acts: Vec::new() };
        (!matches!(kind, Kind::OldProxy | Kind::Rewrite)).then(|| Box::new(this))
    }

    fn held(&mut self, direction: Direction) -> &mut Held {
        match direction {
            Direction::ToServer => &mut self.up,
            Direction::ToClient => &mut self.down,
        }
    }

    /// How many bytes it accepts now.
    pub(super) fn room(&mut self, direction: Direction) -> usize {
        match self.kind {
            Kind::Slow { .. } => MAX_HELD - self.held(direction).bytes.min(MAX_HELD),
            Kind::Buffer { size, .. } => size,
            _ if self.cut => 0,
            _ => MAX_HELD,
        }
    }

    pub(super) fn push(&mut self, direction: Direction, bytes: &[u8], now: Instant) {
        self.travelled = now;
        match self.kind {
            Kind::Slow { rate, latency } => {
                let held = self.held(direction);
                let mut free = held.free.unwrap_or(now).max(now);
                for piece in bytes.chunks(PIECE) {
                    free += Duration::from_secs_f64(piece.len() as f64 / rate as f64);
                    held.pieces.push_back((free + latency, piece.to_vec()));
                }
                held.free = Some(free);
                held.bytes += bytes.len();
            }
            Kind::Buffer { .. } if direction == Direction::ToClient => {
                self.down.gathering.extend_from_slice(bytes);
                self.down.since.get_or_insert(now);
            }
            Kind::Reset { after } if direction == Direction::ToClient => {
                let left = usize::try_from(after.saturating_sub(self.from_server)).unwrap_or(usize::MAX);
                self.from_server += bytes.len() as u64;
                self.cut = bytes.len() > left;
                self.down.pass(&bytes[..bytes.len().min(left)], now);
            }
            _ => self.held(direction).pass(bytes, now),
        }
    }

    /// The source of this direction has closed.
    pub(super) fn end(&mut self, direction: Direction) {
        self.held(direction).is_last = true;
    }

    /// What to forward now, if anything.
    pub(super) fn take(&mut self, direction: Direction, now: Instant) -> Option<Vec<u8>> {
        if let Kind::Buffer { size, wait } = self.kind
            && direction == Direction::ToClient
            && let Some(since) = self.down.since
            && (self.down.gathering.len() >= size || since + wait <= now || self.down.is_last)
        {
            let bytes = std::mem::take(&mut self.down.gathering);
            self.down.since = None;
            let (count, held) = (bytes.len(), (now - since).as_millis());
            let words = format!("the proxy held {count} bytes from the server for {held} ms, waiting for more");
            self.acts.push(Act::of(Deliberate::by_middlebox("buffer", words)));
            return Some(bytes);
        }
        let held = self.held(direction);
        let mut due = Vec::new();
        while held.pieces.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, piece)) = held.pieces.pop_front()
        {
            held.bytes -= piece.len();
            due.extend(piece);
        }
        (!due.is_empty()).then_some(due)
    }

    /// The acts since the last call.
    pub(super) fn acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// Whether it holds nothing in this direction.
    pub(super) fn is_empty(&self, direction: Direction) -> bool {
        let held = if direction == Direction::ToServer { &self.up } else { &self.down };
        held.pieces.is_empty() && held.gathering.is_empty()
    }

    /// Whether to cut both connections, now that everything before has been forwarded.
    pub(super) fn cuts_now(&self) -> Option<(DropBy, Act)> {
        if !self.cut || !self.is_empty(Direction::ToClient) {
            return None;
        }
        let Kind::Reset { after } = self.kind else { return None };
        let words =
            format!("the proxy resets both TCP connections after {after} bytes from the server, even inside a frame");
        Some((DropBy::Reset, Act::of(Deliberate::by_middlebox("reset", words))))
    }

    /// When the idle timeout expires if nothing more crosses.
    pub(super) fn expires(&self) -> Option<Instant> {
        match self.kind {
            Kind::IdleCut { after, .. } => Some(self.travelled + after),
            _ => None,
        }
    }

    /// Whether the idle timeout has expired.
    pub(super) fn expired(&self, now: Instant) -> Option<(DropBy, Act)> {
        let Kind::IdleCut { after, by } = self.kind else { return None };
        if self.expires().is_none_or(|at| at > now) {
            return None;
        }
        let how = match by {
            DropBy::Fin => "ends",
            DropBy::Reset => "resets",
        };
        let words = format!(
            "there was no traffic in either direction for {after:?}, so the proxy {how} both TCP connections without a close frame"
        );
        Some((by, Act::of(Deliberate::by_middlebox("idle-cut", words))))
    }

    /// When it next has something to do. `free` says for each direction whether the destination accepts data.
    pub(super) fn next_due(&self, free: [bool; 2]) -> Option<Instant> {
        let directions = [&self.up, &self.down].into_iter().zip(free);
        let pieces =
            directions.filter(|(_, free)| *free).filter_map(|(held, _)| held.pieces.front().map(|(at, _)| *at));
        let own = match self.kind {
            Kind::IdleCut { .. } => self.expires(),
            Kind::Buffer { wait, .. } if free[1] => self.down.since.map(|since| since + wait),
            _ => None,
        };
        pieces.chain(own).min()
    }
}

impl Held {
    /// Forwards `bytes` without delay.
    fn pass(&mut self, bytes: &[u8], now: Instant) {
        if !bytes.is_empty() {
            self.pieces.push_back((now, bytes.to_vec()));
            self.bytes += bytes.len();
        }
    }
}
