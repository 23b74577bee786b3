//! What the page recorded of a run of the learner's code. The relay cannot verify it.

use observation::page::PageEvent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageRun {
    /// What the code did with its sockets, and the events of those sockets, in order.
    pub events: Vec<PageEvent>,
    /// What the code printed on the console.
    pub printed: Vec<Printed>,
    /// The value that the code returned, as JSON.
    pub returned: Option<serde_json::Value>,
    /// The exception that the code did not catch.
    pub threw: Option<String>,
    /// The highest `bufferedAmount` right after a `send`.
    pub most_buffered: u64,
    /// How many messages the code sent after it had read `bufferedAmount` since the message before.
    pub looked: u32,
    /// What the code read from its sockets and their events, each once, in order.
    pub read: Vec<String>,
    /// The images that the code showed.
    pub shown: Vec<Shown>,
    /// What the learner pasted from the browser's console.
    pub pasted: Option<String>,
    pub ended: Option<RunEnd>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    pub level: Level,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Log,
    Warn,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// As the browser detected it, such as `image/png`.
    pub media_type: String,
    pub bytes: u64,
    pub width: u32,
    pub height: u32,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// There is nothing left to wait for.
    Done,
    /// It reached the time limit.
    TimeUp,
    /// The learner stopped it.
    Stopped,
    Threw,
}
