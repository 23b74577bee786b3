//! Records the frames that cross a hop, on the client side only or on both sides.

use super::bridge::BridgeObserver;
use super::commands::{HopCommands, Taken, Waiting, refused};
use super::direction::Direction;
use super::frame_inspector::{Compression, FrameInspector};
use crate::command_frames::{CommandFrame, Content};
use crate::listen::ConnectionId;
use crate::listen::record_capture::Follower;
use crate::metrics::{self, Path, Tally};
use crate::session::{Presence, Records};
use crate::shutdown::Shutdown;
use crate::state::AppState;
use observation::command::DropBy;
use observation::event::{Cause, Closed, Count};
use observation::{Act, Command, ConnectionNumber, Deliberate, Event, Leg, Party};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::OwnedSemaphorePermit;
use wire::Sender;
use wire::close::{self, ClosePayload};
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

const LOST: &str = "a protocol rule was broken on this connection, so the relay no longer knows where a frame ends and cannot add one; you can still drop the connection";
const NO_RANDOMNESS: &str = "the system did not provide random bits for a masking key; try again";

/// On drop, it appends exactly one [`Closed`] for each side.
pub(super) struct FrameRecorder {
    presence: Presence,
    near: ConnectionNumber,
    /// `None` if the lab records the server side itself.
    far: Option<ConnectionNumber>,
    up: FrameInspector,
    down: FrameInspector,
    commands: HopCommands,
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
        (near, far): (ConnectionNumber, Option<ConnectionNumber>),
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
        let watch = |from| FrameInspector::new(from, &compression, cap, far.is_some());
        let mailbox = Arc::default();
        for number in [Some(near), far].into_iter().flatten() {
            presence.session().open_mailbox(number, &mailbox);
        }
        let mut this = Self {
            presence,
            near,
            far,
            up: watch(Sender::Client),
            down: watch(Sender::Server),
            commands: HopCommands::new(mailbox),
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
            self.presence.session().append_event(self.near, &Event::Records(records));
        }
    }

    /// The recorded connection of that side.
    fn number(&self, side: Leg) -> ConnectionNumber {
        match side {
            Leg::Near => self.near,
            Leg::Far => self.far.unwrap_or(self.near),
        }
    }

    fn watch(&mut self, direction: Direction) -> &mut FrameInspector {
        match direction {
            Direction::ToServer => &mut self.up,
            Direction::ToClient => &mut self.down,
        }
    }

    /// Appends the records of forwarded frames.
    fn append(&mut self, direction: Direction, records: &mut Records) {
        let (source, target) = (self.number(direction.source()), self.number(direction.target()));
        let apart = self.watch(direction).take_apart();
        let session = self.presence.session();
        match apart {
            Some(mut at_exit) => {
                session.append(source, records);
                session.append(target, &mut at_exit);
                at_exit.give_back();
            }
            None if self.far.is_some() => session.append_twins([source, target], records),
            None => session.append(self.near, records),
        }
    }

    /// Notes which close frame was the first on each side.
    fn note_close(&mut self) {
        for side in [Leg::Near, Leg::Far] {
            let first = match self.closes(side) {
                [None, None] => continue,
                [Some(close), _] => (Party::Client, close.clone()),
                [None, Some(close)] => (Party::Server, close.clone()),
            };
            self.first_close[index(side)].get_or_insert_with(|| (first.0, Box::new(first.1)));
        }
    }

    /// The first close frames from the client and from the server on that side.
    fn closes(&self, side: Leg) -> [Option<&ClosePayload>; 2] {
        match side {
            Leg::Near => [self.up.close(), self.down.close_at_exit()],
            Leg::Far => [self.up.close_at_exit(), self.down.close()],
        }
    }

    /// What the client and the server have sent on that side.
    fn counts(&self, side: Leg) -> [Count; 2] {
        match side {
            Leg::Near => [self.up.count(), self.down.count_at_exit()],
            Leg::Far => [self.up.count_at_exit(), self.down.count()],
        }
    }

    /// Whether both ends of that side have sent a close frame.
    fn is_clean(&self, side: Leg) -> bool {
        self.closes(side).iter().all(Option::is_some)
    }

    /// Counts what has crossed the client side since the last call.
    fn count(&mut self) {
        let counts = self.counts(Leg::Near);
        for ((now, before), direction) in
            counts.iter().zip(&self.tallied).zip([metrics::Direction::In, metrics::Direction::Out])
        {
            self.tally.count(direction, now.frames - before.frames, now.bytes - before.bytes);
        }
        self.tallied = counts;
        self.tally.publish();
    }

    /// Encodes a frame of the relay's own, and records it on the one side that it crosses.
    fn insert(
        &mut self,
        direction: Direction,
        header: &FrameHeader,
        payload: &[u8],
        why: Option<&Deliberate>,
    ) -> Vec<u8> {
        let number = self.number(direction.target());
        let mut records = Records::pooled();
        let bytes = self.watch(direction).insert(header, payload, why, &mut records);
        self.presence.session().append(number, &mut records);
        records.give_back();
        self.note_close();
        bytes
    }

    /// The relay's own close frame, if it may follow what was forwarded.
    fn close_frame(&mut self, direction: Direction, shutdown: &Shutdown) -> Vec<u8> {
        let watch = self.watch(direction);
        if watch.close_at_exit().is_some() || !watch.is_between_frames() {
            return Vec::new();
        }
        let payload = close::payload(shutdown.close_code(), shutdown.reason());
        let mut header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        // This is the last frame, and its content is no secret, so it needs no unpredictable key.
        header.masking_key = (direction.sender() == Sender::Client).then(|| random_key().unwrap_or(MaskingKey([0; 4])));
        self.ended_by = Some(shutdown.cause());
        self.insert(direction, &header, &payload, None)
    }

    /// Sends what a command asks for. `None` if it is refused.
    fn send(&mut self, direction: Direction, Waiting { pending, frame }: Waiting) -> Option<Vec<u8>> {
        let role = direction.sender();
        // A close frame may have been sent since the command was accepted.
        let closed = self.watch(direction).close_at_exit().is_some();
        let refusal = CommandFrame::of(&pending.command, role, closed).err();
        let is_composed = matches!(pending.command, Command::Frame(_));
        let key = if role == Sender::Client && !is_composed { random_key().map(Some) } else { Some(None) };
        let why = frame.why;
        let bytes = match (refusal, frame.content, key) {
            (Some(why), ..) => {
                self.record(refused(&pending, &why));
                return None;
            }
            (None, Content::Frame(..), None) => {
                self.record(refused(&pending, NO_RANDOMNESS));
                return None;
            }
            (None, Content::Frame(mut header, payload), Some(key)) => {
                header.masking_key = header.masking_key.or(key);
                self.insert(direction, &header, &payload, Some(&why))
            }
            (None, Content::Raw(bytes), _) => {
                self.watch(direction).insert_raw(&bytes);
                let kept = bytes[..bytes.len().min(self.payload_cap)].to_vec();
                let act = Act { bytes: kept, sent: bytes.len() as u64, ..Act::of(why) };
                self.record((self.number(direction.target()), act));
                bytes
            }
        };
        pending.answer(None);
        Some(bytes)
    }

    fn record(&self, (number, act): (ConnectionNumber, Act)) {
        self.presence.session().append_event(number, &Event::Act(act));
    }
}

