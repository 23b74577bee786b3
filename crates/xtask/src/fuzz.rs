//! `cargo xtask fuzz`: runs the targets in `fuzz/`, each for a fixed time.
use std::fs;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::{project::Project, tools::Tools};

pub(crate) fn fuzz(project: &Project, named: &[String], seconds: u32) -> Result<()> {
    let all = targets(project)?;
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target {unknown}. The targets are {}", all.join(", "));
    }
    let tools = Tools::new(project);
    tools.for_fuzzing()?;
    for target in if named.is_empty() { &all } else { named } {
        println!("fuzz: {target} for {seconds} s");
        run(project, &tools, target, seconds)?;
    }
    Ok(())
}

/// The names of the targets: each is a file.
fn targets(project: &Project) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for file in fs::read_dir(project.path("fuzz/fuzz_targets"))? {
        targets.extend(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}

fn run(project: &Project, tools: &Tools, target: &str, seconds: u32) -> Result<()> {
    // The fuzzer adds inputs to the first folder, which git ignores. It does not change the seeds.
    let found = format!("fuzz/corpus/{target}");
    fs::create_dir_all(project.path(&found))?;
    let folders = [found, format!("fuzz/seeds/{target}")];
    let build = project.path("target/fuzz");
    cmd!(project.shell, "cargo +nightly fuzz run --target-dir {build} {target} {folders...}")
        .args(["--", "-print_final_stats=1", &format!("-max_total_time={seconds}")])
        .env("PATH", tools.path())
        .run()
        .with_context(|| {
            format!("the input that {target} fails for is in fuzz/artifacts/{target}. When it is fixed, move the input to fuzz/seeds/{target}")
        })
}
