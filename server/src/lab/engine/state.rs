//! The engine's decisions: which actions wait, and until when. No waiting, no I/O.

use super::dialogue::{Dialogue, Line, Lines, MAX_HEARD};
use super::gathering::Gathering;
use super::lab_message::LabInterceptor;
use super::outbox::{Action, Outbox, Ready};
use super::reasons;
use super::timers::Timers;
use super::token::with_token;
use crate::behaviour::{After, ConnectionBehaviour, Fault, Made, ScriptSource, another_order, opcode};
use crate::conditions::Unit;
use crate::lab::replies::Replies;
use crate::memory;
use observation::Deliberate;
use observation::command::DropBy;
use observation::event::Cause;
use tokio::time::Instant;
use wire::Sender;
use wire::header::FrameHeader;
use wire::message::MessageKind;

pub(in crate::lab) struct Engine {
    pub(super) talk: ConnectionBehaviour,
    /// Whether both ends agreed on permessage-deflate.
    pub(super) deflate: bool,
    /// Complete messages from the client under this behavior, and replies to them.
    pub(super) messages: u32,
    pub(super) replies: u32,
    /// Whether the client's current message is echoed unchanged, as without an engine.
    pub(super) plain: bool,
    /// Whether a client's message is incomplete.
    pub(super) under_way: bool,
    /// The content of the current message so far, if it is not echoed unchanged.
    pub(super) content: Vec<u8>,
    pub(super) gathering: Gathering,
    pub(super) outbox: Outbox,
    /// Decides about messages, once the session has had rules.
    pub(super) interceptor: Option<Box<LabInterceptor>>,
    /// A close frame or a drop that is due. It does not wait for the queue.
    pub(super) urgent: Option<Action>,
    pub(super) timers: Timers,
    /// The script that replaces the echo, if there is one.
    pub(super) dialogue: Option<Box<Dialogue>>,
    pub(super) pushes: u64,
    pub(super) pings: u64,
    /// The state of the closing handshake, if it has begun.
    pub(super) closing: Option<Closing>,
}

/// After this, only deliberate violations are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client’s close frame is deliberately not answered.
    Unanswered,
    /// The relay has sent its close frame.
    Sent,
}

impl Engine {
    pub(in crate::lab) fn new(talk: ConnectionBehaviour, deflate: bool, now: Instant) -> Self {
        let mut engine = Self {
            talk: ConnectionBehaviour::default(),
            deflate,
            messages: 0,
            replies: 0,
            plain: true,
            under_way: false,
            content: Vec::new(),
            gathering: Gathering::default(),
            outbox: Outbox::default(),
            interceptor: None,
            urgent: None,
            timers: Timers::default(),
            dialogue: None,
            pushes: 0,
            pings: 0,
            closing: None,
        };
        engine.switch_to(talk, now);
        engine
    }

    /// For a connection that had no engine so far. It may be inside a message, or closing.
    pub(in crate::lab) fn in_the_middle(mut self, of_message: bool, sent_close: bool) -> Self {
        self.under_way = of_message;
        self.closing = sent_close.then_some(Closing::Sent);
        self
    }

    pub(in crate::lab) fn talk(&self) -> &ConnectionBehaviour {
        &self.talk
    }

    /// Switches to another behavior. Actions that already wait are kept.
    pub(super) fn switch_to(&mut self, talk: ConnectionBehaviour, now: Instant) {
        self.timers.start(&talk, now);
        (self.messages, self.replies, self.pushes) = (0, 0, 0);
        self.talk = talk;
        if let Some(greeting) = self.talk.greet.clone() {
            let deliberate = reasons::greeting();
            self.message(MessageKind::Text, greeting.as_bytes(), now, Some(deliberate));
        }
        if let Some(greeting) = self.talk.greet_bytes.clone() {
            self.message(MessageKind::Binary, &greeting, now, Some(reasons::random_greeting()));
        }
        self.dialogue = None;
        if let Some(ScriptSource::Here(script)) = self.talk.script.clone() {
            let mut seed = [0; 8];
            // Without randomness every connection would have the same order, which harms nobody.
            let _ = getrandom::fill(&mut seed);
            let (dialogue, lines) = Dialogue::begin(script, fastrand::Rng::with_seed(u64::from_ne_bytes(seed)), now);
            self.dialogue = Some(Box::new(dialogue));
            self.say(lines, now);
        }
    }

