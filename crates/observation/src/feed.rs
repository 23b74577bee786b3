//! The messages of the feed, each one JSON object.

use crate::command::Answer;
use crate::{Observation, Seq, SessionId};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;

/// What the relay tells an observer. `O` is how it holds observations: owned to read them, shared to send them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedMessage<O = Observation> {
    /// Always first.
    Hello(Hello),
    /// In the order of their numbers; never empty.
    Observations(Vec<O>),
    /// These were dropped from the log before the observer had them.
    Gap(Gap),
    /// To a command of this observer.
    Answer(Answer),
}

/// Where the log stands when an observer comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub session: SessionId,
    /// The next observation will have this number.
    pub next: Seq,
    /// Microseconds since the session began.
    pub now_us: u64,
    /// Bytes of a payload that the relay keeps.
    pub payload_cap: u64,
    /// The largest frame and message that the relay takes, in bytes.
    pub max_frame: u64,
    pub max_message: u64,
}

/// Observations that are gone, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub from: Seq,
    pub to: Seq,
}

impl<O: Borrow<Observation> + Serialize> FeedMessage<O> {
    /// The message as JSON.
    ///
    /// # Panics
    /// Never: nothing in these types can fail to become JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data becomes JSON")
    }
}

impl FeedMessage {
    /// Reads a message of the feed.
    ///
    /// # Errors
    /// When it is not JSON or of another version.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
