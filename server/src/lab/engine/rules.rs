//! Rules in the lab. The relay is the server here: rules decide about what the client sends before the behavior learns of it, and about
//! the messages of the behavior before they are sent.

use super::lab_message::{LabInterceptor, LabMessage};
use super::outbox::Action;
use super::state::Engine;
use crate::behaviour::{Made, opcode};
use crate::conditions::unit::{MAX_CONTENT, Unit};
use crate::intercept::Outcome;
use observation::command::Edited;
use observation::event::Cause;
use observation::{Act, Command, Deliberate};
use tokio::time::Instant;
use wire::Sender;
use wire::close_code::CloseCode;
use wire::header::{FrameHeader, PayloadLength};
use wire::message::MessageKind;
use wire::opcode::Opcode;

impl Engine {
    /// Rules can act on this connection.
    pub(in crate::lab) fn intercept(&mut self, interceptor: Box<LabInterceptor>) {
        self.interceptor = Some(interceptor);
    }

    /// Gives the interceptor back if this engine is not needed any more: no rule can act, and the rest is a plain echo.
    #[inline]
    pub(in crate::lab) fn retire(&mut self) -> Option<Box<LabInterceptor>> {
        let is_idle = self.interceptor.as_ref().is_some_and(|interceptor| interceptor.is_idle());
        if is_idle && self.is_spare() { self.interceptor.take() } else { None }
    }

    pub(in crate::lab) fn has_interceptor(&self) -> bool {
        self.interceptor.is_some()
    }

    /// Takes changed rules.
    pub(in crate::lab) fn refresh_rules(&mut self) {
        if let Some(interceptor) = &mut self.interceptor {
            interceptor.refresh();
        }
    }

    /// Whether rules decide about messages from either end.
    pub(super) fn intercepts(&self) -> bool {
        self.is_ruled(Sender::Client) || self.is_ruled(Sender::Server)
    }

    fn is_ruled(&self, from: Sender) -> bool {
        self.interceptor.as_ref().is_some_and(|interceptor| interceptor.is_active(from))
    }

    /// Decides about a complete message from the client. Gives it back if no rule can act on it.
    pub(super) fn judge_received(
        &mut self,
        kind: MessageKind,
        content: Vec<u8>,
        compressed: bool,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let Some(interceptor) = self.interceptor.as_mut().filter(|it| it.is_active(Sender::Client)) else {
            return Some(content);
        };
        if content.len() > MAX_CONTENT {
            let outcome = interceptor.too_large(Sender::Client, now);
            self.follow(vec![outcome], now);
            return Some(content);
        }
        let message = LabMessage { opcode: opcode(kind), content: content.clone(), why: None };
        let outcomes = self.judge(Unit::new(Sender::Client, opcode(kind), content, compressed), message, now);
        self.follow(outcomes, now);
        None
    }

    /// Decides about a ping from the client. Returns whether it is answered as usual.
    pub(super) fn judge_ping(&mut self, payload: &[u8], now: Instant) -> bool {
        if !self.is_ruled(Sender::Client) {
            return true;
        }
        let message = LabMessage { opcode: Opcode::Ping, content: payload.to_vec(), why: None };
        let outcomes = self.judge(Unit::new(Sender::Client, Opcode::Ping, payload.to_vec(), false), message, now);
        self.follow(outcomes, now);
        false
    }

    fn judge(&mut self, unit: Unit, message: LabMessage, now: Instant) -> Vec<Outcome<LabMessage>> {
        let idle = self.talk.idle.map(|idle| now + idle.after);
        let ends = [self.timers.pong(), idle].into_iter().flatten().min();
        let Some(interceptor) = &mut self.interceptor else { return Vec::new() };
        interceptor.expects_end(ends);
        interceptor.judge(unit, message, now)
    }

    /// Queues a message of the behavior for rules to decide about when it is due. Returns whether it did.
    pub(super) fn queue_for_rules(
        &mut self,
        kind: MessageKind,
        content: &[u8],
        at: Instant,
        why: Option<&Deliberate>,
    ) -> bool {
        let is_ruled = self.is_ruled(Sender::Server) && content.len() <= MAX_CONTENT;
        if is_ruled {
            self.outbox.push(at, Action::Judge { kind, content: content.to_vec(), why: why.cloned() });
        }
        is_ruled
    }

