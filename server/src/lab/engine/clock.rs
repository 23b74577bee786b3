//! What the engine does because time has passed.

use super::outbox::Action;
use super::reasons;
use super::state::Engine;
use super::timers::{MAX_PINGED, due};
use observation::event::Cause;
use tokio::time::Instant;
use wire::close_code::CloseCode;
use wire::message::MessageKind;

impl Engine {
    /// Data was sent or received.
    pub(crate) fn travelled(&mut self, now: Instant) {
        if let (Some(idle), Some(at)) = (self.talk.idle, &mut self.timers.idle) {
            *at = now + idle.after;
        }
    }

    /// A heartbeat ping was sent.
    pub(super) fn pinged(&mut self, payload: Vec<u8>, now: Instant) {
        let within = self.talk.heartbeat.as_ref().and_then(|heartbeat| heartbeat.within);
        if let Some(within) = within.filter(|_| self.timers.pinged.len() < MAX_PINGED) {
            self.timers.pinged.push_back((payload, now + within));
        }
    }

    /// A pong arrived. It also answers earlier pings, because a client may answer only the latest. RFC 6455 §5.5.3.
    pub(crate) fn pong(&mut self, payload: &[u8]) {
        if let Some(index) = self.timers.pinged.iter().rposition(|(sent, _)| sent == payload) {
            self.timers.pinged.drain(..=index);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant) {
        if due(&mut self.timers.resume, now) {
            self.outbox.push(now, Action::Act(reasons::resumed_by_itself()));
        }
        if due(&mut self.timers.push, now)
            && let Some(push) = self.talk.push.clone()
        {
            self.timers.push = Some(now + push.every);
            self.pushes += 1;
            let text = push.text.unwrap_or_else(|| self.pushes.to_string());
            // Skip a message if earlier ones cannot be sent yet.
            if self.outbox.has_room_for_more() {
                self.message(MessageKind::Text, text.as_bytes(), now, Some(reasons::pushed()));
            }
        }
        if due(&mut self.timers.ping, now)
            && let Some(heartbeat) = self.talk.heartbeat.clone()
        {
            self.timers.ping = Some(now + heartbeat.every);
            self.pings += 1;
            let payload = heartbeat.payload.unwrap_or_else(|| self.pings.to_string());
            if self.outbox.has_room_for_more() {
                self.outbox.push(now, Action::Heartbeat(payload.into_bytes()));
            }
        }
        self.end_in_time(now);
    }

    /// If several ends are due at once, the last one here wins, because it is the most abrupt.
    fn end_in_time(&mut self, now: Instant) {
        if self.timers.pinged.front().is_some_and(|(_, by)| *by <= now) {
            self.timers.pinged.clear();
            let reason = "no pong arrived in time".to_owned();
            self.urgent =
                Some(Action::Close(CloseCode::INTERNAL_ERROR, reason, reasons::no_pong_came(), Cause::NoPong));
        }
        if due(&mut self.timers.close, now)
            && let Some(close) = &self.talk.close
        {
            self.urgent =
                Some(Action::Close(close.code, close.reason.clone(), reasons::close_after(), Cause::DeliberateClose));
        }
        if due(&mut self.timers.idle, now)
            && let Some(idle) = self.talk.idle
        {
            self.urgent = Some(match idle.drop {
                Some(by) => Action::Drop(by, reasons::idle_drop(by)),
                None => {
                    let reason = "no traffic for too long".to_owned();
                    Action::Close(CloseCode::GOING_AWAY, reason, reasons::idle_close(), Cause::Idle)
                }
            });
        }
        if due(&mut self.timers.drop, now)
            && let Some(drop) = self.talk.drop
        {
            self.urgent = Some(Action::Drop(drop.by, reasons::drop(drop.by)));
        }
    }
}
