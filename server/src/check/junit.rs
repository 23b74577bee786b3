//! The results as JUnit XML.

use super::report::Finished;
use super::steps::Outcome;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// A report with a suite for each file and a case for each scenario.
pub(super) fn report(finished: &[Finished]) -> Report {
    let mut report = Report::new("framescope check");
    report.set_time(total(finished));
    for group in finished.chunk_by(|one, other| one.file == other.file) {
        let mut suite = TestSuite::new(group[0].file.clone());
        suite.set_time(total(group));
        suite.add_test_cases(group.iter().map(case));
        report.add_test_suite(suite);
    }
    report
}

fn case(finished: &Finished) -> TestCase {
    let mut status = match finished.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Unreachable(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(first) = finished.details.first() {
        status.set_message(first.clone()).set_description(finished.details.join("\n"));
    }
    let mut case = TestCase::new(finished.name.clone(), status);
    case.set_classname(finished.file.clone()).set_time(finished.time);
    case
}

fn total(finished: &[Finished]) -> Duration {
    finished.iter().map(|finished| finished.time).sum()
}
