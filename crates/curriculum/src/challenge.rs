//! A coding challenge as the page gets it.

use crate::check::{Check, Condition};
use crate::values::{self, ValueSpec, Values};
use observation::SessionId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A challenge in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The name of its folder. The challenge is at `/challenges/{id}`.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// From 1 (trivial) to 5 (hard).
    pub level: u8,
    pub place: Place,
}

/// Where a challenge can be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the browser or on the learner's own machine, in any language: all evidence is on the wire.
    Anywhere,
    /// In the browser only: some evidence comes from the page.
    Browser,
}

/// `GET /api/course/challenges/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    #[serde(flatten)]
    pub summary: Summary,
    /// What to do. HTML with placeholders such as `{{name}}`.
    pub task: String,
    /// The lab's settings, as in the URL. May contain placeholders.
    pub query: String,
    /// The middlebox on the route, with its settings, as in the URL after `/via/`.
    pub via: Option<String>,
    /// How each value of a session is made, by name.
    #[serde(rename = "given")]
    pub value_specs: BTreeMap<String, ValueSpec>,
    pub counts: Counts,
    /// The time limit of a run in the page.
    pub limit_ms: u32,
    pub checks: Vec<Check>,
    /// HTML, shown one at a time.
    pub hints: Vec<String>,
    /// The JavaScript to start with, the body of an async function.
    pub starter: String,
    /// A complete HTML file that does the same, to download and open.
    pub html_file: Option<String>,
    /// The lesson that explains it.
    pub lesson: Option<String>,
}

impl Challenge {
    /// The query of the lab's URL. If the settings contain placeholders, the query is `challenge=ID`: the relay knows what it
    /// means, and the URL does not reveal what the learner has to find out.
    #[must_use]
    pub fn lab_query(&self) -> String {
        if values::has_placeholder(&self.query) { format!("challenge={}", self.summary.id) } else { self.query.clone() }
    }

    /// All values of `session`.
    #[must_use]
    pub fn values(&self, session: &SessionId) -> Values {
        values::make(&self.summary.id, &self.value_specs, session)
    }

    /// The values that the task names. The learner sees these and has to find out the others.
    #[must_use]
    pub fn shown_values(&self, session: &SessionId) -> Values {
        let mut values = self.values(session);
        values.retain(|name, _| values::names(&self.task).any(|named| named == name));
        values
    }

    /// The lab's settings with `values` filled in. Each setting is filled in separately, because a value may contain `+` or `&`.
    #[must_use]
    pub fn settings(&self, values: &Values) -> String {
        if !values::has_placeholder(&self.query) {
            return self.query.clone();
        }
        let settings = form_urlencoded::parse(self.query.as_bytes());
        let filled = settings.map(|(name, value)| (name.into_owned(), values::fill(&value, values)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish()
    }

    /// The URL that a check wants the page to connect to, if any does. May contain placeholders.
    #[must_use]
    pub fn wanted_url(&self) -> Option<&str> {
        self.checks.iter().find_map(|check| match &check.condition {
            Condition::Tried(tried) => Some(tried.url.as_str()),
            _ => None,
        })
    }
}

/// Which connections of a session count for an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// The newest connection.
    #[default]
    Last,
    /// All connections since the attempt began.
    All,
}

/// `GET /api/course/challenges/{id}/solution`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// JavaScript with placeholders, also for values that the learner has to find out.
    pub code: String,
    /// The explanation. HTML.
    pub why: String,
}
