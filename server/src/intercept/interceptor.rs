//! Decides what happens to each message of a connection. `T` is a message as its connection has it.

use super::records::{Context, content};
use super::rule_set::{Action, CompiledRule, RuleSet};
use super::scope::Scope;
use super::session_rules::SessionRules;
use super::waiting::{Wait, Waiter, Waiting};
use crate::behaviour::Fault;
use crate::conditions::Conversation;
use crate::conditions::unit::{MAX_CONTENT, Unit};
use crate::memory::{MemoryBudget, MemoryShare};
use observation::command::Edited;
use observation::rule::{CloseCode, Expiry, Hold};
use observation::{Act, Content, Deliberate};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wire::Sender;
use wire::opcode::Opcode;

/// The most bytes in the copies of a message.
const MAX_COPIED: usize = 2 << 20;
/// How many bytes of a message are recorded once more with a note. The frame has all that is recorded of it.
const NOTED: usize = 256;

pub(crate) struct Interceptor<T> {
    rules: Arc<SessionRules>,
    /// A moment, and the session's time at it in microseconds.
    clock: (Instant, u64),
    pub(super) scope: Scope,
    /// The state of the session's rules when they were last looked at.
    seen: u64,
    set: Arc<RuleSet>,
    /// The positions of the rules that can still act on this connection, from 0.
    active: Vec<usize>,
    /// How many times each rule has acted.
    acted: Vec<u32>,
    /// Whether one of them asks for decoded fields. Only then, earlier messages are kept.
    decodes: bool,
    conversation: Conversation,
    /// Counts what is kept of earlier messages.
    earlier: MemoryShare,
    pub(super) waiting: Waiting<T>,
    pub(super) payload_cap: usize,
    /// When the connection ends by itself, apart from the relay's idle timeout.
    ends: Option<Instant>,
}

/// What a connection has to do, in this order.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// A message goes on as it was. `why` is given if it is late or a copy.
    Original { from: Sender, original: T, why: Option<Deliberate>, is_copy: bool },
    /// A message with this content goes on, as if `from` had sent it.
    Content { from: Sender, opcode: Opcode, content: Vec<u8>, compress: bool, why: Deliberate },
    /// A frame goes on, as if `from` had sent it.
    Frame { from: Sender, edited: Edited, why: Deliberate },
    /// A message goes on with a fault.
    Fault { from: Sender, fault: Fault, unit: Unit, why: Deliberate },
    /// The connection is closed.
    Close { close: CloseCode, why: Deliberate },
    /// To be recorded where `from` sends.
    Record { from: Sender, act: Act },
}

impl<T: Clone> Interceptor<T> {
    /// `now_us` is the session's time in microseconds. `memory` counts what waits.
    pub(crate) fn new(
        rules: Arc<SessionRules>,
        now_us: u64,
        scope: Scope,
        memory: &MemoryBudget,
        payload_cap: usize,
    ) -> Self {
        let (set, active, acted) = Default::default();
        let (clock, waiting, earlier) = ((Instant::now(), now_us), Waiting::new(memory.share()), memory.share());
        let conversation = Conversation::new(scope.subprotocol.clone(), scope.path.clone());
        Self {
            rules,
            clock,
            scope,
            seen: 0,
            set,
            active,
            acted,
            decodes: false,
            conversation,
            earlier,
            waiting,
            payload_cap,
            ends: None,
        }
    }

    /// When the connection ends by itself if nothing more is sent on it, as far as its end of the relay knows.
    pub(crate) fn expects_end(&mut self, at: Option<Instant>) {
        self.ends = at;
    }

    /// Numbers held messages after the handshakes that were held before.
    pub(crate) fn count_from(&mut self, held: u64) {
        self.waiting.count_from(held);
    }

    /// Takes the rules of the session, if they have changed. Costs a load if they have not.
    #[inline]
    pub(crate) fn refresh(&mut self) {
        if self.is_outdated() {
            self.load();
        }
    }

