//! The messages of the feed. Each is one JSON object.

use crate::command::Answer;
use crate::{Deferred, Observation, Rule, Seq, SessionId};
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
    /// The relay is about to stop.
    Draining(Draining),
    /// Whether the relay records. Sent when that changes, and after the hello if it does not record.
    Recording(Recording),
    /// All rules of the session. Sent after the hello if there are any, and when they change.
    Rules(Deferred<Vec<Rule>>),
}

/// The state of the log when an observer connects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The name by which the observer knows the session.
    pub session: SessionId,
    /// The name with which one can only watch and export.
    pub watch: SessionId,
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
    /// Whether several relays share the session, so it survives the end of any of them. Left out if `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// What happens before the relay stops: everything goes on, but no session begins. Shared sessions continue on other relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draining {
    /// How long that lasts, in milliseconds. Connections and sessions end after it, except for shared sessions.
    pub left_ms: u64,
}

/// Whether the relay can store what it observes. Connections and echoes continue in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Whether the relay cannot store observations now. It keeps some of them until it can; the others become a gap.
    pub interrupted: bool,
}

/// The numbers of missing observations, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub from: Seq,
    pub to: Seq,
}

impl Gap {
    /// If relays that share a session have lost its last numbers, they continue at the next multiple of this. So no number is
    /// used twice.
    pub const LEAP: u64 = 1 << 20;

    /// Whether the next number after the gap is one at which relays continue after a loss. Then recording was interrupted. Most of
    /// the numbers in the gap were never used, and perhaps nothing is missing.
    #[must_use]
    pub fn is_leap(self) -> bool {
        self.to.0 % Self::LEAP == Self::LEAP - 1
    }

    /// How many observations are missing. `None` if numbers may have been left out in the gap, so the count is not known.
    #[must_use]
    pub fn missing(self) -> Option<u64> {
        let has_leap = self.to.0.saturating_add(1) / Self::LEAP > self.from.0 / Self::LEAP;
        (!has_leap).then(|| self.to.0.saturating_sub(self.from.0) + 1)
    }
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
