//! Targets for the figures. They are informative: machines are noisy, so a missed target is not an error.

use crate::case::Case;
use crate::contestant::Contestant;
use crate::results::Results;
use crate::table::{number, or_dash, table};

struct Target {
    what: String,
    most: f64,
    measured: Option<f64>,
}

/// The CPU time per message of `/echo`, divided by that of the best peer.
const ECHO_TO_BEST_PEER: [(Case, f64); 4] =
    [(Case::OneInFlight, 1.0), (Case::Pipelined, 0.08), (Case::Kib16, 0.85), (Case::Mib1, 0.80)];
/// The CPU time per message of the lab without observers, divided by that of `/echo`.
const LAB_TO_ECHO: [(Case, f64); 4] =
    [(Case::OneInFlight, 1.1), (Case::Pipelined, 1.5), (Case::Kib16, 1.1), (Case::Mib1, 1.1)];
/// The CPU time per message of the lab with an observer, divided by that of axum with its better read buffer. axum has no
/// observers.
const OBSERVED_TO_AXUM: f64 = 1.0;
/// The CPU time per message of the relay as a proxy, with both sides recorded, divided by that of nginx, which does not look at
/// the frames.
const RELAYED_TO_NGINX: [(Case, f64); 4] =
    [(Case::OneInFlight, 1.3), (Case::Pipelined, 1.0), (Case::Kib16, 1.3), (Case::Mib1, 1.3)];
/// KiB per idle connection.
const MEMORY: [(Contestant, f64); 2] = [(Contestant::Echo, 2.0), (Contestant::Lab, 3.0)];

/// The targets that have a figure in this run, and whether each is met.
#[must_use]
pub fn targets_table(results: &Results) -> String {
    let row = |target: Target| {
        let verdict = match target.measured? {
            measured if measured <= target.most => "met",
            _ => "missed",
        };
        Some(vec![target.what, number(target.most), or_dash(target.measured, number), verdict.to_owned()])
    };
    let rows: Vec<_> = targets(results).into_iter().filter_map(row).collect();
    if rows.is_empty() {
        return "This run measured nothing that has a target.\n".to_owned();
    }
    table(&["", "at most", "measured", ""], &rows)
}

fn targets(results: &Results) -> Vec<Target> {
    let ratio = |case, part, whole: Option<Contestant>| results.ratio(case, part, whole?);
    let echo = ECHO_TO_BEST_PEER.map(|(case, most)| Target {
        what: format!("`/echo` to the best peer: {}", case.title()),
        most,
        measured: ratio(case, Contestant::Echo, results.best_peer(case)),
    });
    let memory = MEMORY.map(|(contestant, most)| Target {
        what: format!("KiB per idle connection: {}", contestant.title()),
        most,
        measured: results.memory.get(&contestant).map(|bytes| bytes / 1024.0),
    });
    let lab = LAB_TO_ECHO.map(|(case, most)| Target {
        what: format!("lab without observers to `/echo`: {}", case.title()),
        most,
        measured: ratio(case, Contestant::Lab, Some(Contestant::Echo)),
    });
    let observed = Case::ALL.map(|case| Target {
        what: format!("lab with one observer to axum: {}", case.title()),
        most: OBSERVED_TO_AXUM,
        measured: ratio(case, Contestant::LabObserved, results.axum(case)),
    });
    let relayed = RELAYED_TO_NGINX.map(|(case, most)| Target {
        what: format!("as a proxy, both sides recorded, to nginx: {}", case.title()),
        most,
        measured: ratio(case, Contestant::Relayed, Some(Contestant::Nginx)),
    });
    echo.into_iter().chain(memory).chain(lab).chain(observed).chain(relayed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::results;

    #[test]
    fn a_target_is_met_or_missed_or_not_shown() {
        let measured: [(_, &[f64]); 3] =
            [(Contestant::Echo, &[0.3]), (Contestant::Axum, &[5.0]), (Contestant::LabObserved, &[6.0])];
        let mut results = results(Case::Pipelined, &measured);
        results.memory.insert(Contestant::Echo, 2048.0);
        let text = targets_table(&results);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("| `/echo` to the best peer: 64 connections, 125 bytes"));
        assert!(lines[0].contains("0.060") && lines[0].ends_with("met |"));
        assert!(lines[1].contains("2.00") && lines[1].ends_with("met |"));
        assert!(lines[2].contains("1.20") && lines[2].ends_with("missed |"));
    }

    #[test]
    fn without_figures_there_is_no_table() {
        assert!(!targets_table(&Results::default()).contains('|'));
    }
}
