//! `cargo xtask test`: runs the stages one after another, and says which failed and how to run it again.
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{
    project::Project,
    stage::{ALL, Stage},
    tools::Tools,
};

pub(crate) fn test(project: &Project, named: Vec<Stage>, runner_args: &[String]) -> Result<()> {
    let stages = if named.is_empty() { ALL.to_vec() } else { named };
    if !runner_args.is_empty() && (stages.len() != 1 || !stages[0].takes_arguments()) {
        bail!("arguments after -- go to one test runner: name one stage of native, wasm or e2e");
    }

    let tools = Tools::new(project);
    let mut done: Vec<(Stage, Duration)> = Vec::new();
    for (index, &stage) in stages.iter().enumerate() {
        println!("[{}/{}] {}: {}", index + 1, stages.len(), stage.name(), stage.title());
        let start = Instant::now();
        let outcome = stage.run(project, &tools, runner_args);
        let took = start.elapsed();
        if let Err(error) = outcome {
            summarise(&done, Some((stage, took)));
            return Err(error.context(format!("stage {} failed", stage.name())));
        }
        println!("      {} took {}", stage.name(), seconds(took));
        done.push((stage, took));
    }
    summarise(&done, None);
    Ok(())
}

fn summarise(passed: &[(Stage, Duration)], failed: Option<(Stage, Duration)>) {
    println!();
    for (stage, took) in passed {
        println!("  passed  {:<7} {:>8}", stage.name(), seconds(*took));
    }
    if let Some((stage, took)) = failed {
        println!("  FAILED  {:<7} {:>8}   again: cargo xtask test {0}", stage.name(), seconds(took));
    }
    println!("stages: {} passed, {} failed", passed.len(), usize::from(failed.is_some()));
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
