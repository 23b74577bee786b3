//! A handshake that rules act on before the relay sends it: it waits for its time or for the decision of an observer, and goes on, edited
//! or not, or is refused.

use super::client_side::ClientSide;
use crate::intercept::{HandshakeRule, HandshakeVerdict, HandshakeWait, PassingHandshake, judge_handshake};
use crate::lab::HandshakeRefusal;
use crate::session::{Mailbox, PendingCommand};
use crate::state::AppState;
use observation::command::{Forward, ForwardHead, RefuseHeld};
use observation::rule::{Expiry, HandshakePart};
use observation::{Act, Command, ConnectionNumber, Deliberate, Event};
use std::future::poll_fn;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// What a client gets if nobody chooses a status. RFC 9110 §15.5.4.
const FORBIDDEN: u16 = 403;
const NOT_OPEN: &str = "this connection is not open yet: its handshake is held; forward, edit or refuse it with `forward`, `forward-head`, `discard` or `refuse`";

/// A part of a handshake that the relay is about to send.
pub(super) struct Intercepting<'a> {
    pub(super) app: &'a AppState,
    pub(super) near: &'a ClientSide,
    pub(super) part: HandshakePart,
    /// The server side, if it is open.
    pub(super) far: Option<ConnectionNumber>,
    /// Those that the client offers, or the one that the server has selected.
    pub(super) subprotocols: &'a [String],
    pub(super) head: &'a [u8],
}

/// What the relay sends.
pub(super) enum Passage<E> {
    AsItWas,
    /// What an observer made of it.
    Edited(E, Deliberate),
    /// The client gets a refusal instead.
    Refused(Box<HandshakeRefusal>),
}

impl Intercepting<'_> {
    /// Lets the rules of the session act. `edit` checks what an observer has typed, with the head as it is recorded, and returns the new
    /// head with what the relay needs of it.
    pub(super) async fn pass<E>(self, edit: impl Fn(&str, &[u8]) -> Result<(Vec<u8>, E), String>) -> Passage<E> {
        let Self { app, near, part, far, subprotocols, head } = self;
        let recorded = near.session.recorded_head(part, head);
        let numbers: Vec<_> = std::iter::once(near.number).chain(far).collect();
        let passing = PassingHandshake { part, numbers: &numbers, subprotocols, head, recorded: &recorded };
        let (notes, verdict) = judge_handshake(near.session.rules(), passing);
        notes.into_iter().for_each(|act| record(near, act));
        let (rule, wait) = match verdict {
            HandshakeVerdict::GoesOn => return Passage::AsItWas,
            HandshakeVerdict::Refused(rule) => {
                let why = rule.why("drop", &format!("refuses {}", rule.words()));
                record(near, rule.act(why.clone(), None, b""));
                return Passage::Refused(Box::new(HandshakeRefusal::by_rule(
                    FORBIDDEN,
                    why.explanation.to_string(),
                    why,
                )));
            }
            HandshakeVerdict::Waits(rule, wait) => (rule, wait),
        };
        let mut share = app.memory.share();
        // The head, the record of it, and what an observer makes of it.
        if share.resize(3 * head.len()).is_err() {
            record(near, rule.no_memory(wait));
            return Passage::AsItWas;
        }
        let mut held = Held::begin(near, rule, wait);
        let until = Instant::now() + wait.time;
        loop {
            tokio::select! {
                biased;
                pending = held.next_command() => {
                    if let Some(passage) = held.decide(&pending, head, |typed| edit(typed, &recorded)) {
                        return passage;
                    }
                }
                () = app.shutdown.asked() => {
                    let reason = app.shutdown.reason().to_owned();
                    return Passage::Refused(Box::new(HandshakeRefusal::own(503, "shutdown", &[], reason)));
                }
                () = sleep_until(until) => return held.expire(head),
            }
        }
    }
}

/// A handshake that waits. Dropped before it is decided, it records that it went no further.
struct Held<'a> {
    near: &'a ClientSide,
    /// `None` once it is decided.
    rule: Option<HandshakeRule>,
    wait: HandshakeWait,
    /// Its number and the commands for its connection, unless it is only delayed.
    held: Option<(u64, Arc<Mailbox>)>,
}

impl<'a> Held<'a> {
    /// Records that it waits. From then on, observers can decide about it.
    fn begin(near: &'a ClientSide, rule: HandshakeRule, wait: HandshakeWait) -> Self {
        let held = wait.expiry.map(|_| {
            let mailbox = Arc::default();
            near.session.open_mailbox(near.number, &mailbox);
            (near.hold(), mailbox)
        });
        let micros = u64::try_from(wait.time.as_micros()).unwrap_or(u64::MAX);
        let until_us = near.session.now_us().saturating_add(micros);
        record(near, rule.waits(wait, held.as_ref().map(|(number, _)| *number), until_us));
        Self { near, rule: Some(rule), wait, held }
    }

