//! A behaviour at work on an open connection: what goes out for it, and when. No waiting, no IO.
//!
//! [`Play`] decides, from what came and from the time; [`outbox`] keeps what waits for its moment, and [`stage`] puts what is
//! due among the replies. A connection whose behaviour is a plain echo has none of this until a command comes.

pub(super) mod command;
mod outbox;
mod purpose;
mod stage;

pub(super) use outbox::Ready;
pub(super) use stage::Stage;

use super::behaviour::{After, Fault, Talk, fault};
use observation::command::DropBy;
use observation::event::Cause;
use outbox::{Out, Outbox};
use std::time::Duration;
use tokio::time::Instant;
use wire::close::CloseCode;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// The longest that a command may keep the relay from reading.
const MAX_PAUSE: Duration = Duration::from_secs(60);

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
    timers: Timers,
    pushes: u64,
    pings: u64,
    /// The payload of the ping whose pong has a deadline.
    pinged: Option<Vec<u8>>,
    /// When something last travelled, either way.
    active: Instant,
    /// Whether the goodbye has been said: nothing more goes out but what is wrong on purpose.
    over: bool,
}

/// When the next of each is due.
#[derive(Default)]
struct Timers {
    push: Option<Instant>,
    ping: Option<Instant>,
    pong: Option<Instant>,
    close: Option<Instant>,
    drop: Option<Instant>,
    /// The end of a pause.
    resume: Option<Instant>,
}

impl Timers {
    fn next(&self) -> Option<Instant> {
        let Self { push, ping, pong, close, drop, resume } = self;
        [push, ping, pong, close, drop, resume].into_iter().flatten().min().copied()
    }
}

/// Takes the time out of `timer` if it has come.
fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
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
            timers: Timers::default(),
            pushes: 0,
            pings: 0,
            pinged: None,
            active: now,
            over: false,
        };
        play.take_on(talk, now);
        play
    }

    pub(super) fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Behaves so from now on. What waits already still goes out.
    fn take_on(&mut self, talk: Talk, now: Instant) {
        let at = |after: Option<After>| match after {
            Some(After::Time(time)) => Some(now + time),
            _ => None,
        };
        self.timers = Timers {
            push: talk.push.as_ref().map(|push| now + push.every),
            ping: talk.heartbeat.as_ref().map(|heartbeat| now + heartbeat.every),
            pong: None,
            close: at(talk.close.as_ref().map(|close| close.when)),
            drop: at(talk.drop.map(|drop| drop.when)),
            resume: self.timers.resume,
        };
        (self.messages, self.replies, self.pushes, self.pinged, self.active) = (0, 0, 0, None, now);
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
        self.plain = as_it_comes && !spoilt && self.outbox.is_empty() && !self.over;
        self.under_way = true;
    }

    /// Whether the message under way goes back as it comes.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// More of the content of a message that does not.
    pub(super) fn collect(&mut self, bytes: &[u8]) {
        self.content.extend_from_slice(bytes);
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
        } else if !self.over {
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
    fn message(&mut self, kind: MessageKind, content: &[u8], at: Instant, why: Option<observation::Deliberate>) {
        let count = self.talk.fragments.unwrap_or(1).max(1) as usize;
        let why = match (count, self.talk.drip) {
            (2.., _) => Some(purpose::fragments(count)),
            (_, Some(gap)) => Some(why.unwrap_or_else(|| purpose::drip(gap))),
            _ => why,
        };
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

    /// A pong came.
    pub(super) fn pong(&mut self, payload: &[u8]) {
        if self.pinged.take_if(|sent| sent == payload).is_some() {
            self.timers.pong = None;
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
            self.end();
        }
        !self.talk.no_close_answer
    }

    /// Something travelled.
    pub(super) fn travelled(&mut self, now: Instant) {
        self.active = now;
    }

    /// The goodbye has been said, or will not be: only what is on purpose still goes out.
    fn end(&mut self) {
        self.over = true;
        let resume = self.timers.resume;
        self.timers = Timers { resume, ..Timers::default() };
        self.outbox.keep_deliberate();
    }

    /// The relay says goodbye by itself, among `replies`.
    pub(super) fn leave(&mut self, replies: &mut super::replies::Replies<'_, '_>) {
        self.finish_drip(replies);
        self.end();
    }

    /// A frame that answers the client's has to wait behind one that goes out byte by byte.
    pub(super) fn wait(&mut self, header: FrameHeader, payload: &[u8], now: Instant) -> bool {
        let waits = self.outbox.is_dripping();
        if waits {
            self.outbox.push(now, Out::frame(header, payload.to_vec(), None));
        }
        waits
    }

    /// Whether nothing is to be read for now.
    pub(super) fn is_blocked(&self) -> bool {
        self.timers.resume.is_some() || self.outbox.is_full()
    }

    /// Bytes that it keeps.
    pub(super) fn held(&self) -> usize {
        self.content.len() + self.outbox.bytes()
    }

    /// When something is next to be done, if `ready` says what may go out.
    pub(super) fn next(&self, ready: Ready) -> Option<Instant> {
        let idle = self.talk.idle.filter(|_| !self.over).map(|idle| self.active + idle.after);
        [self.timers.next(), idle, self.outbox.next(ready)].into_iter().flatten().min()
    }

    /// Does what the time asks for.
    fn tick(&mut self, now: Instant) {
        if due(&mut self.timers.resume, now) {
            self.outbox.push(now, Out::Act(purpose::resumed_by_itself()));
        }
        if self.over {
            return;
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
            let payload = heartbeat.payload.unwrap_or_else(|| self.pings.to_string()).into_bytes();
            // The deadline of the ping before stays: an answer to this one is none to that.
            if let Some(within) = heartbeat.within.filter(|_| self.timers.pong.is_none()) {
                self.timers.pong = Some(now + within);
                self.pinged = Some(payload.clone());
            }
            if self.outbox.has_room_for_more() {
                self.outbox.push(now, Out::control(Opcode::Ping, payload, Some(purpose::heartbeat())));
            }
        }
        if due(&mut self.timers.pong, now) {
            let reason = "no pong came in time".to_owned();
            self.outbox
                .push(now, Out::Goodbye(CloseCode::INTERNAL_ERROR, reason, purpose::no_pong_came(), Cause::NoPong));
        }
        if due(&mut self.timers.close, now)
            && let Some(close) = &self.talk.close
        {
            let (code, reason) = (close.code, close.reason.clone());
            self.outbox.push(now, Out::Goodbye(code, reason, purpose::close_after(), Cause::Left));
        }
        if due(&mut self.timers.drop, now)
            && let Some(drop) = self.talk.drop
        {
            self.outbox.push(now, Out::Drop(drop.by, purpose::drop(drop.by)));
        }
        if let Some(idle) = self.talk.idle.filter(|idle| self.active + idle.after <= now) {
            self.active = now;
            self.outbox.push(
                now,
                match idle.drop {
                    Some(by) => Out::Drop(by, purpose::idle_drop(by)),
                    None => {
                        let reason = "nothing travelled for too long".to_owned();
                        Out::Goodbye(CloseCode::GOING_AWAY, reason, purpose::idle_close(), Cause::Idle)
                    }
                },
            );
        }
    }
}
