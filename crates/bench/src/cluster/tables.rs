//! The figures of relays that share their sessions, as Markdown, and their targets.

use super::echo::Round;
use super::latency::Latency;
use super::stored::Stored;
use crate::measure::{Summary, median};
use crate::results::DISTURBED;
use crate::table::{number, or_dash, percent, table};
use hdrhistogram::Histogram;

/// The CPU time of the relay per message with Redis, divided by that in memory: with one message in flight, and with many.
const MOST_ONE: f64 = 1.1;
const MOST_MANY: f64 = 1.25;
/// Milliseconds to the observers at another relay while other sessions are busy: 99 of 100 observations.
const MOST_P99: f64 = 25.0;

/// The rounds of one load, in which both stores took turns.
pub struct Echoes {
    pub title: String,
    pub in_flight: usize,
    pub memory: Vec<Round>,
    pub redis: Vec<Round>,
}

/// One row: what was measured, and its rounds.
pub struct Latencies {
    pub title: String,
    /// Whether other relays and other sessions took part, as in the target.
    pub is_target: bool,
    pub rounds: Vec<Latency>,
}

impl Echoes {
    /// The CPU time with Redis divided by that in memory, in each round.
    fn ratios(&self) -> Vec<f64> {
        let pairs = self.redis.iter().zip(&self.memory);
        pairs
            .filter(|(_, memory)| memory.figures.cpu > 0.0)
            .map(|(redis, memory)| redis.figures.cpu / memory.figures.cpu)
            .collect()
    }

    #[must_use]
    pub fn table(&self) -> String {
        let ratios = self.ratios();
        let range = || {
            let (least, most) = (ratios.iter().copied().reduce(f64::min)?, ratios.iter().copied().reduce(f64::max)?);
            Some(format!("{} to {}", number(least), number(most)))
        };
        let row = |name: &str, rounds: &[Round], ratio: String, range: String| {
            let figures: Vec<_> = rounds.iter().map(|round| round.figures).collect();
            let Summary { median: mid, spread } = Summary::of(&figures)?;
            let of_redis = |figure: fn(&super::echo::RedisShare) -> f64| {
                median(rounds.iter().filter_map(|round| round.redis.as_ref()).map(figure).collect())
            };
            Some(vec![
                name.to_owned(),
                number(mid.cpu),
                ratio,
                range,
                number(mid.per_second),
                number(mid.p50),
                number(mid.p99),
                percent(spread),
                or_dash(of_redis(|redis| redis.cpu), number),
                or_dash(of_redis(|redis| redis.dropped), percent),
            ])
        };
        let of_redis = [or_dash(median(ratios.clone()), number), range().unwrap_or_default()];
        let [ratio, range] = of_redis;
        let rows = [
            row("in memory", &self.memory, "1.00".to_owned(), "–".to_owned()),
            row("through Redis", &self.redis, ratio, range),
        ];
        let head = [
            "",
            "CPU µs/message",
            "to memory",
            "in the rounds",
            "messages/s",
            "p50 µs",
            "p99 µs",
            "spread of rounds",
            "CPU µs/message of Redis",
            "not recorded",
        ];
        let mut text = table(&head, &rows.into_iter().flatten().collect::<Vec<_>>());
        let waited = self.memory.iter().chain(&self.redis).map(|round| round.figures.waited).collect();
        if let Some(waited) = median(waited).filter(|waited| *waited > DISTURBED) {
            text.push_str(&format!(
                "\n**Disturbed**: other processes used the relay's core for {} of the time.\n",
                percent(waited)
            ));
        }
        text
    }
}

impl Latencies {
    fn rows(&self) -> Vec<Vec<String>> {
        let over = |figure: fn(&Latency) -> Option<f64>| median(self.rounds.iter().filter_map(figure).collect());
        let missing: u64 = self.rounds.iter().map(|round| round.missing).sum();
        let row = |place: &str, latencies: &Histogram<u64>| {
            vec![
                format!("{}, {place}", self.title),
                number(milliseconds(latencies, 0.5)),
                number(milliseconds(latencies, 0.99)),
                number(latencies.len() as f64),
                number(missing as f64),
                or_dash(over(|round| Some(round.relays_cpu)), percent),
                or_dash(over(|round| round.redis_cpu), percent),
            ]
        };
        let here = merged(self.rounds.iter().map(|round| &round.here));
        let elsewhere = merged(self.rounds.iter().filter_map(|round| round.elsewhere.as_ref()));
        let here = here.map(|latencies| row(if elsewhere.is_some() { "same relay" } else { "one relay" }, &latencies));
        here.into_iter().chain(elsewhere.map(|latencies| row("another relay", &latencies))).collect()
    }
}

