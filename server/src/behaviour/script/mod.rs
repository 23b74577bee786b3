//! A script: a dialogue that the server follows. It is JSON: states by name, each with what the server says and what it answers.

mod bounds;
mod step;

pub(crate) use bounds::{Bounds, MAX_SESSION_JSON};
pub(crate) use step::{Amount, InnerFrame, InnerOpcode, Part, Payload, Step, Stream, lasting};

use super::error::SettingError;
use crate::conditions::{Condition, Conversation, Unit, pattern};
use crate::memory::MemoryShare;
use bounds::{Number, WAIT_MS};
use observation::rule::When;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use step::{Hex, check_steps};

/// A state that ends by itself lasts at least this long, so that states which follow one another keep no connection busy.
const LEAST_STAY: Duration = Duration::from_millis(20);
/// About how many bytes a byte of JSON takes in memory once it is read.
const READ_BYTES: usize = 4;
/// The state in which a connection begins.
pub(crate) const START: &str = "start";

#[derive(Debug)]
pub(crate) struct Script {
    /// The JSON that it was read from.
    source: Box<str>,
    states: BTreeMap<String, State>,
    patterns: usize,
    /// What it takes of the memory budget, if it is kept for a session.
    _held: Option<MemoryShare>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct State {
    /// What the server does first.
    #[serde(default)]
    pub(crate) enter: Vec<Step>,
    /// Questions, asked one at a time after `enter`, in a new order for each connection.
    #[serde(default)]
    pub(crate) ask: Vec<Question>,
    /// What the server does about messages. The first rule that fits applies.
    #[serde(default)]
    pub(crate) on: Vec<Rule>,
    /// What it does about a message that no rule fits.
    #[serde(default, rename = "else")]
    pub(crate) otherwise: Vec<Step>,
    /// How long the client may stay in this state, and what happens then.
    within_ms: Option<Number>,
    #[serde(default)]
    pub(crate) late: Vec<Step>,
    /// The state that follows when `enter` is over and all questions are answered.
    pub(crate) then: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) send: Value,
    pub(crate) answer: Value,
    /// What `else` can send as `$hint`.
    #[serde(default)]
    pub(crate) hint: String,
}

/// What the server does about a message. All conditions must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The whole text.
    pub(crate) text: Option<String>,
    /// JSON with at least these fields.
    pub(crate) json: Option<Value>,
    /// The whole content of a binary message.
    binary: Option<Hex>,
    /// The conditions of rules.
    when: Option<When>,
    #[serde(skip)]
    condition: Option<Condition>,
    /// The number of the message, from 1.
    nth: Option<Number>,
    #[serde(default, rename = "do")]
    pub(crate) steps: Vec<Step>,
    pub(crate) to: Option<String>,
}

/// Whether both were read from the same JSON.
impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Script {}

impl Script {
    /// # Errors
    /// What is wrong with the script, with the state in which it is.
    pub(crate) fn parse(text: &str, bounds: Bounds) -> Result<Self, SettingError> {
        if text.len() > bounds.json {
            return Err(SettingError::TooLong { name: "script", most: bounds.json, bytes: text.len() });
        }
        let states = serde_json::from_str(text).map_err(|error| SettingError::Script(error.to_string()))?;
        let mut script = Self { source: text.into(), states, patterns: 0, _held: None };
        script.check(bounds).and_then(|()| script.compile(bounds)).map_err(SettingError::Script)?;
        Ok(script)
    }

    /// Keeps a share of the memory budget as long as the script exists.
    pub(crate) fn holding(self, share: MemoryShare) -> Self {
        Self { _held: Some(share), ..self }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        READ_BYTES * self.source.len() + self.patterns * pattern::MOST_BYTES
    }

    /// The JSON that it was read from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// A state whose name occurs in this script.
    pub(crate) fn state(&self, name: &str) -> Option<&State> {
        self.states.get(name)
    }

    fn check(&self, bounds: Bounds) -> Result<(), String> {
        if !self.states.contains_key(START) {
            return Err(format!("there is no state `{START}`, in which a connection begins"));
        }
        bounds.few("states", self.states.len())?;
        for (name, state) in &self.states {
            state.check(self, bounds).map_err(|what| format!("state `{name}`: {what}"))?;
        }
        Ok(())
    }