    /// Decides about a message of the behavior. What may be sent comes next.
    pub(super) fn judge_sent(&mut self, kind: MessageKind, content: Vec<u8>, why: Option<Deliberate>, now: Instant) {
        let message = LabMessage { opcode: opcode(kind), content: content.clone(), why };
        let outcomes = self.judge(Unit::new(Sender::Server, opcode(kind), content, self.deflate), message, now);
        let actions = outcomes.into_iter().flat_map(|outcome| self.actions(outcome, now)).collect();
        self.outbox.put_first(now, actions);
    }

    /// Does what is due because a wait is over.
    pub(super) fn tick_rules(&mut self, now: Instant) {
        let outcomes = self.interceptor.as_mut().map(|interceptor| interceptor.due(now));
        self.follow(outcomes.unwrap_or_default(), now);
    }

    pub(super) fn next_rule(&self) -> Option<Instant> {
        self.interceptor.as_ref()?.next()
    }

    /// Does what a command decides about a held message. `None` if the command is about something else.
    pub(super) fn decide(&mut self, command: &Command, now: Instant) -> Option<Result<(), String>> {
        let Some(interceptor) = &mut self.interceptor else {
            let none = || Err("nothing is held on this connection".to_owned());
            return crate::command_frames::decides(command).then(none);
        };
        let decided = interceptor.decide(command, now)?;
        Some(decided.map(|outcomes| self.follow(outcomes, now)))
    }

    /// The connection has ended: what became of the messages that waited.
    pub(in crate::lab) fn end_rules(&mut self) -> Vec<Act> {
        let outcomes = self.interceptor.as_mut().map(|interceptor| interceptor.closed(None));
        let acts = outcomes.into_iter().flatten().filter_map(|outcome| match outcome {
            Outcome::Record { act, .. } => Some(act),
            _ => None,
        });
        acts.collect()
    }

    fn follow(&mut self, outcomes: Vec<Outcome<LabMessage>>, now: Instant) {
        for outcome in outcomes {
            for action in self.actions(outcome, now) {
                self.outbox.push(now, action);
            }
        }
    }