/// From the wire to the observers.
#[must_use]
pub fn latency_table(all: &[Latencies]) -> String {
    let head = ["", "p50 ms", "p99 ms", "observations", "missing", "CPU of the relays", "CPU of Redis"];
    let mut text = table(&head, &all.iter().flat_map(Latencies::rows).collect::<Vec<_>>());
    let traffic = all.iter().flat_map(|row| &row.rounds).filter_map(|round| round.traffic).collect();
    if let Some(traffic) = median(traffic) {
        text.push_str(&format!("\nThe traffic in the other sessions was {} messages/s.\n", number(traffic)));
    }
    text
}

/// What an observation takes in Redis.
#[must_use]
pub fn stored_table(all: &[(String, Stored)]) -> String {
    let row = |(title, Stored { logs, cpu }): &(String, Stored)| {
        let observations = logs.observations.max(1) as f64;
        vec![
            title.clone(),
            number(logs.memory as f64 / observations),
            number(observations / logs.entries.max(1) as f64),
            number(*cpu),
            number(observations),
        ]
    };
    let head = ["", "bytes/observation", "observations/entry", "CPU µs/observation", "observations"];
    table(&head, &all.iter().map(row).collect::<Vec<_>>())
}

/// The targets that have a figure in this run, and whether each is met.
#[must_use]
pub fn targets_table(echoes: &[Echoes], latencies: &[Latencies]) -> String {
    let echo = echoes.iter().filter_map(|echo| {
        let most = if echo.in_flight > 1 { MOST_MANY } else { MOST_ONE };
        Some((format!("CPU of the relay, Redis to memory: {}", echo.title), most, median(echo.ratios())?))
    });
    let latency = latencies.iter().filter(|row| row.is_target).filter_map(|row| {
        let latencies = merged(row.rounds.iter().filter_map(|round| round.elsewhere.as_ref()))?;
        Some((format!("p99 in ms at another relay: {}", row.title), MOST_P99, milliseconds(&latencies, 0.99)))
    });
    let row = |(what, most, measured): (String, f64, f64)| {
        let verdict = if measured <= most { "met" } else { "missed" };
        vec![what, number(most), number(measured), verdict.to_owned()]
    };
    let rows: Vec<_> = echo.chain(latency).map(row).collect();
    if rows.is_empty() {
        return "This run measured nothing that has a target.\n".to_owned();
    }
    table(&["", "at most", "measured", ""], &rows)
}

fn milliseconds(latencies: &Histogram<u64>, part: f64) -> f64 {
    latencies.value_at_quantile(part) as f64 / 1e6
}

fn merged<'h>(mut rounds: impl Iterator<Item = &'h Histogram<u64>>) -> Option<Histogram<u64>> {
    let mut all = rounds.next()?.clone();
    // All have the same bounds.
    rounds.try_for_each(|round| all.add(round)).ok()?;
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::super::echo::RedisShare;
    use super::*;
    use crate::generator::histogram;
    use crate::measure::Figures;

    fn round(cpu: f64, redis: Option<RedisShare>) -> Round {
        let figures = Figures { cpu, per_second: 1e6 / cpu, p50: cpu, p99: cpu, busy: 1.0, waited: 0.0 };
        Round { figures, redis }
    }

    fn latency(elsewhere_ms: u64) -> Latency {
        let [mut here, mut elsewhere] = [histogram().unwrap(), histogram().unwrap()];
        here.record(1_000_000).unwrap();
        elsewhere.record(elsewhere_ms * 1_000_000).unwrap();
        Latency {
            here,
            elsewhere: Some(elsewhere),
            missing: 0,
            relays_cpu: 0.1,
            redis_cpu: Some(0.01),
            traffic: Some(1000.0),
        }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        let share = Some(RedisShare { cpu: 0.5, dropped: 0.0 });
        let echoes = Echoes {
            title: "one".to_owned(),
            in_flight: 1,
            memory: [1.0, 4.0, 2.0].map(|cpu| round(cpu, None)).to_vec(),
            redis: [1.2, 4.0, 2.2].map(|cpu| round(cpu, share)).to_vec(),
        };
        assert_eq!(median(echoes.ratios()), Some(1.1));
        assert!(echoes.table().contains("1.00 to 1.20"), "{}", echoes.table());
        let targets = targets_table(&[echoes], &[]);
        assert!(targets.lines().nth(2).unwrap().ends_with(" met |"), "{targets}");
    }

    #[test]
    fn the_slowest_observations_count_for_the_target() {
        let row = |is_target| Latencies { title: "busy".to_owned(), is_target, rounds: vec![latency(5), latency(30)] };
        assert!(targets_table(&[], &[row(false), row(true)]).lines().nth(2).unwrap().ends_with(" missed |"));
        let text = latency_table(&[row(true)]);
        assert!(text.contains("| busy, same relay") && text.contains("| busy, another relay"), "{text}");
        assert!(text.ends_with("1,000 messages/s.\n"), "{text}");
    }
}
