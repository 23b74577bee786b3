//! What the engine does because time has passed.

use super::outbox::Action;
use super::reasons;
use super::state::Engine;
use super::timers::due;
use crate::command_frames::resumed_by_itself;
use observation::event::Cause;
use std::time::Duration;
use tokio::time::Instant;
use wire::close_code::CloseCode;
use wire::message::MessageKind;

/// When to try again what has no room yet.
const AGAIN: Duration = Duration::from_millis(20);

impl Engine {
    /// Data was sent or received.
    pub(crate) fn travelled(&mut self, now: Instant) {
        if let (Some(idle), Some(at)) = (self.talk.idle, &mut self.timers.idle) {
            *at = now + idle.after;
        }
    }

    /// A ping was sent. Only the pong of a heartbeat has a deadline, but the pong of another ping must not count as that.
    pub(super) fn pinged(&mut self, payload: &[u8], is_heartbeat: bool, now: Instant) {
        let Some(within) = self.talk.heartbeat.as_ref().and_then(|heartbeat| heartbeat.within) else { return };
        self.timers.pinged.sent(payload, is_heartbeat.then_some(now + within));
    }

    /// A pong arrived.
    pub(crate) fn pong(&mut self, payload: &[u8]) {
        self.timers.pinged.pong(payload);
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant) {
        if due(&mut self.timers.resume, now) {
            self.outbox.push(now, Action::Act(resumed_by_itself()));
        }
        self.tick_rules(now);
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
        let has_room = self.outbox.has_room_for_more();
        if let Some(dialogue) = self.dialogue.as_mut().filter(|it| it.next().is_some_and(|at| at <= now)) {
            if has_room {
                let lines = dialogue.tick(now);
                self.say(lines, now);
            } else {
                dialogue.postpone(now + AGAIN);
            }
        }
        self.answer_gathered_in_time(now);
        self.end_in_time(now);
    }

    /// If several ends are due at once, the last one here wins, because it is the most abrupt.
    fn end_in_time(&mut self, now: Instant) {
        if self.timers.pong().is_some_and(|by| by <= now) {
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
