//! Records the frames that cross a hop, on the client side only or on both sides.

use super::bridge::BridgeObserver;
use super::direction::Direction;
use super::frame_inspector::{Compression, FrameInspector};
use crate::listen::record_capture::Follower;
use crate::session::{FrameRecord, Kept, Presence, Records};
use crate::state::AppState;
use observation::event::{Cause, Closed, Count};
use observation::{Act, ConnectionNumber, Deliberate, Event, Party};
use tokio::sync::OwnedSemaphorePermit;
use wire::Sender;
use wire::close::{self, CloseCode, ClosePayload};
use wire::deflate::Agreed;
use wire::encoder;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// On drop, it appends exactly one [`Closed`] for each side.
pub(super) struct FrameRecorder {
    presence: Presence,
    near: ConnectionNumber,
    /// `None` if the lab records the server side itself.
    far: Option<ConnectionNumber>,
    up: FrameInspector,
    down: FrameInspector,
    /// Reads the client side's TLS records.
    tls_records: Option<Follower>,
    /// The first close frame on the client side and on the server side.
    first_close: [Option<(Party, Box<ClosePayload>)>; 2],
    /// The size of the relay's own close frames to the server and to the client, if it sent them.
    own_close: [Option<u64>; 2],
    /// `None` once they are in the log.
    causes: Option<[Cause; 2]>,
    /// The permit for compression memory, if compressed payloads are decompressed here.
    _inflating: Option<OwnedSemaphorePermit>,
}

impl FrameRecorder {
    pub(super) fn new(
        presence: Presence,
        near: ConnectionNumber,
        far: Option<ConnectionNumber>,
        deflate: Option<&Agreed>,
        tls_records: Option<Follower>,
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
        let (up, down) = (watch(Sender::Client), watch(Sender::Server));
        // Used if the task ends without setting other causes.
        let causes = Some([Cause::ConnectionLost; 2]);
        let (first_close, own_close) = ([None, None], [None; 2]);
        let mut this =
            Self { presence, near, far, up, down, tls_records, first_close, own_close, causes, _inflating: inflating };
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

    fn append(&self, direction: Direction, records: &mut Records) {
        let session = self.presence.session();
        match (direction, self.far) {
            (_, None) => session.append(self.near, records),
            (Direction::ToServer, Some(far)) => session.append_twins([self.near, far], records),
            (Direction::ToClient, Some(far)) => session.append_twins([far, self.near], records),
        }
    }

    /// Notes which close frame was the first, of those that cross both sides.
    fn note_close(&mut self) {
        let first = match (self.up.close(), self.down.close()) {
            (None, None) => return,
            (Some(close), _) => (Party::Client, close),
            (None, Some(close)) => (Party::Server, close),
        };
        for leg in &mut self.first_close {
            leg.get_or_insert_with(|| (first.0, Box::new(first.1.clone())));
        }
    }

    /// The relay's own close frame, recorded on the one side that it crosses.
    fn close_frame(&mut self, direction: Direction) -> Vec<u8> {
        let (watch, number, leg, from) = match direction {
            Direction::ToServer => (&self.up, self.far.unwrap_or(self.near), FAR, Party::Client),
            Direction::ToClient => (&self.down, self.near, NEAR, Party::Server),
        };
        if watch.close().is_some() || !watch.is_between_frames() {
            return Vec::new();
        }
        let payload = close::payload(CloseCode::GOING_AWAY, "the relay is shutting down");
        let mut header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        if direction == Direction::ToServer {
            // §5.3 asks for an unpredictable key. This is the last frame, and its content is no secret.
            let mut key = [0; 4];
            let _ = getrandom::fill(&mut key);
            header.masking_key = Some(MaskingKey(key));
        }
        let mut frame = Vec::new();
        encoder::encode(&header, &payload, &mut frame);
        let mut records = Records::pooled();
        records.frame(FrameRecord {
            from: from.into(),
            header: &header,
            position: None,
            payload_bytes: payload.len() as u64,
            kept: Kept::new(&payload),
            inflated: None,
            violations: &[],
            deliberate: None,
        });
        self.presence.session().append(number, &mut records);
        records.give_back();
        self.own_close[direction as usize] = Some(frame.len() as u64);
        self.first_close[leg].get_or_insert_with(|| (from, Box::new(ClosePayload::parse(&payload).0)));
        frame
    }

    /// What crossed that side in this direction, including the relay's own close frame.
    fn count(&self, direction: Direction, leg: usize) -> Count {
        let Count { frames, bytes } =
            if direction == Direction::ToServer { self.up.count() } else { self.down.count() };
        // The relay's close frame to the server crossed only the server side, and the one to the client only the client side.
        let own_close =
            self.own_close[direction as usize].filter(|_| (direction == Direction::ToServer) == (leg == FAR));
        Count { frames: frames + u64::from(own_close.is_some()), bytes: bytes + own_close.unwrap_or(0) }
    }

    /// Whether both ends of that side have sent a close frame.
    fn is_clean(&self, leg: usize) -> bool {
        let own_close = |direction: Direction| {
            self.own_close[direction as usize].is_some() && (direction == Direction::ToServer) == (leg == FAR)
        };
        (self.up.close().is_some() || own_close(Direction::ToServer))
            && (self.down.close().is_some() || own_close(Direction::ToClient))
    }
}

const NEAR: usize = 0;
const FAR: usize = 1;

impl BridgeObserver for FrameRecorder {
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool {
        let mut records = Records::pooled();
        if direction == Direction::ToServer {
            self.record_tls();
        }
        let watch = if direction == Direction::ToServer { &mut self.up } else { &mut self.down };
        let all = watch.look(bytes, &mut records);
        let gets_lost = watch.gets_lost();
        if !records.is_empty() {
            self.append(direction, &mut records);
        }
        records.give_back();
        self.note_close();
        if direction == Direction::ToClient {
            self.record_tls();
        }
        if gets_lost {
            let words = "a protocol rule was broken here; everything after it is forwarded but not decoded";
            self.act(Act::of(Deliberate::by_middlebox("lost", words)));
        }
        all
    }

