//! A second run for tests that failed. A machine that does much else can be late for a browser or a real server; then a test that passes
//! alone says so. The summary names it: a test that passes only the second time has found something.
use anyhow::Result;
use xshell::Cmd;

use crate::tally::{Runner, Tally};

/// With more failures than this, something is broken, and nothing runs again.
const MOST: usize = 3;

/// Runs `first`. If at most [`MOST`] tests fail, runs the command of `again`, which gets their names, and takes its result for theirs.
pub(crate) fn run<'a>(
    tally: &mut Tally,
    runner: Runner,
    first: Cmd<'a>,
    again: impl FnOnce(&[String]) -> Cmd<'a>,
) -> Result<()> {
    let mut tests = Tally::default();
    let mut outcome = tests.run(runner, first);
    // Of a failure without a name, such as a compile error, nothing can run again.
    if outcome.is_err() && (1..=MOST).contains(&tests.failed) && tests.failures.len() == tests.failed {
        eprintln!("{} failed; a second run, one at a time:", tests.failures.join(", "));
        let mut second = Tally::default();
        if second.run(runner, again(&tests.failures)).is_ok() && second.passed >= tests.failed {
            outcome = Ok(());
            tests.pass_second_time();
        }
    }
    tally.add(tests);
    outcome
}