    /// Queues what a script says.
    pub(super) fn say(&mut self, lines: Lines, now: Instant) {
        for (after, line) in lines {
            let (at, why) = (now + after, reasons::script());
            match line {
                Line::Text(text) => self.message(MessageKind::Text, text.as_bytes(), at, Some(why)),
                Line::Binary(bytes) => self.message(MessageKind::Binary, &bytes, at, Some(why)),
                Line::Close(code, reason) => {
                    self.outbox.push(at, Action::Close(code, reason, why, Cause::DeliberateClose));
                }
                Line::Drop(by) => self.outbox.push(at, Action::Drop(by, reasons::script_drop(by))),
            }
        }
    }

    fn heard(&mut self, kind: MessageKind, content: &[u8], now: Instant) {
        let unit = Unit::new(Sender::Client, opcode(kind), content.to_vec(), false);
        let lines = self.dialogue.as_mut().map(|dialogue| dialogue.heard(&unit, now));
        self.say(lines.unwrap_or_default(), now);
    }

    /// A message from the client begins.
    pub(in crate::lab) fn begins(&mut self) {
        let ConnectionBehaviour { silent, token, shuffle, fragments, delay, drip, .. } = &self.talk;
        let in_order = shuffle.is_none() && self.gathering.count() == 0;
        let as_it_comes = !silent && !token && in_order && fragments.is_none() && delay.is_none() && drip.is_none();
        let spoilt = self.talk.faults.iter().any(|(at, _)| *at == self.replies + 1);
        let answered = !self.is_silent() && self.dialogue.is_none();
        let is_free = self.outbox.is_empty() && self.closing.is_none() && !self.intercepts();
        self.plain = as_it_comes && answered && !spoilt && is_free;
        self.under_way = true;
    }

    /// Whether the current message is echoed unchanged.
    #[inline]
    pub(in crate::lab) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Adds content to a message that is not echoed unchanged.
    pub(in crate::lab) fn collect(&mut self, bytes: &[u8]) {
        if (self.is_silent() && !self.intercepts()) || self.closing.is_some() {
            return;
        }
        // A script does not need more to see that the message is too long for it.
        let dialogue = self.dialogue.as_ref().filter(|_| !self.intercepts());
        let most = dialogue.map_or(usize::MAX, |_| (MAX_HEARD + 1).saturating_sub(self.content.len()));
        memory::extend(&mut self.content, &bytes[..bytes.len().min(most)], usize::MAX);
    }

    /// The client's message is complete.
    pub(in crate::lab) fn message_over(&mut self, kind: MessageKind, compressed: bool, now: Instant) {
        self.under_way = false;
        let content = std::mem::take(&mut self.content);
        if self.plain {
            self.process(kind, &content, true, now);
        } else if let Some(content) = self.judge_received(kind, content, compressed, now) {
            self.process(kind, &content, false, now);
        }
    }

