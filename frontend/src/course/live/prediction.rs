//! Which outcome of a prediction came true.

use curriculum::course::{Outcome, Seen};
use curriculum::grade::Finding;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The runs go on.
    Pending,
    /// The first outcome that came true, and what shows it: the index of the run and the finding.
    CameTrue { outcome: usize, evidence: Vec<(usize, Finding)> },
    /// The runs are over, and no outcome came true.
    None,
}

/// `find` looks for a condition in its run; `None` if the run has not begun. `over` is whether all runs have ended.
pub(super) fn decide(outcomes: &[Outcome], find: impl Fn(&Seen) -> Option<Finding>, over: bool) -> Decision {
    for (outcome, Outcome { seen, .. }) in outcomes.iter().enumerate() {
        let met = |seen: &Seen| Some((seen.run, find(seen).filter(|finding| finding.met)?));
        let evidence: Option<Vec<_>> = seen.iter().map(met).collect();
        if let Some(evidence) = evidence.filter(|evidence| !evidence.is_empty()) {
            return Decision::CameTrue { outcome, evidence };
        }
    }
    if over { Decision::None } else { Decision::Pending }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curriculum::check::{Condition, EventName, ExpectedEvent};

    fn close(run: usize, code: u16) -> Seen {
        let event = ExpectedEvent { name: EventName::Close, code: Some(code), was_clean: None };
        Seen { run, condition: Condition::Event(event) }
    }

    fn outcome(seen: Vec<Seen>) -> Outcome {
        Outcome { text: String::new(), why: String::new(), seen }
    }

    /// Decides when the runs have closed with these codes.
    fn decision(outcomes: &[Outcome], codes: &[Option<u16>]) -> Decision {
        let find = |seen: &Seen| {
            let met = codes[seen.run].is_some_and(|code| *seen == close(seen.run, code));
            Some(Finding { met, found: String::new(), at: None })
        };
        decide(outcomes, find, codes.iter().all(Option::is_some))
    }

    #[test]
    fn an_outcome_comes_true_when_all_of_it_was_seen() {
        let outcomes = [outcome(vec![]), outcome(vec![close(0, 1000)]), outcome(vec![close(0, 1012), close(1, 1006)])];
        assert_eq!(decision(&outcomes, &[None, None]), Decision::Pending);
        assert_eq!(decision(&outcomes, &[Some(1012), None]), Decision::Pending);
        let evidence = |runs: &[usize]| {
            let met = |run: &usize| (*run, Finding { met: true, found: String::new(), at: None });
            runs.iter().map(met).collect()
        };
        let expect = Decision::CameTrue { outcome: 2, evidence: evidence(&[0, 1]) };
        assert_eq!(decision(&outcomes, &[Some(1012), Some(1006)]), expect);
        let expect = Decision::CameTrue { outcome: 1, evidence: evidence(&[0]) };
        assert_eq!(decision(&outcomes, &[Some(1000), None]), expect);
        assert_eq!(decision(&outcomes, &[Some(1001), Some(1006)]), Decision::None);
    }

    #[test]
    fn nothing_is_decided_before_a_run_has_begun() {
        assert_eq!(decide(&[outcome(vec![close(0, 1000)])], |_| None, false), Decision::Pending);
    }
}
