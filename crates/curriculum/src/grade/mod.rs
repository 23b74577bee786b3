//! Grades an attempt: a verdict on each check, with what was found and where.

mod address;
mod evidence;
mod page;
mod rhythm;
mod wire;

use crate::challenge::Challenge;
use crate::check::Condition;
use crate::page_run::PageRun;
use crate::values::{Values, fill, fill_json};
use address::Address;
use evidence::Evidence;
use observation::{ConnectionNumber, Seq, SessionId, Transcript};
use serde::{Deserialize, Serialize};

/// What is graded.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub session: &'a SessionId,
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
struct Finding {
    met: bool,
    found: String,
    at: Option<ObservationRef>,
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
    let values = challenge.values(attempt.session);
    let address = Address::of(challenge, &values);
    let evidence = Evidence::of(challenge.counts, &address, attempt.transcript, attempt.since);
    // If no connection counts, every check of the wire reports the one to another address.
    let other_address = evidence.other_address.filter(|_| evidence.connections.is_empty());
    let verdict = |check: &crate::check::Check| {
        let reported_by_page = check.condition.needs_page();
        let finding = match attempt.run {
            None if reported_by_page => Finding::unmet("Only a run in the page can meet this check.", None),
            _ if !reported_by_page && other_address.is_some() => Finding::unmet(OTHER_ADDRESS, other_address),
            run => find(&check.condition, challenge, &evidence, run, &values),
        };
        Verdict { check: check.id.clone(), met: finding.met, found: finding.found, at: finding.at, reported_by_page }
    };
    Report { verdicts: challenge.checks.iter().map(verdict).collect(), golf: evidence.golf() }
}

const OTHER_ADDRESS: &str = "You connected to a different address. Connect to `lab.url` without changes.";

fn find(
    condition: &Condition,
    challenge: &Challenge,
    evidence: &Evidence<'_>,
    run: Option<&PageRun>,
    values: &Values,
) -> Finding {
    let none = PageRun::default();
    let run = run.unwrap_or(&none);
    let specs = &challenge.value_specs;
    match condition {
        Condition::Connected(times) => wire::connected(evidence, *times),
        Condition::Subprotocol(wanted) => wire::subprotocol(evidence, wanted, values),
        Condition::Message(wanted) => wire::message(evidence, wanted, specs, values),
        Condition::CloseFrame(wanted) => wire::close_frame(evidence, wanted, values),
        Condition::ClosedCleanly(wanted) => wire::closed_cleanly(evidence, *wanted),
        Condition::Beats(wanted) => rhythm::beats(evidence, wanted),
        Condition::Backoff(wanted) => rhythm::backoff(evidence, wanted),
        Condition::InFlight(wanted) => rhythm::in_flight(evidence, wanted.at_least),
        Condition::Lasted(wanted) => rhythm::lasted(evidence, wanted.at_least_ms),
        Condition::Tried(wanted) => page::tried(run, &fill(&wanted.url, values)),
        Condition::Event(wanted) => page::event(run, wanted),
        Condition::Returned(wanted) => page::returned(run, &fill_json(&wanted.is, specs, values)),
        Condition::Pasted(wanted) => {
            let url = challenge.wanted_url().map(|url| fill(url, values));
            page::pasted(run, &wanted.says, url.as_deref())
        }
        Condition::Shown(wanted) => page::shown(run, wanted.at_least),
        Condition::Buffered(wanted) => page::buffered(run, wanted.at_most),
    }
}