    /// Does what a message from the client asks for. `echoed` is whether it was echoed unchanged already.
    pub(super) fn process(&mut self, kind: MessageKind, content: &[u8], echoed: bool, now: Instant) {
        self.messages = self.messages.saturating_add(1);
        if echoed {
            self.replies = self.replies.saturating_add(1);
            self.fall_silent(now);
        } else if self.is_silent() {
            self.outbox.push(now, Action::Act(reasons::no_reply()));
        } else if self.closing.is_none() && self.dialogue.is_some() {
            self.heard(kind, content, now);
        } else if self.closing.is_none() {
            match self.talk.shuffle {
                Some(count) => self.gather(kind, content.to_vec(), count, now),
                None => self.answer(kind, content, now, None),
            }
        }
        // After the reply that waits the longest.
        let at = self.talk.delay.map_or(now, |delay| now + delay);
        if let Some(close) = self.talk.close.as_ref().filter(|close| close.when == After::Messages(self.messages)) {
            let (code, reason) = (close.code, close.reason.clone());
            self.outbox.push(at, Action::Close(code, reason, reasons::close_after(), Cause::DeliberateClose));
        }
        if let Some(drop) = self.talk.drop.filter(|drop| drop.when == After::Messages(self.messages)) {
            self.outbox.push(at, Action::Drop(drop.by, reasons::drop(drop.by)));
        }
    }

    /// Whether messages get no reply.
    fn is_silent(&self) -> bool {
        self.talk.silent || self.has_fallen_silent()
    }

    /// Whether the server answers nothing any more.
    fn has_fallen_silent(&self) -> bool {
        self.talk.silent_after.is_some_and(|count| self.replies >= count)
    }

    /// Records that the server falls silent, if the last reply was its last one.
    fn fall_silent(&mut self, now: Instant) {
        if self.talk.silent_after == Some(self.replies) {
            self.outbox.push(now, Action::Act(reasons::silence()));
        }
    }

    /// Replies once enough messages wait for it.
    fn gather(&mut self, kind: MessageKind, content: Vec<u8>, count: u32, now: Instant) {
        self.gathering.add((kind, content), now);
        if self.gathering.count() >= count as usize {
            self.answer_gathered(now);
        }
    }

    /// Replies to the messages that wait for it once their time is over.
    pub(super) fn answer_gathered_in_time(&mut self, now: Instant) {
        if self.gathering.until().is_some_and(|until| until <= now) {
            self.answer_gathered(now);
        }
    }

    fn answer_gathered(&mut self, now: Instant) {
        let mut asked = self.gathering.take();
        let why = (asked.len() > 1).then(reasons::shuffled);
        another_order(&mut asked);
        for (kind, content) in asked {
            if !self.has_fallen_silent() {
                self.answer(kind, &content, now, why.clone());
            }
        }
    }

    /// Replies to a message. `why` says why the reply is not a regular one, if nothing else does.
    fn answer(&mut self, kind: MessageKind, content: &[u8], now: Instant, why: Option<Deliberate>) {
        self.replies = self.replies.saturating_add(1);
        match self.talk.token {
            true => {
                self.reply(MessageKind::Text, &with_token(kind, content), now, why.or_else(|| Some(reasons::token())))
            }
            false => self.reply(kind, content, now, why),
        }
        self.fall_silent(now);
    }

    fn reply(&mut self, kind: MessageKind, content: &[u8], now: Instant, why: Option<Deliberate>) {
        let at = self.talk.delay.map_or(now, |delay| now + delay);
        let fault = self.talk.faults.iter().find(|(at, _)| *at == self.replies).map(|(_, fault)| *fault);
        match fault {
            Some(fault) => self.spoilt_reply(fault, kind, content, at),
            None => self.message(kind, content, at, why.or_else(|| self.talk.delay.map(reasons::delayed))),
        }
    }

    pub(super) fn spoilt_reply(&mut self, fault: Fault, kind: MessageKind, content: &[u8], at: Instant) {
        for Made { header, payload, deliberate } in fault.make(kind, content) {
            let broken = fault == Fault::BrokenDeflate && self.deflate;
            let deliberate = deliberate.then(|| fault.deliberate());
            self.outbox.push(at, Action::Frame { header, payload, deliberate, broken });
        }
        if fault.cuts() {
            self.outbox.push(at, Action::Drop(DropBy::Fin, reasons::drop(DropBy::Fin)));
        }
    }