/// An unpredictable masking key, as §5.3 requires.
fn random_key() -> Option<MaskingKey> {
    let mut key = [0; 4];
    getrandom::fill(&mut key).ok().map(|()| MaskingKey(key))
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
        let watch = self.watch(direction);
        let all = watch.look(bytes, &mut records);
        let gets_lost = watch.gets_lost();
        if !records.is_empty() {
            self.append(direction, &mut records);
        }
        records.give_back();
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
        self.record((self.number(side), act));
    }

    fn both_closed(&self) -> bool {
        self.is_clean(Leg::Near) && self.is_clean(Leg::Far)
    }

    fn close_frames(&mut self, shutdown: &Shutdown) -> [Vec<u8>; 2] {
        // The lab sends its own close frame, which crosses this bridge.
        match self.far {
            None => Default::default(),
            Some(_) => Direction::BOTH.map(|direction| self.close_frame(direction, shutdown)),
        }
    }

    fn commands(&mut self) -> &mut HopCommands {
        &mut self.commands
    }

    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Leg, DropBy)>> {
        let pending = ready!(self.commands.poll_next(cx));
        let side = if pending.connection == self.near { Leg::Near } else { Leg::Far };
        let direction = Direction::toward(side);
        let watch = self.watch(direction);
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

    fn insertion(&mut self, direction: Direction) -> Option<Vec<u8>> {
        while !self.commands.is_empty(direction) {
            let watch = self.watch(direction);
            if watch.is_lost() {
                let refused = self.commands.refuse_all(direction, LOST);
                refused.into_iter().for_each(|refused| self.record(refused));
                return None;
            }
            if !watch.is_between_frames() {
                return None;
            }
            let between_messages = watch.is_between_messages();
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
            self.watch(direction).cut_off(&mut records);
            if !records.is_empty() {
                self.append(direction, &mut records);
            }
            records.give_back();
        }
        self.record_tls();
        let numbers = [(Leg::Near, Some(self.near)), (Leg::Far, self.far)];
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
            let [client, server] = self.counts(side);
            let closed = Closed {
                first,
                code: code.map(|code| code.0),
                reason,
                clean: self.is_clean(side),
                cause,
                client,
                server,
            };
            session.append_event(number, &Event::Closed(closed));
        }
    }
}
