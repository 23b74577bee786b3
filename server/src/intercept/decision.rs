//! What observers decide about a held message.

use super::interceptor::{Interceptor, Outcome};
use super::records::{Context, content, end};
use observation::command::{AnswerHeld, Edited, Forward};
use observation::{Command, Content};
use tokio::time::Instant;
use wire::Sender;
use wire::opcode::Opcode;

impl<T: Clone> Interceptor<T> {
    /// Does what a command decides about a held message. `None` if the command is about something else.
    ///
    /// # Errors
    /// Why the command is refused, without a capital letter at the start and without a full stop. The message still waits then.
    pub(crate) fn decide(&mut self, command: &Command, now: Instant) -> Option<Result<Vec<Outcome<T>>, String>> {
        match command {
            Command::Forward(Forward { held, edited }) => Some(self.forward(*held, edited.as_ref(), now)),
            Command::Discard(held) => Some(self.discard(*held)),
            Command::Answer(AnswerHeld { held, with }) => Some(self.answer(*held, with, now)),
            Command::ForwardHead(_) | Command::Refuse(_) => {
                Some(Err("no handshake is held on this connection; to forward a message, send `forward`".to_owned()))
            }
            _ => None,
        }
    }

    fn forward(&mut self, held: u64, edited: Option<&Edited>, now: Instant) -> Result<Vec<Outcome<T>>, String> {
        let from = self.sender_of(held)?;
        edited.map(|edited| self.check(edited, from)).transpose()?;
        let waiter = self.waiting.take_held(held).ok_or_else(|| none(held))?;
        let record = Context { rule: &waiter.rule, payload_cap: self.payload_cap };
        let (after, words) = match edited {
            Some(edited) => (self.content(edited), "held this message, and an observer edited it and forwarded it"),
            None => (content(&waiter.unit, self.payload_cap), "held this message, and an observer forwarded it"),
        };
        let why = record.why("forward", words);
        let act = record.no_longer(why.clone(), &waiter, vec![after]);
        let goes_on = match edited {
            Some(edited) => Outcome::Frame { from, edited: edited.clone(), why },
            None => Outcome::Original { from, original: waiter.original, why: Some(why), is_copy: false },
        };
        self.waiting.passed(from, now);
        Ok(vec![Outcome::Record { from, act }, goes_on])
    }

    fn discard(&mut self, held: u64) -> Result<Vec<Outcome<T>>, String> {
        let waiter = self.waiting.take_held(held).ok_or_else(|| none(held))?;
        let record = Context { rule: &waiter.rule, payload_cap: self.payload_cap };
        let why = record.why("discard", "held this message, and an observer dropped it");
        let act = record.no_longer(why, &waiter, Vec::new());
        Ok(vec![Outcome::Record { from: waiter.unit.from, act }])
    }

    fn answer(&mut self, held: u64, with: &Edited, now: Instant) -> Result<Vec<Outcome<T>>, String> {
        let from = self.sender_of(held)?;
        let answers = match from {
            Sender::Client => Sender::Server,
            Sender::Server => Sender::Client,
        };
        self.check(with, answers)?;
        let waiter = self.waiting.take_held(held).ok_or_else(|| none(held))?;
        let record = Context { rule: &waiter.rule, payload_cap: self.payload_cap };
        let words = format!("held this message, and an observer answered it in the place of the {}", end(answers));
        let why = record.why("answer", &words);
        let act = record.no_longer(why.clone(), &waiter, vec![self.content(with)]);
        self.waiting.passed(answers, now);
        Ok(vec![Outcome::Record { from, act }, Outcome::Frame { from: answers, edited: with.clone(), why }])
    }

    fn sender_of(&self, held: u64) -> Result<Sender, String> {
        self.waiting.sender_of(held).ok_or_else(|| none(held))
    }

    fn content(&self, edited: &Edited) -> Content {
        Content::new(edited.frame.opcode, &edited.frame.payload, edited.compress, self.payload_cap)
    }

    /// Whether a frame can go on as if `from` had sent it.
    fn check(&self, Edited { frame, compress }: &Edited, from: Sender) -> Result<(), String> {
        let header = frame.header()?;
        if *compress && !self.scope.deflate {
            return Err("this connection has no permessage-deflate, so the frame cannot be compressed".to_owned());
        }
        if *compress && (header.opcode.is_control() || header.opcode == Opcode::Continuation) {
            return Err("only a text or binary message can be compressed; set `compress` to false".to_owned());
        }
        if *compress && (frame.length.is_some() || !frame.fin) {
            return Err(
                "a compressed message is one frame with the length of its payload; leave out `length`, and set FIN"
                    .to_owned(),
            );
        }
        let is_message = matches!(header.opcode, Opcode::Text | Opcode::Binary) && header.fin;
        let is_plain = !header.rsv.any() && frame.length.is_none_or(|length| length == frame.payload.len() as u64);
        if self.scope.is_lab && from == Sender::Client && !(is_message && is_plain) {
            return Err("the client’s message has arrived at the lab, so only its content and its kind can change: send a text or binary frame with FIN set and without reserved bits".to_owned());
        }
        if self.scope.is_lab
            && from == Sender::Client
            && header.opcode == Opcode::Text
            && std::str::from_utf8(&frame.payload).is_err()
        {
            return Err("a text message is UTF-8, and this payload is not; send it as a binary message".to_owned());
        }
        Ok(())
    }
}

fn none(held: u64) -> String {
    format!("no message {held} is held on this connection; its time was over, or an observer has decided about it")
}
