//! Records the frames that cross a hop, on the client side only or on both sides.

mod sending;

use super::bridge_observer::BridgeObserver;
use super::commands::{HopCommands, Taken};
use super::crossing::Place;
use super::direction::Direction;
use super::frame_inspector::{Compression, OwnFrame};
use super::intercepting::{HopInterceptor, Needs};
use super::sides::{Sides, random_key};
use crate::command_frames::{self, CommandFrame};
use crate::listen::ConnectionId;
use crate::listen::record_capture::Follower;
use crate::memory::MemoryBudget;
use crate::metrics::{self, Path, Tally};
use crate::session::{Presence, Records};
use crate::shutdown::Shutdown;
use crate::state::AppState;
use observation::command::DropBy;
use observation::event::{Cause, Closed, Count};
use observation::{Act, ConnectionNumber, Deliberate, Event, Leg, Party};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wire::Sender;
use wire::close::{self, ClosePayload};
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

const LOST: &str = "a protocol rule was broken on this connection, so the relay no longer knows where a frame ends and cannot add one; you can still drop the connection";

/// The numbers of a connection's two sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct SideNumbers {
    pub(super) near: ConnectionNumber,
    /// `None` if the lab records the server side itself.
    pub(super) far: Option<ConnectionNumber>,
    /// How many handshakes were held on it. Held messages count on from there.
    pub(super) held: u64,
}

/// On drop, it appends exactly one [`Closed`] for each side.
pub(super) struct FrameRecorder {
    presence: Presence,
    sides: Sides,
    commands: HopCommands,
    /// Decides what goes on, once the session has had rules.
    interceptor: Option<Box<HopInterceptor>>,
    /// What an interceptor needs.
    held: u64,
    agreed: Option<Agreed>,
    subprotocol: Option<String>,
    path: String,
    idle: Duration,
    deflate_slots: Arc<Semaphore>,
    memory: MemoryBudget,
    /// How many bytes of a payload are recorded.
    payload_cap: usize,
    /// Reads the client side's TLS records.
    tls_records: Option<Follower>,
    /// The first close frame on the client side and on the server side.
    first_close: [Option<(Party, Box<ClosePayload>)>; 2],
    /// Whether the relay has sent its own close frames because it shuts down.
    ended_by: Option<Cause>,
    /// `None` once they are in the log.
    causes: Option<[Cause; 2]>,
    tally: Tally,
    /// What the tally has of the client side: from the client and from the server.
    tallied: [Count; 2],
    /// The permit for compression memory, if compressed payloads are decompressed here.
    _inflating: Option<OwnedSemaphorePermit>,
}

impl FrameRecorder {
    pub(super) fn new(
        presence: Presence,
        SideNumbers { near, far, held }: SideNumbers,
        (subprotocol, path): (Option<String>, String),
        deflate: Option<&Agreed>,
        tls_records: Option<Follower>,
        id: ConnectionId,
        app: &AppState,
    ) -> Self {
        let cap = usize::try_from(app.config.payload_cap).unwrap_or(usize::MAX);
        let inflating = deflate.and_then(|_| app.deflate_slots.clone().try_acquire_owned().ok());
        let compression = match deflate {
            None => Compression::None,
            Some(agreed) if inflating.is_some() => Compression::Read(*agreed),
            Some(_) => Compression::Unread,
        };
        let sides = Sides::new(presence.session(), (near, far), &compression, cap);
        let mailbox = Arc::default();
        for number in [Some(near), far].into_iter().flatten() {
            presence.session().open_mailbox(number, &mailbox);
        }
        let mut this = Self {
            presence,
            sides,
            commands: HopCommands::new(mailbox),
            interceptor: None,
            held,
            agreed: deflate.copied().filter(|_| inflating.is_some()),
            subprotocol,
            path,
            idle: app.config.idle_timeout,
            deflate_slots: Arc::clone(&app.deflate_slots),
            memory: app.memory.clone(),
            payload_cap: cap,
            tls_records,
            first_close: [None, None],
            ended_by: None,
            // Used if the task ends without setting other causes.
            causes: Some([Cause::ConnectionLost; 2]),
            tally: Tally::new(Arc::clone(&app.metrics), id, if far.is_some() { Path::Relay } else { Path::Via }),
            tallied: [Count::default(); 2],
            _inflating: inflating,
        };
        this.record_tls();
        this
    }

    /// Records new TLS records of the client side.
    fn record_tls(&mut self) {
        let Some(tls_records) = &mut self.tls_records else { return };
        for records in tls_records.take() {
            self.presence.session().append_event(self.sides.near(), &Event::Records(records));
        }
    }