    /// Whether a ping is answered. Records it if not.
    pub(in crate::lab) fn answers_ping(&mut self, payload: &[u8], now: Instant) -> bool {
        let answers = !self.talk.no_pong && !self.has_fallen_silent();
        if !answers {
            self.outbox.push(now, Action::Act(reasons::no_pong()));
        }
        answers && self.judge_ping(payload, now)
    }

    /// Whether a close frame is answered. Records it if not.
    pub(in crate::lab) fn answers_close(&mut self, now: Instant) -> bool {
        let answers = !self.talk.no_close_answer && !self.has_fallen_silent();
        if !answers {
            self.outbox.push(now, Action::Act(reasons::no_close_answer()));
            self.end(Closing::Unanswered);
        }
        answers
    }

    /// The close frame was sent or will never be. Only deliberate actions remain.
    pub(super) fn end(&mut self, closing: Closing) {
        self.closing = Some(closing);
        self.timers.stop();
        self.dialogue = None;
        self.urgent.take_if(|out| matches!(out, Action::Close(..)));
        self.outbox.keep_only_deliberate();
        self.gathering.take();
        self.content = Vec::new();
    }

    pub(in crate::lab) fn stop_timers(&mut self) {
        self.timers.stop();
        self.dialogue = None;
    }

    /// The relay sends its own close frame. This also ends a pause, so that the relay can read the answer.
    pub(in crate::lab) fn begin_close(&mut self, replies: &mut Replies<'_, '_>) {
        self.outbox.finish_drip(replies);
        self.timers.resume = None;
        self.end(Closing::Sent);
    }

    /// Queues an answer behind a frame that is sent byte by byte. Returns whether it has to wait.
    pub(in crate::lab) fn wait(&mut self, header: FrameHeader, payload: &[u8], now: Instant) -> bool {
        let waits = self.outbox.is_dripping();
        if waits {
            self.outbox.push(now, Action::frame(header, payload.to_vec(), None));
        }
        waits
    }

    /// Whether reading is paused. Actions that wait for the end of the client's message do not pause it.
    pub(in crate::lab) fn is_blocked(&self) -> bool {
        let is_full = self.outbox.is_full() || self.gathering.is_full();
        self.timers.resume.is_some() || (is_full && !self.is_inside_plain_message())
    }

    /// Whether a connection without an engine would do the same from now on.
    pub(super) fn is_spare(&self) -> bool {
        let Self { under_way, closing, urgent, dialogue, gathering, outbox, timers, talk, .. } = self;
        let waits = urgent.is_some() || gathering.count() > 0 || !outbox.is_empty() || timers.next().is_some();
        !under_way && !waits && closing.is_none() && dialogue.is_none() && *talk == ConnectionBehaviour::default()
    }

    pub(super) fn is_inside_plain_message(&self) -> bool {
        self.plain && self.under_way
    }

    /// The number of bytes allocated for messages.
    pub(in crate::lab) fn held(&self) -> usize {
        self.content.capacity() + self.gathering.bytes() + self.outbox.bytes()
    }

    /// When something is next due. `ready` says what may be sent.
    pub(in crate::lab) fn next(&self, ready: Ready) -> Option<Instant> {
        let dialogue = self.dialogue.as_ref().and_then(|dialogue| dialogue.next());
        let all = [self.timers.next(), dialogue, self.gathering.until(), self.outbox.next(ready), self.next_rule()];
        all.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attack: a message that never ends, in pieces after which its buffer has room to spare.
    #[test]
    fn an_incomplete_message_counts_as_what_is_allocated_for_it() {
        let mut engine = Engine::new(ConnectionBehaviour::default(), false, Instant::now());
        let mut spare = 0;
        for _ in 0..100 {
            engine.collect(&[0; 1000]);
            assert_eq!(engine.held(), engine.content.capacity());
            spare = spare.max(engine.held() - engine.content.len());
        }
        assert!(spare > 0, "the pieces fit too well to show anything");
    }
}
