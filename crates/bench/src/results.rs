//! All figures of a run, and their tables.

use crate::case::Case;
use crate::contestant::Contestant;
use crate::measure::{Figures, Summary, median};
use crate::table::{number, or_dash, percent, table};
use std::collections::BTreeMap;

/// Kernel threads and interrupts alone take less than this share of the time. So do the 5 % that Linux reserves when servers run
/// as real-time processes under `chrt`.
pub const DISTURBED: f64 = 0.06;

#[derive(Clone, Debug, Default)]
pub struct Results {
    /// In the order in which they were measured.
    pub rounds: BTreeMap<(Case, Contestant), Vec<Figures>>,
    /// Bytes per idle connection.
    pub memory: BTreeMap<Contestant, f64>,
}

impl Results {
    fn of(&self, case: Case, contestant: Contestant) -> &[Figures] {
        self.rounds.get(&(case, contestant)).map_or(&[], Vec::as_slice)
    }

    /// The CPU time per message of `part` divided by that of `whole`: the median of this ratio in all rounds. Machines have slow
    /// and fast phases that are longer than a round, and each round measures all contestants.
    #[must_use]
    pub fn ratio(&self, case: Case, part: Contestant, whole: Contestant) -> Option<f64> {
        let pairs = self.of(case, part).iter().zip(self.of(case, whole));
        median(pairs.filter(|(_, whole)| whole.cpu > 0.0).map(|(part, whole)| part.cpu / whole.cpu).collect())
    }

    /// The peer that needs the least CPU time.
    #[must_use]
    pub fn best_peer(&self, case: Case) -> Option<Contestant> {
        self.least(case, Contestant::is_peer)
    }

    /// axum with the read buffer that needs less CPU time.
    #[must_use]
    pub fn axum(&self, case: Case) -> Option<Contestant> {
        self.least(case, |contestant| matches!(contestant, Contestant::Axum | Contestant::AxumSmallBuffer))
    }

    fn least(&self, case: Case, counts: impl Fn(Contestant) -> bool) -> Option<Contestant> {
        let counted = Contestant::ALL.into_iter().filter(|contestant| counts(*contestant));
        let measured = counted.filter_map(|contestant| {
            Summary::of(self.of(case, contestant)).map(|summary| (contestant, summary.median.cpu))
        });
        measured.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(contestant, _)| contestant)
    }

    #[must_use]
    pub fn case_table(&self, case: Case) -> String {
        self.table(case, &Contestant::ALL, self.best_peer(case), "to best peer")
    }

    /// The relay as a proxy, compared with nginx.
    #[must_use]
    pub fn proxy_table(&self, case: Case) -> String {
        self.table(case, &Contestant::PROXIES, Some(Contestant::Nginx), "to nginx")
    }

    fn table(&self, case: Case, contestants: &[Contestant], best: Option<Contestant>, to_best: &str) -> String {
        let summaries = contestants.iter().filter_map(|&contestant| {
            let summary = Summary::of(self.of(case, contestant))?;
            Some((contestant, summary))
        });
        let summaries: Vec<_> = summaries.collect();
        let row = |(contestant, Summary { median, spread }): &(Contestant, Summary)| {
            vec![
                contestant.title().to_owned(),
                number(median.cpu),
                or_dash(best.and_then(|best| self.ratio(case, *contestant, best)), number),
                number(median.per_second),
                number(median.p50),
                number(median.p99),
                percent(median.busy),
                percent(*spread),
            ]
        };
        let head = ["", "CPU µs/message", to_best, "messages/s", "p50 µs", "p99 µs", "core busy", "spread of rounds"];
        let rows: Vec<_> = summaries.iter().map(row).collect();
        table(&head, &rows) + &disturbed(summaries.iter().map(|(_, summary)| summary))
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

/// A warning, if other processes used the server's core; otherwise empty.
pub(crate) fn disturbed<'s>(summaries: impl Iterator<Item = &'s Summary>) -> String {
    let most = summaries.map(|summary| summary.median.waited).fold(0.0, f64::max);
    if most <= DISTURBED {
        return String::new();
    }
    format!(
        "\n**Disturbed**: other processes used the server's core for up to {} of the time. This increases the CPU time of every \
         message.\n",
        percent(most)
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Results of `case`: each of `contestants` with its microseconds per message in each round.
    pub(crate) fn results(case: Case, contestants: &[(Contestant, &[f64])]) -> Results {
        let figures =
            |cpu: &f64| Figures { cpu: *cpu, per_second: 1e6 / cpu, p50: 50.0, p99: 99.0, busy: 1.0, waited: 0.0 };
        let rounds =
            contestants.iter().map(|(contestant, cpu)| ((case, *contestant), cpu.iter().map(figures).collect()));
        Results { rounds: rounds.collect(), memory: BTreeMap::new() }
    }

    #[test]
    fn the_best_peer_is_never_the_relay() {
        let measured: [(_, &[f64]); 4] = [
            (Contestant::Echo, &[1.0]),
            (Contestant::Axum, &[8.0]),
            (Contestant::AxumSmallBuffer, &[5.0]),
            (Contestant::Fastwebsockets, &[4.0]),
        ];
        let results = results(Case::OneInFlight, &measured);
        assert_eq!(results.best_peer(Case::OneInFlight), Some(Contestant::Fastwebsockets));
        assert_eq!(results.axum(Case::OneInFlight), Some(Contestant::AxumSmallBuffer));
        assert_eq!(results.best_peer(Case::Mib1), None);
        let text = results.case_table(Case::OneInFlight);
        let cells: Vec<_> = text.lines().nth(2).unwrap().split('|').map(str::trim).collect();
        assert_eq!(cells[1..4], ["Framescope `/echo`", "1.00", "0.250"]);
    }

    #[test]
    fn a_slow_phase_of_the_machine_does_not_change_the_ratio() {
        let measured: [(_, &[f64]); 2] = [(Contestant::Echo, &[1.0, 4.0, 2.0]), (Contestant::Axum, &[2.0, 8.0, 4.0])];
        let results = results(Case::Kib16, &measured);
        assert_eq!(results.ratio(Case::Kib16, Contestant::Echo, Contestant::Axum), Some(0.5));
        assert_eq!(results.ratio(Case::Kib16, Contestant::Echo, Contestant::Lab), None);
    }
}