    /// Whether the session's rules have changed since the last look at them.
    #[inline]
    pub(crate) fn is_outdated(&self) -> bool {
        self.rules.have_changed(self.seen)
    }

    /// Whether no rule can act on this connection, and nothing waits.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.active.is_empty() && self.waiting.is_empty()
    }

    /// A rule that stays the same goes on counting how many times it has acted.
    #[cold]
    fn load(&mut self) {
        let (set, seen) = self.rules.load();
        let old = std::mem::replace(&mut self.set, set);
        let is_same = |index: usize, new: &CompiledRule| {
            old.get(index).is_some_and(|old| {
                let (old, new) = (&old.rule, &new.rule);
                (&old.when, &old.then, old.times) == (&new.when, &new.then, new.times)
            })
        };
        let acted = self.set.iter().enumerate().map(|(index, rule)| match self.acted.get(index) {
            Some(acted) if is_same(index, rule) => *acted,
            _ => 0,
        });
        self.acted = acted.collect();
        let acts = |(index, rule): &(usize, &CompiledRule)| {
            rule.rule.on && self.scope.has(&rule.rule.when) && !rule.is_over(self.acted[*index])
        };
        self.active = self.set.iter().enumerate().filter(acts).map(|(index, _)| index).collect();
        let mut compiled = self.active.iter().filter_map(|index| self.set.get(*index));
        self.decodes = compiled.any(|rule| rule.condition.decodes());
        if !self.decodes {
            self.conversation.forget_texts();
        }
        self.seen = seen;
    }

    /// Notices a message for those that follow it, because one may say how they are encoded.
    fn hear(&mut self, unit: &Unit) {
        self.conversation.hears(unit);
        if self.earlier.resize(self.conversation.bytes()).is_err() {
            self.conversation.forget();
            // Shrinking cannot fail.
            let _ = self.earlier.resize(0);
        }
    }

    /// Whether messages from that end have to be judged.
    #[inline]
    pub(crate) fn is_active(&self, from: Sender) -> bool {
        !self.is_idle() && (self.has_rule_for(from) || self.waiting.has_from(from))
    }

    fn has_rule_for(&self, from: Sender) -> bool {
        let may = |index: &usize| self.set.get(*index).is_some_and(|rule| rule.condition.may_be_from(from.into()));
        // The first message of a client may say how later ones are encoded, also those of the server.
        let opens = self.decodes && from == Sender::Client && !self.conversation.has_opening();
        opens || self.active.iter().any(may)
    }

    /// What happens to a message or control frame.
    pub(crate) fn judge(&mut self, unit: Unit, original: T, now: Instant) -> Vec<Outcome<T>> {
        let mut out = Vec::new();
        let set = Arc::clone(&self.set);
        let from = unit.from;
        if self.decodes {
            self.hear(&unit);
        }
        // Rules leave the list when they have acted as many times as they may.
        let mut next = 0;
        while let Some(&index) = self.active.get(next) {
            next += 1;
            let holds = |rule: &&CompiledRule| rule.condition.holds(&unit, &self.conversation);
            let Some(compiled) = set.get(index).filter(holds) else { continue };
            // `None` if the rule cannot act on this message, so that the next ones are tried.
            let replaced = match &compiled.action {
                Action::Replace(replacement) => replacement.of(&unit),
                Action::Corrupt(_) if unit.opcode.is_control() => None,
                _ => Some(Vec::new()),
            };
            let Some(replaced) = replaced else { continue };
            self.acted[index] += 1;
            if compiled.is_over(self.acted[index]) {
                next -= 1;
                self.active.remove(next);
            }
            let rule = (index + 1, compiled.rule.name.clone());
            let record = Context { rule: &rule, payload_cap: self.payload_cap };
            match &compiled.action {
                Action::Note(text) => {
                    let record = Context { payload_cap: self.payload_cap.min(NOTED), ..record };
                    let why = record.why("note", &format!("matched: {text}"));
                    let after = vec![content(&unit, record.payload_cap)];
                    out.push(Outcome::Record { from, act: record.acts(why, &unit, after) });
                    continue;
                }
                Action::Replace(_) => {
                    let why = record.why("replace", "replaces the content of this message");
                    let after = Content::new(unit.opcode.nibble(), &replaced, unit.compressed, self.payload_cap);
                    out.push(Outcome::Record { from, act: record.acts(why.clone(), &unit, vec![after]) });
                    let (opcode, compress) = (unit.opcode, unit.compressed);
                    out.push(Outcome::Content { from, opcode, content: replaced, compress, why });
                    self.waiting.passed(from, now);
                }
                Action::Corrupt(_) if self.scope.is_lab && from == Sender::Client => {
                    let why = "the message has arrived at the lab, so the relay does not send it; choose messages from the server, or use /via or /relay";
                    out.push(Outcome::Record { from, act: record.refused("corrupt", &unit, why.to_owned()) });
                    continue;
                }
                Action::Corrupt(fault) => {
                    let words = format!("sends this message with the fault `{}`", fault.words().name);
                    let why = Deliberate { rule: fault.deliberate().rule, ..record.why("corrupt", &words) };
                    out.push(Outcome::Record { from, act: record.acts(why.clone(), &unit, Vec::new()) });
                    out.push(Outcome::Fault { from, fault: *fault, unit, why });
                    self.waiting.passed(from, now);
                    return out;
                }
                Action::Duplicate(copies) if unit.content.len() * *copies as usize > MAX_COPIED => {
                    let why = format!("the copies would have more than {MAX_COPIED} bytes");
                    out.push(Outcome::Record { from, act: record.refused("duplicate", &unit, why) });
                    continue;
                }
                Action::Duplicate(copies) => {
                    let words = format!("sends this message {} times", copies + 1);
                    let why = record.why("duplicate", &words);
                    let after = vec![content(&unit, self.payload_cap); 1 + *copies as usize];
                    out.push(Outcome::Record { from, act: record.acts(why.clone(), &unit, after) });
                    out.push(Outcome::Original { from, original: original.clone(), why: None, is_copy: false });
                    for _ in 0..*copies {
                        let original = original.clone();
                        out.push(Outcome::Original { from, original, why: Some(why.clone()), is_copy: true });
                    }
                    self.waiting.passed(from, now);
                }
                Action::Drop => {
                    let why = record.why("drop", "drops this message");
                    out.push(Outcome::Record { from, act: record.acts(why, &unit, Vec::new()) });
                }
                Action::Close(close) => {
                    let words = format!("closes the connection with {} instead of this message", close.code);
                    let why = record.why("close", &words);
                    out.push(Outcome::Record { from, act: record.acts(why.clone(), &unit, Vec::new()) });
                    out.push(Outcome::Close { close: close.clone(), why });
                }
                Action::Hold(Hold { ms, then }) => {
                    let why = Wait::Held { number: self.waiting.next_number(), expiry: *then };
                    return self.wait(out, (rule, why, Duration::from_millis(*ms)), unit, original, now);
                }
                Action::Delay(wait) => {
                    return self.wait(out, (rule, Wait::Delayed, *wait), unit, original, now);
                }
                Action::Reorder { behind, wait } => {
                    return self.wait(out, (rule, Wait::Behind(*behind), *wait), unit, original, now);
                }
            }
            return out;
        }
        out.push(Outcome::Original { from, original, why: None, is_copy: false });
        self.waiting.passed(from, now);
        out
    }

    /// The message waits, if there is room for it.
    fn wait(
        &mut self,
        mut out: Vec<Outcome<T>>,
        (rule, why, wait): ((usize, String), Wait, Duration),
        unit: Unit,
        original: T,
        now: Instant,
    ) -> Vec<Outcome<T>> {
        let from = unit.from;
        let record = Context { rule: &rule, payload_cap: self.payload_cap };
        if let Err(full) = self.waiting.room_for(&unit) {
            let what = match why {
                Wait::Held { .. } => "hold",
                Wait::Delayed => "delay",
                Wait::Behind(_) => "reorder",
            };
            out.push(Outcome::Record { from, act: record.refused(what, &unit, full.to_owned()) });
            out.push(Outcome::Original { from, original, why: None, is_copy: false });
            self.waiting.passed(from, now);
            return out;
        }
        let until = now + wait;
        let ends = self.ends.map_or(now + self.scope.idle, |ends| ends.min(now + self.scope.idle));
        let ends_us = (ends < until).then(|| self.time_us(ends));
        let times = (self.time_us(until), ends_us);
        let waiter = Waiter { rule: rule.clone(), unit, original, until, why };
        out.push(Outcome::Record { from, act: record.waits(&waiter, wait, times) });
        self.waiting.add(waiter);
        out
    }

    /// The session's time in microseconds.
    fn time_us(&self, at: Instant) -> u64 {
        let (then, then_us) = self.clock;
        let later = at.saturating_duration_since(then).as_micros();
        then_us.saturating_add(u64::try_from(later).unwrap_or(u64::MAX))
    }

    /// A message that is too large for rules goes on.
    pub(crate) fn too_large(&mut self, from: Sender, now: Instant) -> Outcome<T> {
        self.waiting.passed(from, now);
        let words = format!("this message has more than {MAX_CONTENT} bytes, so no rule looks at it");
        Outcome::Record { from, act: Act::of(Deliberate::by_limit("rules-size", words)) }
    }

    /// A message goes on as it was, because what rules made of the ones before it is still to be sent.
    pub(crate) fn pass_unjudged(&mut self, from: Sender, original: T, now: Instant) -> Vec<Outcome<T>> {
        self.waiting.passed(from, now);
        let words = "rules have made more of earlier messages than was sent so far, so no rule looks at this message";
        let act = Act::of(Deliberate::by_limit("rules-output", words));
        vec![Outcome::Record { from, act }, Outcome::Original { from, original, why: None, is_copy: false }]
    }

    /// What happens to the messages whose wait is over.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Outcome<T>> {
        let mut out = Vec::new();
        while let Some(waiter) = self.waiting.take_due(now) {
            let from = waiter.unit.from;
            let record = Context { rule: &waiter.rule, payload_cap: self.payload_cap };
            let (what, words) = match waiter.why {
                Wait::Held { expiry: Expiry::Drop, .. } => {
                    let why = record.why("discard", "held this message until its time was over, so it was dropped");
                    out.push(Outcome::Record { from, act: record.no_longer(why, &waiter, Vec::new()) });
                    continue;
                }
                Wait::Held { .. } => ("forward", "held this message until its time was over, so it went on"),
                Wait::Delayed => ("delay", "has delayed this message"),
                Wait::Behind(_) => ("reorder", "has let other messages go before this one"),
            };
            let why = record.why(what, words);
            let after = vec![content(&waiter.unit, self.payload_cap)];
            out.push(Outcome::Record { from, act: record.no_longer(why.clone(), &waiter, after) });
            out.push(Outcome::Original { from, original: waiter.original, why: Some(why), is_copy: false });
            self.waiting.passed(from, now);
        }
        out
    }

    /// When the next wait is over.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.waiting.next()
    }

    /// Drops what waits, because nothing more can follow from `from`, or from any end.
    pub(crate) fn closed(&mut self, from: Option<Sender>) -> Vec<Outcome<T>> {
        let mut out = Vec::new();
        for waiter in self.waiting.take_all() {
            if from.is_some_and(|from| from != waiter.unit.from) {
                self.waiting.add(waiter);
                continue;
            }
            let record = Context { rule: &waiter.rule, payload_cap: self.payload_cap };
            let why = record.why("discard", "kept this message until the connection closed, so it was dropped");
            let act = record.no_longer(why, &waiter, Vec::new());
            out.push(Outcome::Record { from: waiter.unit.from, act });
        }
        out
    }
}
