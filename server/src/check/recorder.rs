//! Records a connection as observations, for the file that the page opens.

use super::secrets::Secrets;
use export::{Format, Recording};
use observation::document;
use observation::event::{Cause, Closed, Count};
use observation::{ConnectionNumber, Event, Frame, Observation, Party, Seq, SessionId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use wire::close::ClosePayload;

/// How many bytes of a payload are kept.
pub(super) const PAYLOAD: usize = 64 << 10;
/// The most observations and payload bytes that are kept. After that, the oldest frames are dropped.
const MOST: usize = 20_000;
const MOST_BYTES: usize = 16 << 20;

pub(super) struct Recorder {
    secrets: Arc<Secrets>,
    began: SystemTime,
    start: Instant,
    next: u64,
    /// The opening or the refusal, which is never dropped.
    handshake: Option<Observation>,
    kept: VecDeque<Observation>,
    kept_bytes: usize,
    /// What the client and the server have sent.
    counts: [Count; 2],
    /// The first close frame, and whether the client and the server have sent one.
    first_close: Option<(Party, ClosePayload)>,
    closed: [bool; 2],
}

impl Recorder {
    pub(super) fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            secrets,
            began: SystemTime::now(),
            start: Instant::now(),
            next: 1,
            handshake: None,
            kept: VecDeque::new(),
            kept_bytes: 0,
            counts: [Count::default(); 2],
            first_close: None,
            closed: [false; 2],
        }
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Microseconds since the beginning.
    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Records the opening or the refusal.
    pub(super) fn handshake(&mut self, event: Event) {
        self.handshake = Some(self.observation(event));
    }

    /// Records a frame. `close` is its content if it is a whole close frame.
    pub(super) fn frame(&mut self, frame: Frame, close: Option<ClosePayload>) {
        let side = side(frame.from);
        self.counts[side].frames += 1;
        self.counts[side].bytes += frame.wire_bytes();
        if let Some(close) = close {
            self.closed[side] = true;
            self.first_close.get_or_insert((frame.from, close));
        }
        // A value that is cut at the end would not be found, so they are concealed first.
        let mut observation = self.observation(Event::Frame(frame));
        if let Event::Frame(frame) = &mut observation.event {
            frame.payload.truncate(PAYLOAD);
            frame.inflated.iter_mut().for_each(|inflated| inflated.payload.truncate(PAYLOAD));
        }
        self.kept_bytes += weight(&observation);
        self.kept.push_back(observation);
        while self.kept.len() > MOST || self.kept_bytes > MOST_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.kept_bytes -= weight(&oldest);
        }
    }

    /// Records the end of the connection.
    pub(super) fn closed(&mut self, cause: Cause) {
        let (first, code, reason) = match self.first_close.take() {
            None => (None, None, String::new()),
            Some((first, close)) => (Some(first), close.code.map(|code| code.0), close.reason),
        };
        let clean = self.is_clean();
        let cause = if clean { Cause::ClosingHandshake } else { cause };
        let [client, server] = self.counts;
        let observation = self.observation(Event::Closed(Closed { first, code, reason, clean, cause, client, server }));
        self.kept.push_back(observation);
    }

    pub(super) fn has_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    /// Whether both ends have sent a close frame.
    pub(super) fn is_clean(&self) -> bool {
        self.closed == [true; 2]
    }

    /// Whether the server has sent a close frame.
    pub(super) fn server_closed(&self) -> bool {
        self.closed[side(Party::Server)]
    }

    /// The last frames, the oldest of them first.
    pub(super) fn last_frames(&self, most: usize) -> impl Iterator<Item = (u64, &Frame)> {
        let frame = |observation: &'_ Observation| matches!(observation.event, Event::Frame(_));
        let frames = self.kept.iter().filter(move |observation| frame(observation));
        let skipped = frames.clone().count().saturating_sub(most);
        frames.skip(skipped).filter_map(|observation| match &observation.event {
            Event::Frame(frame) => Some((observation.at_us, frame)),
            _ => None,
        })
    }

    /// The file that the page opens. `name` is a session's name in the URL, which is left out.
    pub(super) fn document(&self, name: SessionId) -> Vec<u8> {
        let (exported, rules, secrets) = (SystemTime::now(), None, document::Secrets::LeftOut);
        let recording = Recording { session: name, began: self.began, exported, port: 0, rules, secrets };
        export::export(Format::Json, &recording, self.handshake.iter().chain(&self.kept).cloned())
    }

    fn observation(&mut self, event: Event) -> Observation {
        let seq = Seq(self.next);
        self.next += 1;
        Observation { seq, at_us: self.now_us(), connection: ConnectionNumber(1), event: self.secrets.event(event) }
    }
}

fn side(party: Party) -> usize {
    match party {
        Party::Client => 0,
        Party::Server => 1,
    }
}

fn weight(observation: &Observation) -> usize {
    match &observation.event {
        Event::Frame(frame) => {
            frame.payload.len() + frame.inflated.as_ref().map_or(0, |inflated| inflated.payload.len())
        }
        _ => 0,
    }
}
