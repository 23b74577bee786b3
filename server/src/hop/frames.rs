//! What passes between a client and a server, taken apart and written down: on the near leg, or on both.

use super::bridge::{Way, Witness};
use super::watch::Watch;
use crate::session::{Presence, Records};
use observation::event::{Cause, Closed, Count};
use observation::{Act, ConnectionNumber, Event, Party};
use wire::Sender;
use wire::close::{self, CloseCode, ClosePayload};
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// However it goes away, it leaves exactly one [`Closed`] for each leg.
pub(super) struct Frames {
    presence: Presence,
    near: ConnectionNumber,
    /// `None` where the lab at its end records it.
    far: Option<ConnectionNumber>,
    up: Watch,
    down: Watch,
    first_close: Option<Party>,
    /// Until it is in the log.
    causes: Option<[Cause; 2]>,
}

impl Frames {
    pub(super) fn new(
        presence: Presence,
        near: ConnectionNumber,
        far: Option<ConnectionNumber>,
        deflate: Option<&Agreed>,
        payload_cap: u64,
    ) -> Self {
        let cap = usize::try_from(payload_cap).unwrap_or(usize::MAX);
        let legs = 1 + usize::from(far.is_some());
        let watch = |from| Watch::new(from, deflate, cap, legs);
        let (up, down) = (watch(Sender::Client), watch(Sender::Server));
        // For the case that nobody comes to say other ones.
        let causes = Some([Cause::LineBroke; 2]);
        Self { presence, near, far, up, down, first_close: None, causes }
    }

    fn append(&self, way: Way, records: &mut Records) {
        let session = self.presence.session();
        match (way, self.far) {
            (_, None) => session.append(self.near, records),
            (Way::Up, Some(far)) => session.append_in_turn([self.near, far], records),
            (Way::Down, Some(far)) => session.append_in_turn([far, self.near], records),
        }
    }

    /// Notes who was the first to say goodbye.
    fn note_close(&mut self) {
        if self.first_close.is_none() {
            self.first_close = match (&self.up.close, &self.down.close) {
                (Some(_), _) => Some(Party::Client),
                (None, Some(_)) => Some(Party::Server),
                (None, None) => None,
            };
        }
    }

    /// A close frame of the relay's own, written down on the one leg that it crosses.
    fn goodbye(&mut self, way: Way) -> Vec<u8> {
        let (watch, leg) = match way {
            Way::Up => (&mut self.up, self.far.unwrap_or(self.near)),
            Way::Down => (&mut self.down, self.near),
        };
        if watch.close.is_some() || !watch.is_between_frames() {
            return Vec::new();
        }
        let payload = close::payload(CloseCode::GOING_AWAY, "the relay is shutting down");
        let mut header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        let mut masked = payload.clone();
        if way == Way::Up {
            // §5.3 asks for one that cannot be foreseen; this is the last frame, and what it says is no secret.
            let mut key = [0; 4];
            let _ = getrandom::fill(&mut key);
            let key = MaskingKey(key);
            header.masking_key = Some(key);
            key.apply(&mut masked, 0);
        }
        let frame = [&header.encode()[..], &masked].concat();
        let mut records = Records::pooled();
        watch.look_once(&mut frame.clone(), &mut records);
        self.presence.session().append(leg, &mut records);
        records.give_back();
        self.note_close();
        frame
    }
}

impl Witness for Frames {
    fn passed(&mut self, way: Way, bytes: &mut [u8]) -> bool {
        let mut records = Records::pooled();
        let watch = if way == Way::Up { &mut self.up } else { &mut self.down };
        let all = watch.look(bytes, &mut records);
        if !records.is_empty() {
            self.append(way, &mut records);
        }
        records.give_back();
        self.note_close();
        all
    }

    fn act(&mut self, act: Act) {
        self.presence.session().append_event(self.near, &Event::Act(act));
    }

    fn both_said_goodbye(&self) -> bool {
        self.up.close.is_some() && self.down.close.is_some()
    }

    fn farewell(&mut self) -> [Vec<u8>; 2] {
        // The lab says its own, and it passes here.
        if self.far.is_none() { Default::default() } else { [Way::Up, Way::Down].map(|way| self.goodbye(way)) }
    }

    fn over(mut self, near: Cause, far: Cause) {
        self.causes = Some([near, far]);
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        let Some([near, far]) = self.causes.take() else { return };
        for way in [Way::Up, Way::Down] {
            let mut records = Records::pooled();
            let watch = if way == Way::Up { &mut self.up } else { &mut self.down };
            watch.cut_off(&mut records);
            if !records.is_empty() {
                self.append(way, &mut records);
            }
            records.give_back();
        }
        let clean = self.both_said_goodbye();
        let close = match self.first_close {
            Some(Party::Client) => self.up.close.take(),
            Some(Party::Server) => self.down.close.take(),
            None => None,
        };
        let ClosePayload { code, reason } = close.map(|close| *close).unwrap_or_default();
        let closed = |cause| {
            let (client, server): (Count, Count) = (self.up.count, self.down.count);
            let (code, reason) = (code.map(|code| code.0), reason.clone());
            Event::Closed(Closed { first: self.first_close, code, reason, clean, cause, client, server })
        };
        let session = self.presence.session();
        session.append_event(self.near, &closed(near));
        if let Some(leg) = self.far {
            session.append_event(leg, &closed(far));
        }
    }
}
