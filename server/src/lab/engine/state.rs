//! The engine's decisions: which actions wait, and until when. No waiting, no I/O.

use super::outbox::{Action, Outbox, Ready};
use super::reasons;
use super::timers::Timers;
use crate::behaviour::{After, ConnectionBehaviour, Fault, Made, opcode};
use crate::lab::replies::Replies;
use observation::Deliberate;
use observation::command::DropBy;
use observation::event::Cause;
use tokio::time::Instant;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

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
    pub(super) outbox: Outbox,
    /// A close frame or a drop that is due. It does not wait for the queue.
    pub(super) urgent: Option<Action>,
    pub(super) timers: Timers,
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
            outbox: Outbox::default(),
            urgent: None,
            timers: Timers::default(),
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
    }

    /// A message from the client begins.
    pub(in crate::lab) fn begins(&mut self) {
        let ConnectionBehaviour { silent, fragments, delay, drip, .. } = &self.talk;
        let as_it_comes = !silent && fragments.is_none() && delay.is_none() && drip.is_none();
        let spoilt = self.talk.faults.iter().any(|(at, _)| *at == self.replies + 1);
        self.plain = as_it_comes && !spoilt && self.outbox.is_empty() && self.closing.is_none();
        self.under_way = true;
    }

    /// Whether the current message is echoed unchanged.
    #[inline]
    pub(in crate::lab) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Adds content to a message that is not echoed unchanged.
    pub(in crate::lab) fn collect(&mut self, bytes: &[u8]) {
        if !self.talk.silent && self.closing.is_none() {
            self.content.extend_from_slice(bytes);
        }
    }

    /// The client's message is complete.
    pub(in crate::lab) fn message_over(&mut self, kind: MessageKind, now: Instant) {
        self.under_way = false;
        self.messages = self.messages.saturating_add(1);
        let content = std::mem::take(&mut self.content);
        if self.plain {
            self.replies = self.replies.saturating_add(1);
        } else if self.talk.silent {
            self.outbox.push(now, Action::Act(reasons::no_reply()));
        } else if self.closing.is_none() {
            self.replies = self.replies.saturating_add(1);
            self.reply(kind, &content, now);
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

    pub(super) fn reply(&mut self, kind: MessageKind, content: &[u8], now: Instant) {
        let at = self.talk.delay.map_or(now, |delay| now + delay);
        let fault = self.talk.faults.iter().find(|(at, _)| *at == self.replies).map(|(_, fault)| *fault);
        match fault {
            Some(fault) => self.spoilt_reply(fault, kind, content, at),
            None => self.message(kind, content, at, self.talk.delay.map(reasons::delayed)),
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

    /// Queues a message in as many frames as the behavior asks for.
    pub(super) fn message(&mut self, kind: MessageKind, content: &[u8], at: Instant, why: Option<Deliberate>) {
        let count = self.talk.fragments.unwrap_or(1).max(1) as usize;
        let why = why.or_else(|| match (count, self.talk.drip) {
            (2.., _) => Some(reasons::fragments(count)),
            (_, gap) => gap.map(reasons::drip),
        });
        let mut from = 0;
        for number in 1..=count {
            let mut to = content.len() * number / count;
            // Splitting inside a character is allowed, but has its own fault.
            while kind == MessageKind::Text && to < content.len() && content[to] & 0xC0 == 0x80 {
                to += 1;
            }
            let part = &content[from..to.max(from)];
            from = to.max(from);
            let opcode = if number == 1 { opcode(kind) } else { Opcode::Continuation };
            let header = FrameHeader::unmasked(number == count, opcode, part.len() as u64);
            self.outbox.push(at, Action::frame(header, part.to_vec(), why.clone()));
            if self.talk.fragment_pings && number < count {
                let payload = format!("between {number} and {}", number + 1);
                let deliberate = reasons::ping_between();
                self.outbox.push(at, Action::control(Opcode::Ping, payload.into_bytes(), Some(deliberate)));
            }
        }
    }

    /// Whether a ping is answered. Records it if not.
    pub(in crate::lab) fn answers_ping(&mut self, now: Instant) -> bool {
        if self.talk.no_pong {
            self.outbox.push(now, Action::Act(reasons::no_pong()));
        }
        !self.talk.no_pong
    }

    /// Whether a close frame is answered. Records it if not.
    pub(in crate::lab) fn answers_close(&mut self, now: Instant) -> bool {
        if self.talk.no_close_answer {
            self.outbox.push(now, Action::Act(reasons::no_close_answer()));
            self.end(Closing::Unanswered);
        }
        !self.talk.no_close_answer
    }

    /// The close frame was sent or will never be. Only deliberate actions remain.
    pub(super) fn end(&mut self, closing: Closing) {
        self.closing = Some(closing);
        self.timers.stop();
        self.urgent.take_if(|out| matches!(out, Action::Close(..)));
        self.outbox.keep_only_deliberate();
        self.content = Vec::new();
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
        self.timers.resume.is_some() || (self.outbox.is_full() && !self.is_inside_plain_message())
    }

    pub(super) fn is_inside_plain_message(&self) -> bool {
        self.plain && self.under_way
    }

    /// The number of bytes held.
    pub(in crate::lab) fn held(&self) -> usize {
        self.content.len() + self.outbox.bytes()
    }

    /// When something is next due. `ready` says what may be sent.
    pub(in crate::lab) fn next(&self, ready: Ready) -> Option<Instant> {
        [self.timers.next(), self.outbox.next(ready)].into_iter().flatten().min()
    }
}
