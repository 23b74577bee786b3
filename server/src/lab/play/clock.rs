//! What a behaviour does because the time has come.

use super::outbox::Out;
use super::{Play, purpose};
use crate::lab::behaviour::{After, Talk};
use observation::event::Cause;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use wire::close::CloseCode;
use wire::message::MessageKind;

/// The longest that a command may keep the relay from reading.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Pings that may wait for their pong at once; those past them have no deadline.
const MAX_PINGED: usize = 64;

/// When the next of each is due.
#[derive(Default)]
pub(super) struct Timers {
    push: Option<Instant>,
    ping: Option<Instant>,
    /// Pings that have gone out, and until when each is to be answered; ascending.
    pinged: VecDeque<(Vec<u8>, Instant)>,
    close: Option<Instant>,
    drop: Option<Instant>,
    idle: Option<Instant>,
    /// The end of a pause.
    pub(super) resume: Option<Instant>,
}

impl Timers {
    /// Begins with `talk`; a pause goes on.
    pub(super) fn start(&mut self, talk: &Talk, now: Instant) {
        let at = |after: Option<After>| match after {
            Some(After::Time(time)) => Some(now + time),
            _ => None,
        };
        *self = Self {
            push: talk.push.as_ref().map(|push| now + push.every),
            ping: talk.heartbeat.as_ref().map(|heartbeat| now + heartbeat.every),
            pinged: VecDeque::new(),
            close: at(talk.close.as_ref().map(|close| close.when)),
            drop: at(talk.drop.map(|drop| drop.when)),
            idle: talk.idle.map(|idle| now + idle.after),
            resume: self.resume,
        };
    }

    /// No more of what a behaviour asks for.
    pub(super) fn stop(&mut self) {
        *self = Self { resume: self.resume, ..Self::default() };
    }

    pub(super) fn pause(&mut self, now: Instant) {
        self.resume = Some(now + MAX_PAUSE);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let Self { push, ping, pinged, close, drop, idle, resume } = self;
        let pong = pinged.front().map(|(_, by)| *by);
        [*push, *ping, pong, *close, *drop, *idle, *resume].into_iter().flatten().min()
    }
}

/// Takes the time out of `timer` if it has come.
fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}

impl Play {
    /// Something travelled.
    pub(in crate::lab) fn travelled(&mut self, now: Instant) {
        if let (Some(idle), Some(at)) = (self.talk.idle, &mut self.timers.idle) {
            *at = now + idle.after;
        }
    }

    /// A ping of the heartbeat has gone out.
    pub(super) fn pinged(&mut self, payload: Vec<u8>, now: Instant) {
        let within = self.talk.heartbeat.as_ref().and_then(|heartbeat| heartbeat.within);
        if let Some(within) = within.filter(|_| self.timers.pinged.len() < MAX_PINGED) {
            self.timers.pinged.push_back((payload, now + within));
        }
    }

    /// A pong came. It answers the pings before its own too: a client may answer only the last. RFC 6455 §5.5.3.
    pub(in crate::lab) fn pong(&mut self, payload: &[u8]) {
        if let Some(place) = self.timers.pinged.iter().rposition(|(sent, _)| sent == payload) {
            self.timers.pinged.drain(..=place);
        }
    }

    /// Does what the time asks for.
    pub(super) fn tick(&mut self, now: Instant) {
        if due(&mut self.timers.resume, now) {
            self.outbox.push(now, Out::Act(purpose::resumed_by_itself()));
        }
        if due(&mut self.timers.push, now)
            && let Some(push) = self.talk.push.clone()
        {
            self.timers.push = Some(now + push.every);
            self.pushes += 1;
            let text = push.text.unwrap_or_else(|| self.pushes.to_string());
            // One that cannot go out yet is not joined by more.
            if self.outbox.has_room_for_more() {
                self.message(MessageKind::Text, text.as_bytes(), now, Some(purpose::pushed()));
            }
        }
        if due(&mut self.timers.ping, now)
            && let Some(heartbeat) = self.talk.heartbeat.clone()
        {
            self.timers.ping = Some(now + heartbeat.every);
            self.pings += 1;
            let payload = heartbeat.payload.unwrap_or_else(|| self.pings.to_string());
            if self.outbox.has_room_for_more() {
                self.outbox.push(now, Out::Heartbeat(payload.into_bytes()));
            }
        }
        self.end_in_time(now);
    }

    /// Of several ends that are due at once, the last one here counts: it is the hardest.
    fn end_in_time(&mut self, now: Instant) {
        if self.timers.pinged.front().is_some_and(|(_, by)| *by <= now) {
            self.timers.pinged.clear();
            let reason = "no pong came in time".to_owned();
            self.urgent = Some(Out::Goodbye(CloseCode::INTERNAL_ERROR, reason, purpose::no_pong_came(), Cause::NoPong));
        }
        if due(&mut self.timers.close, now)
            && let Some(close) = &self.talk.close
        {
            self.urgent = Some(Out::Goodbye(close.code, close.reason.clone(), purpose::close_after(), Cause::Left));
        }
        if due(&mut self.timers.idle, now)
            && let Some(idle) = self.talk.idle
        {
            self.urgent = Some(match idle.drop {
                Some(by) => Out::Drop(by, purpose::idle_drop(by)),
                None => {
                    let reason = "nothing travelled for too long".to_owned();
                    Out::Goodbye(CloseCode::GOING_AWAY, reason, purpose::idle_close(), Cause::Idle)
                }
            });
        }
        if due(&mut self.timers.drop, now)
            && let Some(drop) = self.talk.drop
        {
            self.urgent = Some(Out::Drop(drop.by, purpose::drop(drop.by)));
        }
    }
}
