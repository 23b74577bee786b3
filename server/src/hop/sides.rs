//! The two sides of a hop: the frames of both directions, and where they are recorded.

use super::direction::Direction;
use super::frame_inspector::{Compression, FrameInspector, OwnFrame};
use super::frame_notes::Recorded;
use crate::session::{Records, Session};
use observation::event::Count;
use observation::{Act, ConnectionNumber, Event, Leg};
use std::sync::Arc;
use wire::close::ClosePayload;
use wire::mask::MaskingKey;

pub(super) struct Sides {
    session: Arc<Session>,
    near: ConnectionNumber,
    /// `None` if the lab records the server side itself.
    far: Option<ConnectionNumber>,
    pub(super) up: FrameInspector,
    pub(super) down: FrameInspector,
}

impl Sides {
    pub(super) fn new(
        session: &Arc<Session>,
        (near, far): (ConnectionNumber, Option<ConnectionNumber>),
        compression: &Compression,
        payload_cap: usize,
    ) -> Self {
        let inspector = |direction: Direction| {
            let recorded = match (far, direction) {
                (Some(_), _) => Recorded::Both,
                (None, Direction::ToServer) => Recorded::Arrival,
                (None, Direction::ToClient) => Recorded::Exit,
            };
            FrameInspector::new(direction.sender(), compression, payload_cap, recorded)
        };
        let (up, down) = (inspector(Direction::ToServer), inspector(Direction::ToClient));
        Self { session: Arc::clone(session), near, far, up, down }
    }

    pub(super) fn near(&self) -> ConnectionNumber {
        self.near
    }

    /// The recorded connection of that side.
    pub(super) fn number(&self, side: Leg) -> ConnectionNumber {
        match side {
            Leg::Near => self.near,
            Leg::Far => self.far.unwrap_or(self.near),
        }
    }

    /// The connections that are recorded here.
    pub(super) fn numbers(&self) -> [(Leg, Option<ConnectionNumber>); 2] {
        [(Leg::Near, Some(self.near)), (Leg::Far, self.far)]
    }

    /// Whether the lab records the server side itself.
    pub(super) fn is_far_recorded_elsewhere(&self) -> bool {
        self.far.is_none()
    }

    pub(super) fn inspector(&mut self, direction: Direction) -> &mut FrameInspector {
        match direction {
            Direction::ToServer => &mut self.up,
            Direction::ToClient => &mut self.down,
        }
    }

    /// Appends the records of frames that have arrived in this direction.
    pub(super) fn append(&mut self, direction: Direction, records: &mut Records) {
        let (source, target) = (self.number(direction.source()), self.number(direction.target()));
        let apart = self.inspector(direction).take_apart();
        if !records.is_empty() {
            match (&apart, self.far) {
                (None, Some(_)) => self.session.append_twins([source, target], records),
                _ => self.session.append(source, records),
            }
        }
        if let Some(mut at_exit) = apart {
            if self.is_recorded(direction.target()) {
                self.session.append(target, &mut at_exit);
            }
            at_exit.give_back();
        }
    }

    /// Records what leaves in this direction, unless the lab records that.
    pub(super) fn record_exit<T>(
        &mut self,
        direction: Direction,
        leave: impl FnOnce(&mut FrameInspector, &mut Records) -> T,
    ) -> T {
        let mut records = Records::pooled();
        let left = leave(self.inspector(direction), &mut records);
        if self.is_recorded(direction.target()) && !records.is_empty() {
            self.session.append(self.number(direction.target()), &mut records);
        }
        records.give_back();
        left
    }

    /// Encodes a frame of the relay's own, and records it on the one side that it crosses.
    pub(super) fn insert(&mut self, direction: Direction, frame: OwnFrame<'_>) -> Vec<u8> {
        self.record_exit(direction, |inspector, records| inspector.insert(frame, records))
    }

    pub(super) fn record(&self, number: ConnectionNumber, act: Act) {
        self.session.append_event(number, &Event::Act(act));
    }

    /// The first close frames from the client and from the server on that side.
    pub(super) fn closes(&self, side: Leg) -> [Option<&ClosePayload>; 2] {
        match side {
            Leg::Near => [self.up.close(), self.down.close_at_exit()],
            Leg::Far => [self.up.close_at_exit(), self.down.close()],
        }
    }

    /// What the client and the server have sent on that side.
    pub(super) fn counts(&self, side: Leg) -> [Count; 2] {
        match side {
            Leg::Near => [self.up.count(), self.down.count_at_exit()],
            Leg::Far => [self.up.count_at_exit(), self.down.count()],
        }
    }

    /// Whether both ends of that side have sent a close frame.
    pub(super) fn is_clean(&self, side: Leg) -> bool {
        self.closes(side).iter().all(Option::is_some)
    }

    fn is_recorded(&self, side: Leg) -> bool {
        side == Leg::Near || self.far.is_some()
    }
}

/// An unpredictable masking key, as §5.3 requires.
pub(super) fn random_key() -> Option<MaskingKey> {
    let mut key = [0; 4];
    getrandom::fill(&mut key).ok().map(|()| MaskingKey(key))
}
