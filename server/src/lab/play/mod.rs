//! A behaviour at work on an open connection: what goes out for it, and when. No waiting, no IO.
//!
//! [`Play`] decides, from what came, and in [`clock`] from the time; [`outbox`] keeps what waits for its moment, and
//! [`stage`] puts what is due among the replies. A connection whose behaviour is a plain echo has none of this until a
//! command comes.

mod clock;
pub(super) mod command;
mod outbox;
mod purpose;
mod stage;

pub(super) use outbox::Ready;
pub(super) use stage::Stage;

use super::behaviour::{After, Fault, Talk, fault};
use super::replies::Replies;
use clock::Timers;
use observation::Deliberate;
use observation::command::DropBy;
use observation::event::Cause;
use outbox::{Out, Outbox};
use tokio::time::Instant;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

pub(super) struct Play {
    talk: Talk,
    /// Whether permessage-deflate was agreed on.
    deflate: bool,
    /// Messages of the client's that have come whole under this behaviour, and replies to them.
    messages: u32,
    replies: u32,
    /// Whether the client's message under way goes back as it comes, as on a connection without a behaviour.
    plain: bool,
    /// Whether one is under way.
    under_way: bool,
    /// What has come of it, if it does not go back as it comes.
    content: Vec<u8>,
    outbox: Outbox,
    /// A goodbye or a drop for which the time has come: it does not wait behind others.
    urgent: Option<Out>,
    timers: Timers,
    pushes: u64,
    pings: u64,
    /// How far the closing handshake has come, if it has begun.
    closing: Option<Closing>,
}

/// Past this, nothing goes out by itself any more but what is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// The client’s close frame is left without an answer.
    Unanswered,
    /// The relay has sent its own.
    Sent,
}

