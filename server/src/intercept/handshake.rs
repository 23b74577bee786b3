//! What rules do with an opening handshake on its way through `/relay`, and what they record of it.

use super::records::{Context, seconds};
use super::rule_set::Action;
use super::session_rules::SessionRules;
use observation::rule::{Expiry, HandshakePart, Hold, When};
use observation::{Act, ConnectionNumber, Deferred, Deliberate, InterceptedHandshake};
use std::time::Duration;

/// A part of a handshake that the relay is about to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassingHandshake<'a> {
    pub(crate) part: HandshakePart,
    /// The numbers of the sides that exist.
    pub(crate) numbers: &'a [ConnectionNumber],
    /// Those that the client offers, or the one that the server has selected.
    pub(crate) subprotocols: &'a [String],
    pub(crate) head: &'a [u8],
    /// The head as it is recorded. Rules search this, so that nobody can find out a credential with a rule.
    pub(crate) recorded: &'a [u8],
}

/// What happens to it.
#[derive(Debug)]
pub(crate) enum HandshakeVerdict {
    GoesOn,
    Waits(HandshakeRule, HandshakeWait),
    Refused(HandshakeRule),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct HandshakeWait {
    pub(crate) time: Duration,
    /// What happens to a held one if nobody decides. `None` if it is only delayed.
    pub(crate) expiry: Option<Expiry>,
}

/// The rule that acts on it, for records.
#[derive(Debug)]
pub(crate) struct HandshakeRule {
    rule: (usize, String),
    part: HandshakePart,
    before: Vec<u8>,
}

/// The verdict of a session's rules, after the acts to record for rules that only note.
pub(crate) fn judge(rules: &SessionRules, passing: PassingHandshake<'_>) -> (Vec<Act>, HandshakeVerdict) {
    let mut notes = Vec::new();
    if !rules.have_changed(0) {
        return (notes, HandshakeVerdict::GoesOn);
    }
    let (set, _) = rules.load();
    for (index, compiled) in set.iter().enumerate() {
        let when = &compiled.rule.when;
        let applies = compiled.rule.on && passing.is_meant_by(when);
        if !applies || !compiled.condition.holds_for_head(passing.part, passing.recorded) {
            continue;
        }
        let rule = (index + 1, compiled.rule.name.clone());
        let rule = HandshakeRule { rule, part: passing.part, before: passing.head.to_vec() };
        let verdict = match &compiled.action {
            Action::Note(text) => {
                notes.push(rule.act(rule.why("note", &format!("matched: {text}")), None, passing.head));
                continue;
            }
            Action::Drop => HandshakeVerdict::Refused(rule),
            Action::Hold(Hold { ms, then }) => {
                let wait = HandshakeWait { time: Duration::from_millis(*ms), expiry: Some(*then) };
                HandshakeVerdict::Waits(rule, wait)
            }
            Action::Delay(time) => HandshakeVerdict::Waits(rule, HandshakeWait { time: *time, expiry: None }),
            // `rule_set` accepts no other action for a handshake.
            _ => continue,
        };
        return (notes, verdict);
    }
    (notes, HandshakeVerdict::GoesOn)
}

impl PassingHandshake<'_> {
    fn is_meant_by(&self, when: &When) -> bool {
        when.connection.is_none_or(|number| self.numbers.contains(&number))
            && when.subprotocol.as_ref().is_none_or(|only| self.subprotocols.contains(only))
    }
}

impl HandshakeWait {
    /// The stable name of the wait.
    fn name(self) -> &'static str {
        if self.expiry.is_some() { "hold" } else { "delay" }
    }
}

impl HandshakeRule {
    /// A step as a deliberate act. `words` follows the name of the rule.
    pub(crate) fn why(&self, what: &'static str, words: &str) -> Deliberate {
        // Nothing of a payload is recorded.
        Context { rule: &self.rule, payload_cap: 0 }.why(what, words)
    }

    /// `the request to the server`
    pub(crate) fn words(&self) -> &'static str {
        match self.part {
            HandshakePart::Request => "the request to the server",
            HandshakePart::Response => "the response to the client",
        }
    }

    /// What became of it. `after` is the head that was sent, or empty.
    pub(crate) fn act(&self, why: Deliberate, held: Option<u64>, after: &[u8]) -> Act {
        let handshake = InterceptedHandshake { after: after.to_vec(), ..self.intercepted(held) };
        Act { handshake: Some(Deferred::new(&handshake)), ..Act::of(why) }
    }

    /// It begins to wait. `until_us` is the session's time at which its wait ends.
    pub(crate) fn waits(&self, wait: HandshakeWait, held: Option<u64>, until_us: u64) -> Act {
        let (what, time) = (self.words(), seconds(wait.time));
        let words = match wait.expiry {
            Some(Expiry::Forward) => format!("holds {what}; if nobody decides, it goes on after {time}"),
            Some(Expiry::Drop) => format!("holds {what}; if nobody decides, it is refused after {time}"),
            None => format!("delays {what} by {time}"),
        };
        let handshake = InterceptedHandshake {
            until_us: Some(until_us),
            expiry: Some(wait.expiry.unwrap_or_default()),
            ..self.intercepted(held)
        };
        Act { handshake: Some(Deferred::new(&handshake)), ..Act::of(self.why(wait.name(), &words)) }
    }

    /// It could not wait, so it went on.
    pub(crate) fn no_memory(&self, wait: HandshakeWait) -> Act {
        let words = format!("could not keep {}, so it went on as it was", self.words());
        let refused = "this relay has no memory left for handshakes that wait".to_owned();
        Act { refused: Some(refused), ..self.act(self.why(wait.name(), &words), None, &self.before) }
    }

    fn intercepted(&self, held: Option<u64>) -> InterceptedHandshake {
        let (rule, name) = self.rule.clone();
        InterceptedHandshake {
            rule,
            name,
            part: self.part,
            held,
            until_us: None,
            expiry: None,
            before: self.before.clone(),
            after: Vec::new(),
            concealed: Vec::new(),
        }
    }
}
