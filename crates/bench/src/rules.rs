//! What rules cost: echoes of the lab and through `/relay`, without rules, with rules that do not match, and with one that does.

use crate::case::Case;
use crate::contestant::{Contestant, Running};
use crate::measure::{Figures, Setup, Summary, median, under_load};
use crate::opening::{open_many, put};
use crate::results::disturbed;
use crate::table::{number, or_dash, percent, table};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// The contestants with rules.
pub const CONTESTANTS: [Contestant; 2] = [Contestant::Lab, Contestant::Relayed];
/// The cases that are measured.
pub const CASES: [Case; 3] = [Case::OneInFlight, Case::Pipelined, Case::Kib16];

/// What was set before the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rules {
    /// Never any.
    Never,
    /// One that was there when the connections were opened, and was then removed.
    Removed,
    /// One that looks for a text in every message and does not find it.
    NotMatching,
    /// One that notes every message.
    Noting,
}

/// The rounds of each contestant in each case.
pub type RulesResults = BTreeMap<(Case, Contestant, Rules), Vec<Figures>>;

impl Rules {
    pub const ALL: [Self; 4] = [Self::Never, Self::Removed, Self::NotMatching, Self::Noting];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Never => "never any rule",
            Self::Removed => "a rule, removed again",
            Self::NotMatching => "a rule that matches no message",
            Self::Noting => "a rule that notes every message",
        }
    }

    fn json(self) -> Option<&'static str> {
        match self {
            Self::Never => None,
            Self::Removed | Self::Noting => Some(r#"[{"then": {"note": "seen"}}]"#),
            Self::NotMatching => Some(r#"[{"when": {"text": "in no message"}, "then": {"note": "seen"}}]"#),
        }
    }
}

/// Starts a new relay, sets the rules, and measures it under load.
///
/// # Errors
/// As [`measure`](crate::measure::measure()).
pub fn measure(contestant: Contestant, case: Case, rules: Rules, setup: &Setup) -> Result<Figures> {
    let running = contestant.start(&setup.programs, &[setup.server_core], &[setup.generator_core], &[])?;
    if let Some(json) = rules.json() {
        set(&running, json)?;
    }
    let streams = open_many(running.server.address(), &running.path, case.shape().connections)?;
    if rules == Rules::Removed {
        set(&running, "[]")?;
    }
    under_load(&running, streams, case, setup)
}

fn set(running: &Running, json: &str) -> Result<()> {
    // `/lab/NAME` or `/relay/NAME?to=…`
    let name = running.path.split(['/', '?']).nth(2).context("the path has the session's name")?;
    put(running.server.address(), &format!("/api/sessions/{name}/rules"), json).map(drop)
}

/// One row for each kind of rules. A ratio is the median of the ratios of all rounds.
#[must_use]
pub fn rules_table(results: &RulesResults, case: Case, contestant: Contestant) -> String {
    let of = |rules| results.get(&(case, contestant, rules)).map_or(&[][..], Vec::as_slice);
    let ratio = |rules| {
        let pairs = of(rules).iter().zip(of(Rules::Never)).filter(|(_, never)| never.cpu > 0.0);
        median(pairs.map(|(with, never)| with.cpu / never.cpu).collect())
    };
    let measured = Rules::ALL.into_iter().filter_map(|rules| Some((rules, Summary::of(of(rules))?)));
    let measured: Vec<_> = measured.collect();
    let row = |(rules, Summary { median, spread }): &(Rules, Summary)| {
        vec![
            rules.title().to_owned(),
            number(median.cpu),
            or_dash(ratio(*rules), number),
            number(median.per_second),
            percent(*spread),
        ]
    };
    let head = ["", "CPU µs/message", "to never", "messages/s", "spread of rounds"];
    let rows: Vec<_> = measured.iter().map(row).collect();
    table(&head, &rows) + &disturbed(measured.iter().map(|(_, summary)| summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_rounds() {
        let figures = |cpu| Figures { cpu, per_second: 1.0, p50: 1.0, p99: 1.0, busy: 1.0, waited: 0.0 };
        let mut results = RulesResults::new();
        for (rules, rounds) in [(Rules::Never, [1.0, 4.0, 2.0]), (Rules::Noting, [2.0, 8.0, 4.0])] {
            results.insert((Case::Kib16, Contestant::Lab, rules), rounds.map(figures).to_vec());
        }
        let text = rules_table(&results, Case::Kib16, Contestant::Lab);
        let cells: Vec<Vec<_>> = text.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(cells.len(), 2, "{text}");
        assert_eq!(cells[0][1..4], ["never any rule", "2.00", "1.00"]);
        assert_eq!(cells[1][1..4], ["a rule that notes every message", "4.00", "2.00"]);
    }
}
