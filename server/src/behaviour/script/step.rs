//! What the server does: the steps of a script.

use super::bounds::{Bounds, Number, WAIT_MS};
use crate::behaviour::error::SettingError;
use crate::conditions::Template;
use observation::command::DropBy;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::time::Duration;
use wire::close::{CloseCode, MAX_REASON};

/// The most bytes of the streams in one list of steps, and the most streams in it.
const MAX_STREAM: u64 = 256 << 10;
const MAX_STREAMS: usize = 4;
/// The most templates in one list of steps. Each can be as long as a message.
const MAX_TEMPLATES: usize = 16;

/// Bytes, in hex.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hex(#[serde(with = "hex::serde")] pub(crate) Vec<u8>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// A text message: a string as it is, anything else as JSON.
    Send(Value),
    /// A binary message.
    Binary(Hex),
    /// A text message with values of the message that it answers.
    #[serde(deserialize_with = "template")]
    Template(Template),
    /// The items from `first` to `last`, counted from 1, each as with `send`.
    Each(Each),
    /// Frames as the bytes of an inner stream, in binary messages.
    Stream(Stream),
    WaitMs(Number),
    Close(Close),
    #[serde(deserialize_with = "drop_by")]
    Drop(DropBy),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Each {
    items: Vec<Value>,
    first: Option<Number>,
    last: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    pub(crate) frames: Vec<InnerFrame>,
    /// The sizes of the messages, again and again. Without sizes, the stream is one message.
    #[serde(default)]
    pub(crate) cut: Vec<Amount>,
}

#[derive(Debug, Deserialize)]
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

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InnerOpcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a payload is a text, or a list of texts, `{ hex = … }` and `{ random = … }`")]
pub(crate) enum Payload {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
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
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "an amount is a number, or the smallest and the largest one as a list")]
pub(crate) enum Amount {
    Exactly(Number),
    Between([Number; 2]),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    code: Number,
    #[serde(default)]
    pub(crate) reason: String,
}

impl Default for Payload {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

fn yes() -> bool {
    true
}

fn template<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
    Template::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn drop_by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DropBy, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "fin" => Ok(DropBy::Fin),
        "reset" => Ok(DropBy::Reset),
        other => Err(serde::de::Error::custom(format!("`drop` takes `fin` or `reset`, not `{other}`"))),
    }
}

/// The sum of the waits.
pub(crate) fn lasting(steps: &[Step]) -> Duration {
    let waits = steps.iter().map(|step| if let Step::WaitMs(ms) = step { ms.0 } else { 0 });
    Duration::from_millis(waits.sum())
}

/// Checks a list of steps. `answers` is whether they follow a message of the client.
pub(super) fn check_steps(steps: &[Step], answers: bool, bounds: Bounds) -> Result<(), String> {
    bounds.few("steps", steps.len())?;
    let (mut bytes, mut streams, mut templates) = (0_u64, 0, 0);
    for step in steps {
        match step {
            Step::Send(_) | Step::Binary(_) | Step::Drop(_) => {}
            Step::Template(_) if !answers => {
                return Err("`template` has values of a message, so it can be in `do` and `else`".to_owned());
            }
            Step::Template(_) => templates += 1,
            Step::Each(each) => {
                bounds.few("`items`", each.items.len())?;
                let (first, last) = each.range();
                let most = each.items.len() as u64;
                if last > most || first == 0 || first > last + 1 {
                    return Err(format!("`each` has no items {first} to {last}; it has {most}"));
                }
            }
            Step::Stream(stream) => {
                bounds.few("`frames`", stream.frames.len())?;
                bounds.few("`cut`", stream.cut.len())?;
                streams += 1;
                for frame in &stream.frames {
                    bytes = bytes.saturating_add(frame.check(bounds)?);
                }
                for size in &stream.cut {
                    size.check("cut", 1)?;
                }
            }
            Step::WaitMs(ms) => ms.in_range("wait-ms", WAIT_MS)?,
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
    if templates > MAX_TEMPLATES {
        return Err(format!("a list has at most {MAX_TEMPLATES} templates, not {templates}"));
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
    fn check(&self, bounds: Bounds) -> Result<u64, String> {
        let of = |part: &Part| match part {
            Part::Text(text) => Ok(text.len() as u64),
            Part::Hex { hex } => Ok(hex.len() as u64),
            Part::Random { random } => random.check("random", 0),
        };
        match &self.payload {
            Payload::Text(text) => Ok(text.len() as u64),
            Payload::Parts(parts) => {
                bounds.few("the parts of a payload", parts.len())?;
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
