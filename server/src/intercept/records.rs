//! What rules and decisions record: acts with the message as it was and as it became.

use super::waiting::{Wait, Waiter};
use crate::conditions::unit::Unit;
use observation::rule::Expiry;
use observation::{Act, Content, Deferred, Deliberate, Intercepted};
use std::time::Duration;
use wire::Sender;

/// Which rule acts, and what is kept of a payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// The position of the rule in the list, and its name.
    pub(super) rule: &'a (usize, String),
    pub(super) payload_cap: usize,
}

impl Context<'_> {
    /// The rule in a sentence.
    fn rule(self) -> String {
        match self.rule {
            (number, name) if name.is_empty() => format!("rule {number}"),
            (number, name) => format!("rule {number} ({name})"),
        }
    }

    /// What a rule does, as a deliberate act. `words` follows the name of the rule.
    pub(super) fn why(self, what: &'static str, words: &str) -> Deliberate {
        Deliberate::by_rule(what, format!("{} {words}", self.rule()), None)
    }

    fn intercepted(self, unit: &Unit, after: Vec<Content>) -> Intercepted {
        let (rule, name) = self.rule.clone();
        let before = content(unit, self.payload_cap);
        let from = unit.from.into();
        Intercepted { rule, name, from, held: None, until_us: None, ends_us: None, expiry: None, before, after }
    }

    /// The rule acts on `unit`, and `after` goes on.
    pub(super) fn acts(self, why: Deliberate, unit: &Unit, after: Vec<Content>) -> Act {
        Act { intercepted: Some(Deferred::new(&self.intercepted(unit, after))), ..Act::of(why) }
    }

    /// The rule could not act.
    pub(super) fn refused(self, what: &'static str, unit: &Unit, refused: String) -> Act {
        let why = self.why(what, "could not act, so the message went on as it was");
        Act { refused: Some(refused), ..self.acts(why, unit, vec![content(unit, self.payload_cap)]) }
    }

    /// A message begins to wait. The times are those of the session, in microseconds: when its wait ends, and when the connection ends
    /// before that.
    pub(super) fn waits<T>(self, waiter: &Waiter<T>, wait: Duration, (until_us, ends_us): (u64, Option<u64>)) -> Act {
        let (sender, time) = (end(waiter.unit.from), seconds(wait));
        let (why, held, expiry) = match waiter.why {
            Wait::Held { number, expiry } => {
                let then = match expiry {
                    Expiry::Forward => "goes on",
                    Expiry::Drop => "is dropped",
                };
                let words = format!("holds this message from the {sender}; if nobody decides, it {then} after {time}");
                (self.why("hold", &words), Some(number), expiry)
            }
            Wait::Delayed => {
                let words = format!("delays this message from the {sender} by {time}; messages after it go ahead");
                (self.why("delay", &words), None, Expiry::Forward)
            }
            Wait::Behind(count) => {
                let others = if count == 1 { "message" } else { "messages" };
                let words =
                    format!("sends this message from the {sender} after the next {count} {others}, or after {time}");
                (self.why("reorder", &words), None, Expiry::Forward)
            }
        };
        let intercepted = Intercepted {
            held,
            until_us: Some(until_us),
            ends_us,
            expiry: Some(expiry),
            ..self.intercepted(&waiter.unit, Vec::new())
        };
        Act { intercepted: Some(Deferred::new(&intercepted)), ..Act::of(why) }
    }

    /// A message does not wait any more, and `after` goes on.
    pub(super) fn no_longer<T>(self, why: Deliberate, waiter: &Waiter<T>, after: Vec<Content>) -> Act {
        let held = match waiter.why {
            Wait::Held { number, .. } => Some(number),
            _ => None,
        };
        let intercepted = Intercepted { held, ..self.intercepted(&waiter.unit, after) };
        Act { intercepted: Some(Deferred::new(&intercepted)), ..Act::of(why) }
    }
}

pub(super) fn content(unit: &Unit, cap: usize) -> Content {
    Content::new(unit.opcode.nibble(), &unit.content, unit.compressed, cap)
}

pub(super) fn end(sender: Sender) -> &'static str {
    match sender {
        Sender::Client => "client",
        Sender::Server => "server",
    }
}

/// A time in words.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_millis() {
        ms @ ..1000 => format!("{ms} ms"),
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        _ => format!("{} s", time.as_secs_f64()),
    }
}