    fn known(&self, name: Option<&String>) -> Result<(), String> {
        match name.filter(|name| !self.states.contains_key(*name)) {
            Some(unknown) => Err(format!("there is no state `{unknown}` to go to")),
            None => Ok(()),
        }
    }

    /// Compiles the conditions, once it is known how many patterns they have.
    fn compile(&mut self, bounds: Bounds) -> Result<(), String> {
        let rules = self.states.values().flat_map(|state| &state.on);
        self.patterns = rules.filter(|rule| rule.when.as_ref().is_some_and(|when| when.regex.is_some())).count();
        match (self.patterns, bounds.patterns) {
            (1.., 0) => {
                return Err(
                    "a script in a URL has no regular expressions; set it as the script of the session".to_owned()
                );
            }
            (patterns, most) if patterns > most => {
                return Err(format!("a script has at most {most} regular expressions, and this one has {patterns}"));
            }
            _ => {}
        }
        for (name, state) in &mut self.states {
            for rule in &mut state.on {
                let condition = rule.when.as_ref().map(Condition::new).transpose();
                rule.condition = condition.map_err(|what| format!("state `{name}`: {what}"))?;
            }
        }
        Ok(())
    }
}

impl State {
    /// How long the client may stay.
    pub(crate) fn within(&self) -> Option<Duration> {
        self.within_ms.map(|ms| Duration::from_millis(ms.0))
    }

    fn check(&self, script: &Script, bounds: Bounds) -> Result<(), String> {
        bounds.few("`ask`", self.ask.len())?;
        bounds.few("`on`", self.on.len())?;
        for rule in &self.on {
            rule.check()?;
            script.known(rule.to.as_ref())?;
            check_steps(&rule.steps, true, bounds)?;
        }
        check_steps(&self.otherwise, true, bounds)?;
        for steps in [&self.enter, &self.late] {
            check_steps(steps, false, bounds)?;
        }
        script.known(self.then.as_ref())?;
        if self.then.is_some() && self.ask.is_empty() && lasting(&self.enter) < LEAST_STAY {
            return Err(format!(
                "with `then` and no questions, `enter` must wait at least {} ms in total",
                LEAST_STAY.as_millis()
            ));
        }
        if self.then.is_none() && !self.ask.is_empty() {
            return Err("`ask` needs `then`: the state after the last answer".to_owned());
        }
        if self.late.is_empty() != self.within_ms.is_none() {
            return Err("`within-ms` and `late` need each other".to_owned());
        }
        self.within_ms.map_or(Ok(()), |ms| ms.in_range("within-ms", WAIT_MS))
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        let contents = [self.text.is_some(), self.json.is_some(), self.binary.is_some(), self.when.is_some()];
        match contents.into_iter().filter(|is_there| *is_there).count() {
            0 if self.nth.is_none() => {
                return Err("each rule of `on` needs `text`, `json`, `binary`, `when` or `nth`".to_owned());
            }
            0 | 1 => {}
            _ => {
                return Err(
                    "a rule of `on` has one of `text`, `json`, `binary` and `when`; remove the others".to_owned()
                );
            }
        }
        if self.nth == Some(Number(0)) {
            return Err("`nth` counts messages from 1".to_owned());
        }
        let of_connection = |when: &When| {
            let When { handshake, from, opcode, field, subprotocol, connection, .. } = when;
            handshake.is_some()
                || from.is_some()
                || opcode.is_some()
                || field.is_some()
                || subprotocol.is_some()
                || connection.is_some()
        };
        match self.when.as_ref().is_some_and(of_connection) {
            true => Err(
                "a script only sees messages of its client, so `when` takes `kind`, `min_bytes`, `max_bytes`, `text`, \
                         `regex` and `json`"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }

    /// Whether the conditions other than `text` and `json` hold for the client's message, which has this number.
    pub(crate) fn applies(&self, unit: &Unit, number: u64) -> bool {
        self.nth.is_none_or(|nth| nth.0 == number)
            && self.binary.as_ref().is_none_or(|bytes| unit.is_binary() && bytes.0 == unit.content)
            && self.condition.as_ref().is_none_or(|condition| condition.holds(unit, &Conversation::default()))
    }

    /// Whether it only counts messages.
    pub(crate) fn ignores_content(&self) -> bool {
        self.text.is_none() && self.json.is_none() && self.binary.is_none() && self.when.is_none()
    }
}