    /// The next command for the connection. Never resolves if it takes none.
    async fn next_command(&self) -> PendingCommand {
        match &self.held {
            Some((_, mailbox)) => poll_fn(|cx| mailbox.poll_take(cx)).await,
            None => std::future::pending().await,
        }
    }

    /// Does what a command asks for, or refuses it. `None` if the handshake still waits.
    fn decide<E>(
        &mut self,
        pending: &PendingCommand,
        head: &[u8],
        edit: impl Fn(&str) -> Result<(Vec<u8>, E), String>,
    ) -> Option<Passage<E>> {
        let decided = self.check(&pending.command).and_then(|()| match &pending.command {
            Command::Forward(_) => Ok(self.goes_on("an observer forwarded it", head)),
            Command::ForwardHead(ForwardHead { head: typed, .. }) => {
                let (head, edited) = edit(typed)?;
                let why = self.decided("forward", "an observer edited it and forwarded it", &head);
                Ok(Passage::Edited(edited, why))
            }
            Command::Discard(_) => Ok(self.refused("discard", FORBIDDEN, "an observer dropped it")),
            Command::Refuse(RefuseHeld { status, .. }) => {
                Ok(self.refused("refuse", *status, &format!("an observer refused it with {status}")))
            }
            _ => Err(NOT_OPEN.to_owned()),
        });
        match decided {
            Ok(passage) => {
                pending.answer(None);
                Some(passage)
            }
            Err(why) => {
                record(self.near, Act::refused(&pending.command, why.clone()));
                pending.answer(Some(why));
                None
            }
        }
    }

    /// Whether a command is for this handshake.
    fn check(&self, command: &Command) -> Result<(), String> {
        let number = match command {
            Command::Forward(Forward { edited: Some(_), .. }) | Command::Answer(_) => {
                return Err(
                    "this is a handshake and no message; edit it with `forward-head`, or refuse it with `refuse`"
                        .to_owned(),
                );
            }
            Command::Refuse(RefuseHeld { status, .. }) if !(400..=599).contains(status) => {
                return Err(format!("a refusal has a status from 400 to 599, and this one has {status}"));
            }
            Command::Forward(Forward { held, .. })
            | Command::ForwardHead(ForwardHead { held, .. })
            | Command::Discard(held)
            | Command::Refuse(RefuseHeld { held, .. }) => *held,
            _ => return Ok(()),
        };
        match &self.held {
            Some((held, _)) if *held == number => Ok(()),
            _ => Err(format!(
                "no handshake {number} is held on this connection; its time was over, or an observer has decided about it"
            )),
        }
    }

    /// Its time is over.
    fn expire<E>(mut self, head: &[u8]) -> Passage<E> {
        match self.wait.expiry {
            Some(Expiry::Drop) => self.refused("discard", FORBIDDEN, "its time was over, so it was refused"),
            Some(Expiry::Forward) => self.goes_on("its time was over, so it went on", head),
            None => self.goes_on("it went on", head),
        }
    }

    fn goes_on<E>(&mut self, how: &str, head: &[u8]) -> Passage<E> {
        let what = if self.wait.expiry.is_some() { "forward" } else { "delay" };
        self.decided(what, how, head);
        Passage::AsItWas
    }

    fn refused<E>(&mut self, what: &'static str, status: u16, how: &str) -> Passage<E> {
        let why = self.decided(what, how, b"");
        Passage::Refused(Box::new(HandshakeRefusal::by_rule(status, why.explanation.to_string(), why)))
    }

    /// Records what became of it. `after` is the head that the relay sends, or empty.
    fn decided(&mut self, what: &'static str, how: &str, after: &[u8]) -> Deliberate {
        let Some(rule) = self.rule.take() else { return Deliberate::by_rule(what, how.to_owned(), None) };
        let verb = if self.wait.expiry.is_some() { "held" } else { "delayed" };
        let why = rule.why(what, &format!("{verb} {}, and {how}", rule.words()));
        record(self.near, rule.act(why.clone(), self.held.as_ref().map(|(number, _)| *number), after));
        why
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.rule.is_some() {
            self.decided("discard", "the connection ended, so it went no further", b"");
        }
        if self.held.is_some() {
            for pending in self.near.session.close_mailbox(self.near.number) {
                pending.answer(Some("the handshake of this connection is not held any more".to_owned()));
            }
        }
    }
}

fn record(near: &ClientSide, act: Act) {
    near.session.append_event(near.number, &Event::Act(act));
}
