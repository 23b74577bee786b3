//! All figures of a run, and their tables.

use crate::case::Case;
use crate::contestant::Contestant;
use crate::measure::Summary;
use crate::table::{number, or_dash, percent, table};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct Results {
    pub cases: BTreeMap<(Case, Contestant), Summary>,
    /// Bytes per idle connection.
    pub memory: BTreeMap<Contestant, f64>,
}

impl Results {
    /// CPU microseconds per message.
    #[must_use]
    pub fn cpu(&self, case: Case, contestant: Contestant) -> Option<f64> {
        self.cases.get(&(case, contestant)).map(|summary| summary.median.cpu)
    }

    /// That of the peer that needs the least.
    #[must_use]
    pub fn best_peer(&self, case: Case) -> Option<f64> {
        let peers = Contestant::ALL.into_iter().filter(|contestant| contestant.is_peer());
        peers.filter_map(|peer| self.cpu(case, peer)).min_by(f64::total_cmp)
    }

    #[must_use]
    pub fn case_table(&self, case: Case) -> String {
        let best = self.best_peer(case);
        let rows = Contestant::ALL.into_iter().filter_map(|contestant| {
            let Summary { median, spread } = self.cases.get(&(case, contestant))?;
            Some(vec![
                contestant.title().to_owned(),
                number(median.cpu),
                or_dash(ratio(Some(median.cpu), best), number),
                number(median.per_second),
                number(median.p50),
                number(median.p99),
                percent(median.busy),
                percent(*spread),
            ])
        });
        let head =
            ["", "CPU µs/message", "to best peer", "messages/s", "p50 µs", "p99 µs", "core busy", "spread of rounds"];
        table(&head, &rows.collect::<Vec<_>>())
    }

    #[must_use]
    pub fn memory_table(&self) -> String {
        let row = |(contestant, bytes): (&Contestant, &f64)| {
            vec![contestant.title().to_owned(), number(*bytes), number(bytes / 1024.0)]
        };
        let rows: Vec<_> = self.memory.iter().map(row).collect();
        table(&["", "bytes/connection", "KiB/connection"], &rows)
    }
}

/// How many times `whole` goes into `part`, when both are known.
#[must_use]
pub fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(part? / whole.filter(|whole| *whole > 0.0)?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::Figures;

    /// Results in which each of `contestants` needs so many microseconds in `case`.
    pub(crate) fn results(case: Case, contestants: &[(Contestant, f64)]) -> Results {
        let summary = |cpu| Summary {
            median: Figures { cpu, per_second: 1e6 / cpu, p50: 50.0, p99: 99.0, busy: 1.0 },
            spread: 0.02,
        };
        let cases = contestants.iter().map(|&(contestant, cpu)| ((case, contestant), summary(cpu)));
        Results { cases: cases.collect(), memory: BTreeMap::new() }
    }

    #[test]
    fn the_best_peer_is_never_the_relay() {
        let measured = [(Contestant::Echo, 1.0), (Contestant::Axum, 8.0), (Contestant::Fastwebsockets, 4.0)];
        let results = results(Case::OneInFlight, &measured);
        assert_eq!(results.best_peer(Case::OneInFlight), Some(4.0));
        assert_eq!(results.best_peer(Case::Mib1), None);
        assert!(results.case_table(Case::OneInFlight).contains("| Framescope `/echo` |           1.00 |        0.250 |"));
    }

    #[test]
    fn a_ratio_needs_both() {
        assert_eq!(ratio(Some(1.0), Some(4.0)), Some(0.25));
        assert_eq!(ratio(Some(1.0), Some(0.0)), None);
        assert_eq!(ratio(None, Some(4.0)), None);
    }
}
