//! The verdict on each check, with what was found and where.

mod address;
mod evidence;
mod page;
mod rhythm;
mod wire;

use crate::challenge::Challenge;
use crate::check::Look;
use crate::given::{Given, Values, fill, fill_json, given};
use crate::told::Told;
use address::Address;
use evidence::Evidence;
use observation::{ConnectionNumber, Seq, SessionId, Transcript};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is graded.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub session: &'a SessionId,
    pub transcript: &'a Transcript,
    /// Only connections that were first seen past this number are part of it, and only those to the challenge's address.
    pub since: Seq,
    /// What the page saw, if the attempt was made in it.
    pub told: Option<&'a Told>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each check, in their order.
    pub verdicts: Vec<Verdict>,
    pub golf: Golf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The check's name.
    pub check: String,
    pub met: bool,
    /// What was found, in a sentence.
    pub found: String,
    /// Where; `None` where there is nothing to point at.
    pub at: Option<Place>,
    /// Whether it rests on what the page told, which the relay cannot know.
    pub on_word: bool,
}

/// An observation to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub connection: ConnectionNumber,
    pub seq: Seq,
}

/// How little it took: what the client sent on the connections that count.
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

/// What a look at the evidence came to.
struct Finding {
    met: bool,
    found: String,
    at: Option<Place>,
}

impl Finding {
    fn met(found: impl Into<String>, at: Option<Place>) -> Self {
        Self { met: true, found: found.into(), at }
    }

    fn unmet(found: impl Into<String>, at: Option<Place>) -> Self {
        Self { met: false, found: found.into(), at }
    }
}

/// Holds an attempt against the checks of `challenge`.
#[must_use]
pub fn grade(challenge: &Challenge, attempt: Attempt<'_>) -> Report {
    let values = given(challenge, attempt.session);
    let address = Address::of(challenge, &values);
    let evidence = Evidence::of(challenge.counts, &address, attempt.transcript, attempt.since);
    // With nothing to go by but this, a check of the wire says it.
    let elsewhere = evidence.elsewhere.filter(|_| evidence.connections.is_empty());
    let verdict = |check: &crate::check::Check| {
        let on_word = check.look.is_of_page();
        let finding = match attempt.told {
            None if on_word => Finding::unmet("Only a run in the page can show this.", None),
            _ if !on_word && elsewhere.is_some() => Finding::unmet(ELSEWHERE, elsewhere),
            told => look(&check.look, &evidence, told, &challenge.given, &values),
        };
        Verdict { check: check.id.clone(), met: finding.met, found: finding.found, at: finding.at, on_word }
    };
    Report { verdicts: challenge.checks.iter().map(verdict).collect(), golf: evidence.golf() }
}

const ELSEWHERE: &str = "A connection came, but not to this challenge’s address: connect to `lab.url` as it is.";

fn look(
    look: &Look,
    evidence: &Evidence<'_>,
    told: Option<&Told>,
    given: &BTreeMap<String, Given>,
    values: &Values,
) -> Finding {
    let none = Told::default();
    let told = told.unwrap_or(&none);
    match look {
        Look::Connected(times) => wire::connected(evidence, *times),
        Look::Subprotocol(wanted) => wire::subprotocol(evidence, wanted, values),
        Look::Message(wanted) => wire::message(evidence, wanted, given, values),
        Look::CloseFrame(wanted) => wire::close_frame(evidence, wanted, values),
        Look::ClosedCleanly(wanted) => wire::closed_cleanly(evidence, *wanted),
        Look::Beats(wanted) => rhythm::beats(evidence, wanted),
        Look::Backoff(wanted) => rhythm::backoff(evidence, wanted),
        Look::InFlight(wanted) => rhythm::in_flight(evidence, wanted.at_least),
        Look::Lasted(wanted) => rhythm::lasted(evidence, wanted.at_least_ms),
        Look::Tried(wanted) => page::tried(told, &fill(&wanted.url, values)),
        Look::Event(wanted) => page::event(told, wanted),
        Look::Returned(wanted) => page::returned(told, &fill_json(&wanted.is, given, values)),
        Look::Pasted(wanted) => page::pasted(told, &wanted.says),
        Look::Shown(wanted) => page::shown(told, wanted.at_least),
        Look::Buffered(wanted) => page::buffered(told, wanted.at_most),
    }
}