    /// Notes which close frame was the first on each side.
    fn note_close(&mut self) {
        for side in [Leg::Near, Leg::Far] {
            let first = match self.sides.closes(side) {
                [None, None] => continue,
                [Some(close), _] => (Party::Client, close.clone()),
                [None, Some(close)] => (Party::Server, close.clone()),
            };
            self.first_close[index(side)].get_or_insert_with(|| (first.0, Box::new(first.1)));
        }
    }

    /// Counts what has crossed the client side since the last call.
    fn count(&mut self) {
        let counts = self.sides.counts(Leg::Near);
        for ((now, before), direction) in
            counts.iter().zip(&self.tallied).zip([metrics::Direction::In, metrics::Direction::Out])
        {
            self.tally.count(direction, now.frames - before.frames, now.bytes - before.bytes);
        }
        self.tallied = counts;
        self.tally.publish();
    }

    /// What may be sent now in this direction.
    fn place(&mut self, direction: Direction) -> Place {
        let inspector = self.sides.inspector(direction);
        match &self.interceptor {
            Some(interceptor) if inspector.is_keeping_back() => interceptor.place(direction),
            _ if !inspector.is_between_frames() => Place::Nothing,
            _ if !inspector.is_between_messages() => Place::Control,
            _ => Place::Anything,
        }
    }

    /// The interceptor, once the session has had rules. Until then, this costs a load.
    #[inline]
    fn interceptor(&mut self) -> Option<&mut HopInterceptor> {
        if self.interceptor.is_none() && self.presence.session().rules().have_changed(0) {
            self.intercept();
        }
        self.interceptor.as_deref_mut()
    }

    #[cold]
    fn intercept(&mut self) {
        let needs = Needs {
            subprotocol: self.subprotocol.clone(),
            path: self.path.clone(),
            idle: self.idle,
            agreed: self.agreed,
            slots: Arc::clone(&self.deflate_slots),
            memory: self.memory.clone(),
            payload_cap: self.payload_cap,
            held: self.held,
        };
        self.interceptor = Some(Box::new(HopInterceptor::new(self.presence.session(), &self.sides, needs)));
    }

    /// Sends a frame of the relay's own.
    fn insert(
        &mut self,
        direction: Direction,
        header: &FrameHeader,
        payload: &[u8],
        why: Option<&Deliberate>,
    ) -> Vec<u8> {
        let frame = OwnFrame { header, payload, why, content: None, is_broken: false };
        let bytes = self.sides.insert(direction, frame);
        self.note_close();
        bytes
    }

    /// The relay's own close frame, if it may follow what was forwarded.
    fn close_frame(&mut self, direction: Direction, shutdown: &Shutdown) -> Vec<u8> {
        if self.sides.inspector(direction).close_at_exit().is_some() || self.place(direction) == Place::Nothing {
            return Vec::new();
        }
        let payload = close::payload(shutdown.close_code(), shutdown.reason());
        let mut header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        // This is the last frame, and its content is no secret, so it needs no unpredictable key.
        header.masking_key = (direction.sender() == Sender::Client).then(|| random_key().unwrap_or(MaskingKey([0; 4])));
        self.ended_by = Some(shutdown.cause());
        self.insert(direction, &header, &payload, None)
    }

    fn record(&self, (number, act): (ConnectionNumber, Act)) {
        self.sides.record(number, act);
    }
}

fn index(side: Leg) -> usize {
    match side {
        Leg::Near => 0,
        Leg::Far => 1,
    }
}

