//! Grades an attempt: a verdict on each check, with what was found and where.

mod address;
mod answers;
mod dialogue;
mod evidence;
mod named;
mod page;
mod rhythm;
mod wire;

use crate::challenge::{Challenge, Counts};
use crate::check::Condition;
use crate::page_run::PageRun;
use crate::values::{Values, fill, fill_json};
use address::Address;
use evidence::Evidence;
use observation::{ConnectionNumber, Seq, Transcript};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is graded.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The values of its session. A check that names others is not met: only the relay knows them all.
    pub values: &'a Values,
    pub transcript: &'a Transcript,
    /// Only connections that began after this observation count, and only those to the challenge's address.
    pub since: Seq,
    /// What the page recorded, if the attempt was a run in the page.
    pub run: Option<&'a PageRun>,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each check, in their order.
    pub verdicts: Vec<Verdict>,
    pub golf: Golf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The id of the check.
    pub check: String,
    pub met: bool,
    /// What was found, in a sentence.
    pub found: String,
    /// Where it was found; `None` if there is nothing to point at.
    pub at: Option<ObservationRef>,
    /// Whether it rests on what the page reported, which the relay cannot verify.
    #[serde(rename = "on_word")]
    pub reported_by_page: bool,
}

/// Names an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationRef {
    pub connection: ConnectionNumber,
    pub seq: Seq,
}

/// The size of a solution: what the client sent on the connections that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golf {
    pub connections: u32,
    pub frames: u64,
    /// Headers included.
    pub bytes: u64,
}

impl Report {
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.verdicts.is_empty() && self.verdicts.iter().all(|verdict| verdict.met)
    }
}

/// The result of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub met: bool,
    /// What was found, in a sentence.
    pub found: String,
    /// Where it was found; `None` if there is nothing to point at.
    pub at: Option<ObservationRef>,
}

impl Finding {
    fn met(found: impl Into<String>, at: Option<ObservationRef>) -> Self {
        Self { met: true, found: found.into(), at }
    }

    fn unmet(found: impl Into<String>, at: Option<ObservationRef>) -> Self {
        Self { met: false, found: found.into(), at }
    }
}

/// Grades an attempt by the checks of `challenge`.
#[must_use]
pub fn grade(challenge: &Challenge, attempt: Attempt<'_>) -> Report {
    let Attempt { values, .. } = attempt;
    let address = Address::of(challenge, values);
    let evidence = Evidence::of(challenge.counts, Some(&address), attempt.transcript, attempt.since);
    // If no connection counts, every check of the wire reports the one to another address.
    let other_address = evidence.other_address.filter(|_| evidence.connections.is_empty());
    let verdict = |check: &crate::check::Check| {
        let reported_by_page = check.condition.needs_page();
        let finding = match attempt.run {
            None if reported_by_page => Finding::unmet("Only a run in the page can meet this check.", None),
            _ if !reported_by_page && other_address.is_some() => Finding::unmet(OTHER_ADDRESS, other_address),
            _ if !check.condition.value_names().iter().all(|name| values.contains_key(name)) => {
                Finding::unmet(BY_RELAY, None)
            }
            run => find(&check.condition, Some(challenge), &evidence, run, values),
        };
        Verdict { check: check.id.clone(), met: finding.met, found: finding.found, at: finding.at, reported_by_page }
    };
    Report { verdicts: challenge.checks.iter().map(verdict).collect(), golf: evidence.golf() }
}

/// Whether the connections of a session meet a condition, all of them, at any address. The condition has no placeholders.
#[must_use]
pub fn observe(condition: &Condition, transcript: &Transcript, run: &PageRun) -> Finding {
    let evidence = Evidence::of(Counts::All, None, transcript, Seq(0));
    find(condition, None, &evidence, Some(run), &Values::new())
}

const BY_RELAY: &str = "The relay checks this when your connections have ended.";
const OTHER_ADDRESS: &str = "You connected to a different address. Connect to `lab.url` without changes.";

fn find(
    condition: &Condition,
    challenge: Option<&Challenge>,
    evidence: &Evidence<'_>,
    run: Option<&PageRun>,
    values: &Values,
) -> Finding {
    let none = PageRun::default();
    let run = run.unwrap_or(&none);
    let no_specs = BTreeMap::new();
    let specs = challenge.map_or(&no_specs, |challenge| &challenge.value_specs);
    match condition {
        Condition::Connected(times) => wire::connected(evidence, *times),
        Condition::Subprotocol(wanted) => wire::subprotocol(evidence, wanted, values),
        Condition::Message(wanted) => wire::message(evidence, wanted, specs, values),
        Condition::CloseFrame(wanted) => wire::close_frame(evidence, wanted, values),
        Condition::ClosedCleanly(wanted) => wire::closed_cleanly(evidence, *wanted),
        Condition::Beats(wanted) => rhythm::beats(evidence, wanted),
        Condition::Backoff(wanted) => rhythm::backoff(evidence, wanted),
        Condition::InFlight(wanted) => rhythm::in_flight(evidence, wanted),
        Condition::Frames(wanted) => wire::frames(evidence, wanted),
        Condition::Answers(wanted) => answers::answers(evidence, wanted),
        Condition::Named(wanted) => {
            let faults = challenge.into_iter().flat_map(Challenge::drawn_faults).collect();
            named::named(evidence, wanted.points, &faults)
        }
        Condition::Lasted(wanted) => rhythm::lasted(evidence, wanted.at_least_ms),
        Condition::After(wanted) => dialogue::after(evidence, wanted, specs, values),
        Condition::Acknowledged(wanted) => dialogue::acknowledged(evidence, wanted),
        Condition::Inner(wanted) => dialogue::inner(evidence, *wanted),
        Condition::Tried(wanted) => page::tried(run, &fill(&wanted.url, values)),
        Condition::Event(wanted) => page::event(run, wanted),
        Condition::Returned(wanted) => page::returned(run, &fill_json(&wanted.is, specs, values)),
        Condition::Pasted(wanted) => {
            let url = challenge.and_then(Challenge::wanted_url).map(|url| fill(url, values));
            page::pasted(run, &wanted.says, url.as_deref())
        }
        Condition::Shown(wanted) => page::shown(run, wanted, evidence),
        Condition::Buffered(wanted) => page::buffered(run, wanted),
        Condition::Read(wanted) => page::read(run, wanted),
    }
}
