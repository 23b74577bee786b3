//! `cargo xtask test`: runs the stages in order, counts their tests, and says how to run a failed one again.
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{
    ahead,
    project::Project,
    stage::{ALL, Stage},
    tally::Tally,
    tools::Tools,
};

/// How many failed tests the summary names.
const NAMED: usize = 20;

struct Done {
    stage: Stage,
    took: Duration,
    tally: Tally,
}

/// Gives whether all tests passed. The last line it prints is the count of all tests.
pub(crate) fn test(project: &Project, named: Vec<Stage>, runner_args: &[String]) -> Result<bool> {
    let stages = if named.is_empty() { ALL.to_vec() } else { named };
    if !runner_args.is_empty() && (stages.len() != 1 || !stages[0].takes_arguments()) {
        bail!("arguments after -- go to one test runner, so name one stage: native, wasm or e2e");
    }

    let tools = Tools::new(project);
    let _ahead = ahead::start(project, &stages)?;
    let mut done = Vec::new();
    let mut error = None;
    for (index, &stage) in stages.iter().enumerate() {
        println!("[{}/{}] {}: {}", index + 1, stages.len(), stage.name(), stage.title());
        let (start, mut tally) = (Instant::now(), Tally::default());
        let outcome = stage.run(project, &tools, runner_args, &mut tally);
        // A stage without tests counts as one, and so does a failure outside of the tests, such as a compile error.
        match &outcome {
            Ok(()) if tally.passed + tally.skipped == 0 => tally.passed = 1,
            Err(_) if tally.failed == 0 => tally.failed = 1,
            _ => {}
        }
        let took = start.elapsed();
        println!("      {} took {}", stage.name(), seconds(took));
        done.push(Done { stage, took, tally });
        if let Err(cause) = outcome {
            error = Some(cause);
            break;
        }
    }
    let not_run = &stages[done.len()..];
    summarize(done, not_run, error.as_ref());
    Ok(error.is_none())
}

fn summarize(done: Vec<Done>, not_run: &[Stage], error: Option<&anyhow::Error>) {
    println!();
    let mut total = Tally::default();
    let last = done.last().map(|done| (done.stage, done.tally.failures.clone()));
    let count = done.len();
    for (index, Done { stage, took, tally }) in done.into_iter().enumerate() {
        let word = if error.is_some() && index + 1 == count { "FAILED" } else { "passed" };
        println!("  {word}   {:<7} {:>8}   {tally}", stage.name(), seconds(took));
        total.add(tally);
    }
    for stage in not_run {
        println!("  not run  {}", stage.name());
    }
    if !total.second_time.is_empty() {
        println!("\nFailed first, and passed when it ran again alone. Find out why:");
        total.second_time.iter().for_each(|name| println!("  {name}"));
    }
    if let Some(((stage, failures), error)) = last.zip(error) {
        println!("\nThe stage {} failed: {error:#}", stage.name());
        for failure in failures.iter().take(NAMED) {
            println!("  {failure}");
        }
        if failures.len() > NAMED {
            println!("  and {} more", failures.len() - NAMED);
        }
        println!("To run it again: cargo xtask test {}", stage.name());
        if let Some(arguments) = failures.first().and_then(|failure| stage.one_test(failure)) {
            println!("To run its first failed test: cargo xtask test {} -- {arguments}", stage.name());
        }
    }
    println!("\n{total}");
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
