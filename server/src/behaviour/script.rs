//! A script: a dialogue that the server follows. It is JSON: states by name, each with what the server says and what it answers.

use super::error::SettingError;
use observation::command::DropBy;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use wire::close::{CloseCode, MAX_REASON};

/// The longest script, in bytes of JSON.
const MAX_SCRIPT: usize = 16 << 10;
/// The most entries of a list, and the most states.
const MAX_ENTRIES: usize = 64;
/// The most bytes of the streams in one list of steps, and the most streams in it.
const MAX_STREAM: u64 = 256 << 10;
const MAX_STREAMS: usize = 4;
const WAIT_MS: std::ops::RangeInclusive<u64> = 1..=60_000;
/// A state that ends by itself lasts at least this long, so that states which follow one another keep no connection busy.
const LEAST_STAY: Duration = Duration::from_millis(20);
/// The state in which a connection begins.
pub(crate) const START: &str = "start";

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Script {
    states: BTreeMap<String, State>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) send: Value,
    pub(crate) answer: Value,
    /// What `else` can send as `$hint`.
    #[serde(default)]
    pub(crate) hint: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) text: Option<String>,
    pub(crate) json: Option<Value>,
    #[serde(default, rename = "do")]
    pub(crate) steps: Vec<Step>,
    pub(crate) to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// A text message: a string as it is, anything else as JSON.
    Send(Value),
    /// The items from `first` to `last`, counted from 1, each as with `send`.
    Each(Each),
    /// Frames as the bytes of an inner stream, in binary messages.
    Stream(Stream),
    WaitMs(Number),
    Close(Close),
    #[serde(deserialize_with = "drop_by")]
    Drop(DropBy),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Each {
    items: Vec<Value>,
    first: Option<Number>,
    last: Option<Number>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    pub(crate) frames: Vec<InnerFrame>,
    /// The sizes of the messages, again and again. Without sizes, the stream is one message.
    #[serde(default)]
    pub(crate) cut: Vec<Amount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InnerFrame {
    pub(crate) opcode: InnerOpcode,
    #[serde(default)]
    pub(crate) payload: Payload,
    #[serde(default = "yes")]
    pub(crate) fin: bool,
    #[serde(default)]
    pub(crate) masked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InnerOpcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a payload is a text, or a list of texts, `{ hex = … }` and `{ random = … }`")]
pub(crate) enum Payload {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a part of a payload is a text, `{ hex = … }` or `{ random = … }`")]
pub(crate) enum Part {
    Text(String),
    Hex {
        #[serde(with = "hex::serde")]
        hex: Vec<u8>,
    },
    /// Random letters.
    Random {
        random: Amount,
    },
}

/// A number, or a range from which one is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "an amount is a number, or the smallest and the largest one as a list")]
pub(crate) enum Amount {
    Exactly(Number),
    Between([Number; 2]),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    code: Number,
    #[serde(default)]
    pub(crate) reason: String,
}

/// Also as a string of digits, as the values of a challenge are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.map(Self).ok_or_else(|| serde::de::Error::custom(format!("{value} is not a whole number")))
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

fn yes() -> bool {
    true
}

fn drop_by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DropBy, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "fin" => Ok(DropBy::Fin),
        "reset" => Ok(DropBy::Reset),
        other => Err(serde::de::Error::custom(format!("`drop` takes `fin` or `reset`, not `{other}`"))),
    }
}

impl Script {
    /// # Errors
    /// What is wrong with the script, with the state in which it is.
    pub(super) fn parse(text: &str) -> Result<Self, SettingError> {
        if text.len() > MAX_SCRIPT {
            return Err(SettingError::TooLong { name: "script", most: MAX_SCRIPT, bytes: text.len() });
        }
        let script: Self = serde_json::from_str(text).map_err(|error| SettingError::Script(error.to_string()))?;
        script.check().map_err(SettingError::Script)?;
        Ok(script)
    }

    /// A state whose name occurs in this script.
    pub(crate) fn state(&self, name: &str) -> Option<&State> {
        self.states.get(name)
    }

    fn check(&self) -> Result<(), String> {
        if !self.states.contains_key(START) {
            return Err(format!("there is no state `{START}`, in which a connection begins"));
        }
        few("states", self.states.len())?;
        for (name, state) in &self.states {
            state.check(self).map_err(|what| format!("state `{name}`: {what}"))?;
        }
        Ok(())
    }

    fn known(&self, name: Option<&String>) -> Result<(), String> {
        match name.filter(|name| !self.states.contains_key(*name)) {
            Some(unknown) => Err(format!("there is no state `{unknown}` to go to")),
            None => Ok(()),
        }
    }
}

impl State {
    /// How long the client may stay.
    pub(crate) fn within(&self) -> Option<Duration> {
        self.within_ms.map(|ms| Duration::from_millis(ms.0))
    }

    fn check(&self, script: &Script) -> Result<(), String> {
        few("`ask`", self.ask.len())?;
        few("`on`", self.on.len())?;
        for rule in &self.on {
            if rule.text.is_some() == rule.json.is_some() {
                return Err("each rule of `on` needs either `text` or `json`".to_owned());
            }
            script.known(rule.to.as_ref())?;
            check_steps(&rule.steps)?;
        }
        for steps in [&self.enter, &self.otherwise, &self.late] {
            check_steps(steps)?;
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
        self.within_ms.map_or(Ok(()), |ms| in_range("within-ms", ms, WAIT_MS))
    }
}

fn few(what: &str, count: usize) -> Result<(), String> {
    if count <= MAX_ENTRIES { Ok(()) } else { Err(format!("{what}: at most {MAX_ENTRIES}, not {count}")) }
}

fn in_range(name: &str, number: Number, range: std::ops::RangeInclusive<u64>) -> Result<(), String> {
    match range.contains(&number.0) {
        true => Ok(()),
        false => Err(format!("`{name}` takes a number from {} to {}, not {}", range.start(), range.end(), number.0)),
    }
}

/// The sum of the waits.
pub(crate) fn lasting(steps: &[Step]) -> Duration {
    let waits = steps.iter().map(|step| if let Step::WaitMs(ms) = step { ms.0 } else { 0 });
    Duration::from_millis(waits.sum())
}

fn check_steps(steps: &[Step]) -> Result<(), String> {
    few("steps", steps.len())?;
    let (mut bytes, mut streams) = (0_u64, 0);
    for step in steps {
        match step {
            Step::Send(_) | Step::Drop(_) => {}
            Step::Each(each) => {
                few("`items`", each.items.len())?;
                let (first, last) = each.range();
                let most = each.items.len() as u64;
                if first > last + 1 || first == 0 || last > most {
                    return Err(format!("`each` has no items {first} to {last}; it has {most}"));
                }
            }
            Step::Stream(stream) => {
                few("`frames`", stream.frames.len())?;
                few("`cut`", stream.cut.len())?;
                streams += 1;
                for frame in &stream.frames {
                    bytes = bytes.saturating_add(frame.check()?);
                }
                for size in &stream.cut {
                    size.check("cut", 1)?;
                }
            }
            Step::WaitMs(ms) => in_range("wait-ms", *ms, WAIT_MS)?,
            Step::Close(close) => {
                if !close.code().may_be_sent() {
                    return Err(SettingError::CloseCode(close.code.0.to_string()).to_string());
                }
                if close.reason.len() > MAX_REASON {
                    return Err(format!("a close reason has at most {MAX_REASON} bytes, not {}", close.reason.len()));
                }
            }
        }
    }
    if bytes > MAX_STREAM || streams > MAX_STREAMS {
        return Err(format!("a list has at most {MAX_STREAMS} streams with {MAX_STREAM} bytes in total"));
    }
    Ok(())
}

impl Each {
    fn range(&self) -> (u64, u64) {
        (self.first.map_or(1, |first| first.0), self.last.map_or(self.items.len() as u64, |last| last.0))
    }

    /// The items to send.
    pub(crate) fn items(&self) -> &[Value] {
        let (first, last) = self.range();
        let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        self.items.get(index(first.saturating_sub(1))..index(last)).unwrap_or_default()
    }
}

impl InnerFrame {
    /// Its largest size without its header.
    fn check(&self) -> Result<u64, String> {
        let of = |part: &Part| match part {
            Part::Text(text) => Ok(text.len() as u64),
            Part::Hex { hex } => Ok(hex.len() as u64),
            Part::Random { random } => random.check("random", 0),
        };
        match &self.payload {
            Payload::Text(text) => Ok(text.len() as u64),
            Payload::Parts(parts) => {
                few("the parts of a payload", parts.len())?;
                parts.iter().try_fold(0_u64, |sum, part| Ok(sum.saturating_add(of(part)?)))
            }
        }
    }
}

impl Amount {
    /// The smallest and the largest number.
    pub(crate) fn bounds(self) -> [u64; 2] {
        match self {
            Self::Exactly(number) => [number.0; 2],
            Self::Between([least, most]) => [least.0, most.0],
        }
    }

    /// Its largest number.
    fn check(self, name: &str, smallest: u64) -> Result<u64, String> {
        let [least, most] = self.bounds();
        match smallest <= least && least <= most && most <= MAX_STREAM {
            true => Ok(most),
            false => Err(format!("`{name}` takes numbers from {smallest} to {MAX_STREAM}, the smaller one first")),
        }
    }
}

impl Close {
    pub(crate) fn code(&self) -> CloseCode {
        CloseCode(u16::try_from(self.code.0).unwrap_or(0))
    }
}
