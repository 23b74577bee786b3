//! A coding challenge as the page gets it.

use crate::check::Check;
use crate::given::{self, Given};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A challenge in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The folder's name; its address is `/challenges/{id}`.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// 1 (trivial) to 5 (hard).
    pub level: u8,
    pub place: Place,
}

/// Where a challenge can be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the browser or from one's own machine, in any language: all evidence is on the wire.
    Anywhere,
    /// It is about the browser: some evidence only the page has.
    Browser,
}

/// `GET /api/course/challenges/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    #[serde(flatten)]
    pub summary: Summary,
    /// What to do. HTML; `{{name}}` in it stands for a given value.
    pub task: String,
    /// The lab's settings, as in the URL; `{{name}}` stands for a given value.
    pub query: String,
    /// The middlebox on the way, with its settings, as in the address after `/via/`.
    pub via: Option<String>,
    /// What every session gets its own of, by name.
    pub given: BTreeMap<String, Given>,
    pub counts: Counts,
    /// How long a run in the page may take.
    pub limit_ms: u32,
    pub checks: Vec<Check>,
    /// HTML, shown one after the other.
    pub hints: Vec<String>,
    /// JavaScript to begin with, the body of an async function.
    pub starter: String,
    /// A whole HTML file that does the same, to download and open.
    pub html_file: Option<String>,
    /// The lesson that it belongs to.
    pub lesson: Option<String>,
}

impl Challenge {
    /// The query of its lab's URL. Where given values belong into it, the challenge's name stands for all of it: the relay knows
    /// what it means, and what is to be found out does not stand in the URL.
    #[must_use]
    pub fn lab_query(&self) -> String {
        if given::has_placeholder(&self.query) { format!("challenge={}", self.summary.id) } else { self.query.clone() }
    }
}

/// Which of a session's connections an attempt is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// The newest one.
    #[default]
    Last,
    /// All since the attempt began.
    All,
}

/// `GET /api/course/challenges/{id}/solution`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// JavaScript; `{{name}}` in it stands for a given value, one that is to be found out as well.
    pub code: String,
    /// What is behind it. HTML.
    pub why: String,
}