impl Play {
    pub(super) fn new(talk: Talk, deflate: bool, now: Instant) -> Self {
        let mut play = Self {
            talk: Talk::default(),
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
        play.take_on(talk, now);
        play
    }

    /// The same for a connection that had no behaviour until now: perhaps in the middle of a message, or closing.
    pub(super) fn in_the_middle(mut self, of_message: bool, sent_close: bool) -> Self {
        self.under_way = of_message;
        self.closing = sent_close.then_some(Closing::Sent);
        self
    }

    pub(super) fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Behaves so from now on. What waits already still goes out.
    fn take_on(&mut self, talk: Talk, now: Instant) {
        self.timers.start(&talk, now);
        (self.messages, self.replies, self.pushes) = (0, 0, 0);
        self.talk = talk;
        if let Some(greeting) = self.talk.greet.clone() {
            let deliberate = purpose::greeting();
            self.message(MessageKind::Text, greeting.as_bytes(), now, Some(deliberate));
        }
    }

    /// A message of the client's begins.
    pub(super) fn begins(&mut self) {
        let Talk { silent, fragments, delay, drip, .. } = &self.talk;
        let as_it_comes = !silent && fragments.is_none() && delay.is_none() && drip.is_none();
        let spoilt = self.talk.faults.iter().any(|(at, _)| *at == self.replies + 1);
        self.plain = as_it_comes && !spoilt && self.outbox.is_empty() && self.closing.is_none();
        self.under_way = true;
    }

    /// Whether the message under way goes back as it comes.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// More of the content of a message that does not.
    pub(super) fn collect(&mut self, bytes: &[u8]) {
        if !self.talk.silent && self.closing.is_none() {
            self.content.extend_from_slice(bytes);
        }
    }

    /// The client's message has come whole.
    pub(super) fn message_over(&mut self, kind: MessageKind, now: Instant) {
        self.under_way = false;
        self.messages = self.messages.saturating_add(1);
        let content = std::mem::take(&mut self.content);
        if self.plain {
            self.replies = self.replies.saturating_add(1);
        } else if self.talk.silent {
            self.outbox.push(now, Out::Act(purpose::no_reply()));
        } else if self.closing.is_none() {
            self.replies = self.replies.saturating_add(1);
            self.reply(kind, &content, now);
        }
        // Behind the reply that waits longest.
        let at = self.talk.delay.map_or(now, |delay| now + delay);
        if let Some(close) = self.talk.close.as_ref().filter(|close| close.when == After::Messages(self.messages)) {
            let (code, reason) = (close.code, close.reason.clone());
            self.outbox.push(at, Out::Goodbye(code, reason, purpose::close_after(), Cause::Left));
        }
        if let Some(drop) = self.talk.drop.filter(|drop| drop.when == After::Messages(self.messages)) {
            self.outbox.push(at, Out::Drop(drop.by, purpose::drop(drop.by)));
        }
    }

    fn reply(&mut self, kind: MessageKind, content: &[u8], now: Instant) {
        let at = self.talk.delay.map_or(now, |delay| now + delay);
        let fault = self.talk.faults.iter().find(|(at, _)| *at == self.replies).map(|(_, fault)| *fault);
        match fault {
            Some(fault) => self.spoilt_reply(fault, kind, content, at),
            None => self.message(kind, content, at, self.talk.delay.map(purpose::delayed)),
        }
    }

    fn spoilt_reply(&mut self, fault: Fault, kind: MessageKind, content: &[u8], at: Instant) {
        for fault::Made { header, payload, deliberate } in fault.make(kind, content) {
            let broken = fault == Fault::BrokenDeflate && self.deflate;
            let deliberate = deliberate.then(|| fault.deliberate());
            self.outbox.push(at, Out::Frame { header, payload, deliberate, broken });
        }
        if fault.cuts() {
            self.outbox.push(at, Out::Drop(DropBy::Fin, purpose::drop(DropBy::Fin)));
        }
    }

    /// Puts a message of the relay's by, in as many frames as the behaviour wants.
    fn message(&mut self, kind: MessageKind, content: &[u8], at: Instant, why: Option<Deliberate>) {
        let count = self.talk.fragments.unwrap_or(1).max(1) as usize;
        let why = why.or_else(|| match (count, self.talk.drip) {
            (2.., _) => Some(purpose::fragments(count)),
            (_, gap) => gap.map(purpose::drip),
        });
        let mut from = 0;
        for number in 1..=count {
            let mut to = content.len() * number / count;
            // A cut inside a character is allowed, and a fault of its own shows it.
            while kind == MessageKind::Text && to < content.len() && content[to] & 0xC0 == 0x80 {
                to += 1;
            }
            let part = &content[from..to.max(from)];
            from = to.max(from);
            let opcode = if number == 1 { fault::opcode(kind) } else { Opcode::Continuation };
            let header = FrameHeader::unmasked(number == count, opcode, part.len() as u64);
            self.outbox.push(at, Out::frame(header, part.to_vec(), why.clone()));
            if self.talk.fragment_pings && number < count {
                let payload = format!("between {number} and {}", number + 1);
                let deliberate = purpose::ping_between();
                self.outbox.push(at, Out::control(Opcode::Ping, payload.into_bytes(), Some(deliberate)));
            }
        }
    }

    /// Whether a ping of the client's is answered; notes it if not.
    pub(super) fn answers_ping(&mut self, now: Instant) -> bool {
        if self.talk.no_pong {
            self.outbox.push(now, Out::Act(purpose::no_pong()));
        }
        !self.talk.no_pong
    }

    /// The same for its close frame.
    pub(super) fn answers_close(&mut self, now: Instant) -> bool {
        if self.talk.no_close_answer {
            self.outbox.push(now, Out::Act(purpose::no_close_answer()));
            self.end(Closing::Unanswered);
        }
        !self.talk.no_close_answer
    }

    /// The goodbye has been said, or will not be: only what is on purpose still goes out.
    fn end(&mut self, closing: Closing) {
        self.closing = Some(closing);
        self.timers.stop();
        self.urgent.take_if(|out| matches!(out, Out::Goodbye(..)));
        self.outbox.keep_deliberate();
        self.content = Vec::new();
    }

    /// The relay says goodbye by itself, among `replies`. A pause ends too: the client's answer is to be seen.
    pub(super) fn leave(&mut self, replies: &mut Replies<'_, '_>) {
        self.finish_drip(replies);
        self.timers.resume = None;
        self.end(Closing::Sent);
    }

    /// A frame that answers the client's has to wait behind one that goes out byte by byte.
    pub(super) fn wait(&mut self, header: FrameHeader, payload: &[u8], now: Instant) -> bool {
        let waits = self.outbox.is_dripping();
        if waits {
            self.outbox.push(now, Out::frame(header, payload.to_vec(), None));
        }
        waits
    }

    /// Whether nothing is to be read for now. What waits for the end of the client's message does not keep that from coming.
    pub(super) fn is_blocked(&self) -> bool {
        self.timers.resume.is_some() || (self.outbox.is_full() && !self.is_inside_plain_message())
    }

    fn is_inside_plain_message(&self) -> bool {
        self.plain && self.under_way
    }

    /// Bytes that it keeps.
    pub(super) fn held(&self) -> usize {
        self.content.len() + self.outbox.bytes()
    }

    /// When something is next to be done, if `ready` says what may go out.
    pub(super) fn next(&self, ready: Ready) -> Option<Instant> {
        [self.timers.next(), self.outbox.next(ready)].into_iter().flatten().min()
    }
}