impl BridgeObserver for FrameRecorder {
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool {
        let mut records = Records::pooled();
        if direction == Direction::ToServer {
            self.record_tls();
        }
        let watch = self.sides.inspector(direction);
        let all = watch.look(bytes, &mut records);
        let gets_lost = watch.gets_lost();
        self.sides.append(direction, &mut records);
        records.give_back();
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.arrived(direction, &mut self.sides);
        }
        self.note_close();
        self.count();
        if direction == Direction::ToClient {
            self.record_tls();
        }
        if gets_lost {
            let words = "a protocol rule was broken here; everything after it is forwarded but not decoded";
            self.act(Leg::Near, Act::of(Deliberate::by_middlebox("lost", words)));
        }
        all
    }

    fn act(&mut self, side: Leg, act: Act) {
        self.record((self.sides.number(side), act));
    }

    fn both_closed(&self) -> bool {
        self.sides.is_clean(Leg::Near) && self.sides.is_clean(Leg::Far)
    }

    fn close_frames(&mut self, shutdown: &Shutdown) -> [Vec<u8>; 2] {
        // The lab sends its own close frame, which crosses this bridge.
        match self.sides.is_far_recorded_elsewhere() {
            true => Default::default(),
            false => Direction::BOTH.map(|direction| self.close_frame(direction, shutdown)),
        }
    }

    fn commands(&mut self) -> &mut HopCommands {
        &mut self.commands
    }

    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Leg, DropBy)>> {
        let pending = ready!(self.commands.poll_next(cx));
        let side = if pending.connection == self.sides.near() { Leg::Near } else { Leg::Far };
        let direction = Direction::toward(side);
        if command_frames::decides(&pending.command) {
            self.decide(&pending);
            return Poll::Ready(None);
        }
        let watch = self.sides.inspector(direction);
        let frame = match CommandFrame::of(&pending.command, direction.sender(), watch.close_at_exit().is_some()) {
            Ok(Some(_)) if watch.is_lost() => Err(LOST.to_owned()),
            frame => frame,
        };
        match self.commands.take(side, pending, frame) {
            Taken::Waits => {}
            Taken::Done(number, act) => self.record((number, act)),
            Taken::Drops(number, by, act) => {
                self.record((number, act));
                return Poll::Ready(Some((side, by)));
            }
        }
        Poll::Ready(None)
    }

    fn keeps_back(&mut self, direction: Direction) -> bool {
        if self.interceptor().is_none() {
            return false;
        }
        let inspector = self.sides.inspector(direction);
        self.interceptor.as_mut().is_some_and(|interceptor| interceptor.keeps_back(direction, inspector))
    }

    fn expects_end(&mut self, at: Option<Instant>) {
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.expects_end(at);
        }
    }

    fn ended(&mut self, direction: Direction) {
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.ended(direction, &mut self.sides);
        }
    }

    fn output(&mut self, direction: Direction) -> Option<Vec<u8>> {
        let output = self.interceptor.as_mut()?.output(direction)?;
        self.note_close();
        self.count();
        Some(output)
    }

    fn cuts(&mut self) -> bool {
        self.interceptor.as_mut().is_some_and(|interceptor| interceptor.cuts())
    }

    fn next_due(&self) -> Option<Instant> {
        self.interceptor.as_ref()?.next()
    }

    fn tick(&mut self, now: Instant) {
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.due(now, &mut self.sides);
        }
    }

    fn insertion(&mut self, direction: Direction) -> Option<Vec<u8>> {
        while !self.commands.is_empty(direction) {
            if self.sides.inspector(direction).is_lost() {
                let refused = self.commands.refuse_all(direction, LOST);
                refused.into_iter().for_each(|refused| self.record(refused));
                return None;
            }
            let place = self.place(direction);
            if place == Place::Nothing {
                return None;
            }
            let between_messages = place == Place::Anything;
            let waiting = self.commands.next(direction, between_messages)?;
            if let Some(bytes) = self.send(direction, waiting) {
                return Some(bytes);
            }
        }
        None
    }

    fn over(mut self, near: Cause, far: Cause) {
        self.causes = Some(self.ended_by.map_or([near, far], |cause| [cause; 2]));
    }
}

impl Drop for FrameRecorder {
    fn drop(&mut self) {
        let Some(causes) = self.causes.take() else { return };
        for direction in Direction::BOTH {
            let mut records = Records::pooled();
            self.sides.inspector(direction).cut_off(&mut records);
            self.sides.append(direction, &mut records);
            records.give_back();
        }
        self.record_tls();
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.over(&mut self.sides);
        }
        let numbers = self.sides.numbers();
        let session = Arc::clone(self.presence.session());
        let left =
            numbers.into_iter().filter_map(|(_, number)| number).flat_map(|number| session.close_mailbox(number));
        let refused = self.commands.end(left);
        refused.into_iter().for_each(|refused| self.record(refused));
        self.count();
        self.tally.end(causes[index(Leg::Near)]);
        if let Some((party, close)) = &self.first_close[index(Leg::Near)] {
            self.tally.close(*party, close);
        }
        for ((side, number), cause) in numbers.into_iter().zip(causes) {
            let Some(number) = number else { continue };
            let (first, close) = self.first_close[index(side)].clone().unzip();
            let ClosePayload { code, reason } = close.map(|close| *close).unwrap_or_default();
            let [client, server] = self.sides.counts(side);
            let closed = Closed {
                first,
                code: code.map(|code| code.0),
                reason,
                clean: self.sides.is_clean(side),
                cause,
                client,
                server,
            };
            session.append_event(number, &Event::Closed(closed));
        }
    }
}