    /// What an outcome sends and records. What goes on from the client is answered here.
    fn actions(&mut self, outcome: Outcome<LabMessage>, now: Instant) -> Vec<Action> {
        match outcome {
            Outcome::Record { act, .. } => vec![Action::Act(act)],
            Outcome::Close { close, why } => {
                vec![Action::Close(CloseCode(close.code), close.reason, why, Cause::DeliberateClose)]
            }
            Outcome::Original { from: Sender::Client, original, .. } if original.opcode == Opcode::Ping => {
                vec![Action::control(Opcode::Pong, original.content, None)]
            }
            Outcome::Original { from, original: LabMessage { opcode, content, why: usual }, why, .. } => {
                let why = why.or(usual);
                self.goes_on(from, opcode, content, self.deflate, why, now)
            }
            Outcome::Content { from: Sender::Client, opcode: Opcode::Ping, content, .. } => {
                vec![Action::control(Opcode::Pong, content, None)]
            }
            Outcome::Content { from, opcode, content, compress, why } => {
                self.goes_on(from, opcode, content, compress, Some(why), now)
            }
            Outcome::Frame { from: Sender::Client, edited, why } => {
                let opcode = Opcode::from_nibble(edited.frame.opcode);
                self.goes_on(Sender::Client, opcode, edited.frame.payload, false, Some(why), now)
            }
            Outcome::Frame { edited: Edited { frame, compress: true }, why, .. } => {
                let opcode = Opcode::from_nibble(frame.opcode);
                self.goes_on(Sender::Server, opcode, frame.payload, true, Some(why), now)
            }
            Outcome::Frame { edited: Edited { frame, .. }, why, .. } => {
                // It was checked before it was accepted.
                let header = frame.header().ok();
                header.map(|header| Action::frame(header, frame.payload, Some(why))).into_iter().collect()
            }
            Outcome::Fault { fault, unit, why, .. } => {
                let kind = if unit.opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary };
                self.fault_actions(fault, kind, &unit.content, &why)
            }
        }
    }

    /// A message goes on: to the behavior if the client has sent it, and otherwise to the client.
    fn goes_on(
        &mut self,
        from: Sender,
        opcode: Opcode,
        content: Vec<u8>,
        compress: bool,
        why: Option<Deliberate>,
        now: Instant,
    ) -> Vec<Action> {
        let kind = match opcode {
            Opcode::Text => MessageKind::Text,
            Opcode::Binary => MessageKind::Binary,
            // A control frame of the relay's own.
            _ => {
                let header = FrameHeader {
                    length: PayloadLength::minimal(content.len() as u64),
                    ..FrameHeader::unmasked(true, opcode, 0)
                };
                return vec![Action::frame(header, content, why)];
            }
        };
        if from == Sender::Client {
            self.process(kind, &content, false, now);
            return Vec::new();
        }
        if self.closing.is_some() {
            return Vec::new();
        }
        if self.talk.fragments.is_none() && self.talk.drip.is_none() {
            return vec![Action::Message { kind, content, compress: compress && self.deflate, deliberate: why }];
        }
        self.frames(kind, &content, why)
    }

    fn fault_actions(
        &self,
        fault: crate::behaviour::Fault,
        kind: MessageKind,
        content: &[u8],
        why: &Deliberate,
    ) -> Vec<Action> {
        let broken = fault == crate::behaviour::Fault::BrokenDeflate && self.deflate;
        let frame = |Made { header, payload, deliberate }| {
            let deliberate = deliberate.then(|| why.clone());
            Action::Frame { header, payload, deliberate, broken }
        };
        let mut actions: Vec<_> = fault.make(kind, content).into_iter().map(frame).collect();
        if fault.cuts() {
            let by = observation::command::DropBy::Fin;
            actions.push(Action::Drop(by, super::reasons::drop(by)));
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::ConnectionBehaviour;
    use crate::intercept::{Scope, SessionRules};
    use crate::memory::MemoryBudget;
    use observation::rule::RulesChange;
    use std::sync::Arc;

    #[test]
    fn an_engine_is_needed_while_a_rule_can_act_or_something_waits() {
        let (rules, memory, now) = (Arc::new(SessionRules::default()), MemoryBudget::new(1 << 20), Instant::now());
        let set = |json: &str| {
            rules.change(RulesChange::Set(serde_json::from_str(json).unwrap()), &memory).unwrap();
        };
        let scope = Scope {
            numbers: Vec::new(),
            subprotocol: None,
            path: String::new(),
            only_named: false,
            is_lab: true,
            idle: std::time::Duration::from_secs(60),
            deflate: false,
        };
        let interceptor = LabInterceptor::new(Arc::clone(&rules), 0, scope, &memory, 100);
        let mut engine = Engine::new(ConnectionBehaviour::default(), false, now);
        engine.intercept(Box::new(interceptor));
        let hold = r#"[{"then": {"hold": {"ms": 1000, "then": "drop"}}, "times": 1}]"#;
        set(hold);
        engine.refresh_rules();
        assert!(engine.retire().is_none(), "a rule can act");
        engine.begins();
        engine.collect(b"a");
        engine.message_over(MessageKind::Text, false, now);
        set("[]");
        engine.refresh_rules();
        assert!(engine.retire().is_none(), "a message is held");
        let late = now + std::time::Duration::from_secs(1);
        engine.tick_rules(late);
        assert!(engine.retire().is_none(), "what became of it is still to be recorded");
        while engine.outbox.take(late, crate::lab::engine::outbox::Ready::Everything).is_some() {}
        engine.begins();
        assert!(engine.retire().is_none(), "a message is under way");
        engine.message_over(MessageKind::Text, false, late);
        assert!(engine.is_plain());
        let interceptor = engine.retire().expect("nothing needs it any more");

        let mut engine = Engine::new(ConnectionBehaviour { silent: true, ..Default::default() }, false, now);
        engine.intercept(interceptor);
        assert!(engine.retire().is_none(), "it has a behavior");
    }
}
