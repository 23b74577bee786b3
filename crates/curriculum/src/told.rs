//! What the page saw of a run of the reader's code. The relay can only take it on the reader's word.

use observation::page::PageEvent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// What the code's sockets did and were told, in order.
    pub events: Vec<PageEvent>,
    /// What it printed on the console.
    pub printed: Vec<Printed>,
    /// What it returned, as JSON.
    pub returned: Option<serde_json::Value>,
    /// What it threw, where nobody caught it.
    pub threw: Option<String>,
    /// The most bytes that waited in one of its sockets right after a `send`: `bufferedAmount`.
    pub most_buffered: u64,
    /// Images that it showed.
    pub shown: Vec<Shown>,
    /// What the reader pasted from the browser's console.
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
    /// As the browser found it: `image/png`.
    pub media_type: String,
    pub bytes: u64,
    pub width: u32,
    pub height: u32,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Nothing is left to wait for.
    Done,
    /// It took longer than it may.
    TimeUp,
    /// The reader stopped it.
    Stopped,
    Threw,
}
