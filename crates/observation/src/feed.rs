//! The messages of the feed. Each is one JSON object.

use crate::command::Answer;
use crate::{Observation, Seq, SessionId};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;

/// A message from the relay to an observer. `O` is the type of its observations: owned for reading, shared for sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedMessage<O = Observation> {
    /// Always the first message.
    Hello(Hello),
    /// Observations in the order of their numbers. Never empty.
    Observations(Vec<O>),
    /// Observations that were dropped from the log before the observer received them.
    Gap(Gap),
    /// The answer to a command of this observer.
    Answer(Answer),
}

/// The state of the log when an observer connects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub session: SessionId,
    /// The number of the next observation.
    pub next: Seq,
    /// The current time in microseconds since the session began.
    pub now_us: u64,
    /// How many bytes of a payload the relay keeps.
    pub payload_cap: u64,
    /// The largest frame that the relay accepts, in bytes.
    pub max_frame: u64,
    /// The largest message that the relay accepts, in bytes.
    pub max_message: u64,
}

/// The numbers of missing observations, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub from: Seq,
    pub to: Seq,
}

impl<O: Borrow<Observation> + Serialize> FeedMessage<O> {
    /// The message as JSON.
    ///
    /// # Panics
    /// Never: these types always serialize.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("these types always serialize")
    }
}

impl FeedMessage {
    /// Reads a message of the feed.
    ///
    /// # Errors
    /// If the text is not JSON, or not a message of this version.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