    fn act(&mut self, act: Act) {
        self.presence.session().append_event(self.near, &Event::Act(act));
    }

    fn both_closed(&self) -> bool {
        self.is_clean(NEAR) && self.is_clean(FAR)
    }

    fn close_frames(&mut self) -> [Vec<u8>; 2] {
        // The lab sends its own close frame, which crosses this bridge.
        if self.far.is_none() {
            Default::default()
        } else {
            [Direction::ToServer, Direction::ToClient].map(|direction| self.close_frame(direction))
        }
    }

    fn over(mut self, near: Cause, far: Cause) {
        let leaves = self.own_close.iter().any(Option::is_some);
        self.causes = Some(if leaves { [Cause::Shutdown; 2] } else { [near, far] });
    }
}

impl Drop for FrameRecorder {
    fn drop(&mut self) {
        let Some([near, far]) = self.causes.take() else { return };
        for direction in [Direction::ToServer, Direction::ToClient] {
            let mut records = Records::pooled();
            let watch = if direction == Direction::ToServer { &mut self.up } else { &mut self.down };
            watch.cut_off(&mut records);
            if !records.is_empty() {
                self.append(direction, &mut records);
            }
            records.give_back();
        }
        self.record_tls();
        let session = self.presence.session();
        let numbers = [Some(self.near), self.far];
        for (leg, (number, cause)) in numbers.into_iter().zip([near, far]).enumerate() {
            let Some(number) = number else { continue };
            let (first, close) = self.first_close[leg].clone().unzip();
            let ClosePayload { code, reason } = close.map(|close| *close).unwrap_or_default();
            let closed = Closed {
                first,
                code: code.map(|code| code.0),
                reason,
                clean: self.is_clean(leg),
                cause,
                client: self.count(Direction::ToServer, leg),
                server: self.count(Direction::ToClient, leg),
            };
            session.append_event(number, &Event::Closed(closed));
        }
    }
}
