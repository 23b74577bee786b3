//! A coding challenge as the page gets it.

use crate::check::{Check, Condition};
use crate::values::{self, ValueSecret, ValueSpec, Values};
use observation::SessionId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A challenge in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The name of its folder. The challenge is at `/challenges/{id}`.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// From 1 (trivial) to 5 (hard).
    pub level: u8,
    /// How long it takes.
    pub minutes: u16,
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
    /// The dialogue that the lab follows. May contain placeholders in its strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<serde_json::Value>,
    /// How each value of a session is made, by name.
    #[serde(rename = "given")]
    pub value_specs: BTreeMap<String, ValueSpec>,
    pub counts: Counts,
    /// Whether the relay tells nobody what it does deliberately, until the session has passed the challenge.
    #[serde(default)]
    pub conceal: bool,
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
    /// The query of the lab's URL. If the settings contain placeholders or a script, or are concealed, the query is `challenge=ID`: the relay
    /// knows what it means, and the URL does not reveal what the learner has to find out.
    #[must_use]
    pub fn lab_query(&self) -> String {
        let is_named = self.conceal || self.script.is_some() || values::has_placeholder(&self.query);
        if is_named { format!("challenge={}", self.summary.id) } else { self.query.clone() }
    }

    /// The faults of which the lab draws one for each connection.
    pub fn drawn_faults(&self) -> impl Iterator<Item = String> {
        let settings = form_urlencoded::parse(self.query.as_bytes());
        let faults = settings.filter(|(name, _)| name == "fault").map(|(_, faults)| faults.into_owned());
        faults
            .flat_map(|faults| faults.split('|').map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The names of the values that the page needs for its texts. All others are hidden.
    pub(crate) fn open_names(&self) -> BTreeSet<&str> {
        let texts = [Some(&self.task), Some(&self.starter), self.html_file.as_ref(), self.via.as_ref()];
        let wanted = self.checks.iter().map(|check| check.wants.as_str());
        let texts = texts.into_iter().flatten().chain(&self.hints).map(String::as_str).chain(wanted);
        let mut names: BTreeSet<_> = texts.chain(self.wanted_url()).flat_map(values::names).collect();
        // A frame contains its text.
        let specs = self.value_specs.iter();
        let inside = specs.filter(|(name, _)| names.contains(name.as_str())).filter_map(|(_, spec)| match spec {
            ValueSpec::Frame { text } => Some(text.as_str()),
            _ => None,
        });
        names.extend(inside.collect::<Vec<_>>());
        names
    }

    /// All values of `session`. The hidden ones depend on the relay's `secret`.
    #[must_use]
    pub fn values(&self, session: &SessionId, secret: &ValueSecret) -> Values {
        let open = self.open_names();
        values::make(&self.summary.id, self.value_specs.iter(), session, |name| {
            (!open.contains(name)).then_some(secret)
        })
    }

    /// The values of `session` that are not hidden. Anyone who knows the session's name can compute them.
    #[must_use]
    pub fn open_values(&self, session: &SessionId) -> Values {
        let open = self.open_names();
        let specs = self.value_specs.iter().filter(|(name, _)| open.contains(name.as_str()));
        values::make(&self.summary.id, specs, session, |_| None)
    }

    /// Whether only the relay can decide `check`: it does not tell anyone the evidence, or the check names a hidden value.
    #[must_use]
    pub fn needs_relay(&self, check: &Check) -> bool {
        let open = self.open_names();
        check.condition.needs_relay() || !check.condition.value_names().iter().all(|name| open.contains(name.as_str()))
    }

    /// The values that the task names. The learner sees these and has to find out the others.
    #[must_use]
    pub fn shown_values(&self, session: &SessionId) -> Values {
        let mut values = self.open_values(session);
        values.retain(|name, _| values::names(&self.task).any(|named| named == name));
        values
    }

    /// The lab's settings with `values` filled in. Each setting is filled in separately, because a value may contain `+` or `&`.
    #[must_use]
    pub fn settings(&self, values: &Values) -> String {
        if self.script.is_none() && !values::has_placeholder(&self.query) {
            return self.query.clone();
        }
        let script =
            self.script.as_ref().map(|script| values::fill_json(script, &self.value_specs, values).to_string());
        let settings = form_urlencoded::parse(self.query.as_bytes());
        let filled = settings.map(|(name, value)| (name.into_owned(), values::fill(&value, values)));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filled)
            .extend_pairs(script.map(|script| ("script", script)))
            .finish()
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
    /// All connections of the session, also those of earlier attempts.
    Session,
}

/// `GET /api/course/challenges/{id}/solution`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// JavaScript with placeholders, also for values that the learner has to find out.
    pub code: String,
    /// The explanation. HTML.
    pub why: String,
}
