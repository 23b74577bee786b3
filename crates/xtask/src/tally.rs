//! Counts tests from the output of the programs that run them.
use std::{
    fmt,
    io::{self, Read, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use xshell::Cmd;

/// The program whose output is read.
#[derive(Clone, Copy)]
pub(crate) enum Runner {
    /// `cargo test`, and wasm-bindgen's runner, which prints the same lines
    Libtest,
    /// Playwright's `list` reporter
    Playwright,
}

#[derive(Default, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// The names of failed tests, as the runner takes them to run one again.
    pub(crate) failures: Vec<String>,
    /// The names of tests that failed, and passed when they ran again.
    pub(crate) second_time: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Tally {
    /// Runs `command`, passes its output on as it comes, and counts the tests in it.
    pub(crate) fn run(&mut self, runner: Runner, command: Cmd<'_>) -> Result<()> {
        eprintln!("$ {command}");
        let line = command.to_string();
        let mut child = Command::from(command).stdout(Stdio::piped()).spawn().context(line.clone())?;
        let mut output = child.stdout.take().context("the output of a command that was started with a pipe")?;
        let (mut stdout, mut chunk, mut rest) = (io::stdout().lock(), [0; 8192], Vec::new());
        loop {
            let read = output.read(&mut chunk)?;
            stdout.write_all(&chunk[..read])?;
            stdout.flush()?;
            rest.extend_from_slice(&chunk[..read]);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = rest.drain(..=end).collect();
                self.read(runner, &without_colors(&String::from_utf8_lossy(&line)));
            }
            if read == 0 {
                break;
            }
        }
        let status = child.wait()?;
        ensure!(status.success(), "`{line}` ended with {status}");
        Ok(())
    }

    fn read(&mut self, runner: Runner, line: &str) {
        match runner {
            Runner::Libtest => self.read_libtest(line),
            Runner::Playwright => self.read_playwright(line),
        }
    }

    /// `test a::b ... FAILED`, and for each program `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read_libtest(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(counts) = line.strip_prefix("test result: ") {
            let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
            counts.split("; ").for_each(|count| self.count(count));
        } else if let Some(name) = line.strip_prefix("test ")
            && let Some((name, "FAILED" | "FAIL")) = name.rsplit_once(" ... ")
        {
            self.failures.push(name.trim_end_matches(" - should panic").to_owned());
        }
    }

    /// At its end, indented by two, `1 failed`, each failure indented by four, and `120 passed (4.0m)`.
    fn read_playwright(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(name) = line.strip_prefix("    ") {
            // Only the summary has a count of failures above it.
            if self.failures.len() < self.failed && name.contains(" › ") && !name.starts_with(' ') {
                let place = name.split(" › ").find(|part| part.contains(".spec.")).unwrap_or(name);
                self.failures.push(place.to_owned());
            }
        } else if let Some(count) = line.strip_prefix("  ") {
            self.count(count.split(" (").next().unwrap_or(count));
        }
    }

    /// Adds what a text such as `3 passed` counts, if it counts tests.
    fn count(&mut self, text: &str) {
        let Some((number, what)) = text.trim().split_once(' ') else { return };
        let Ok(number) = number.parse::<usize>() else { return };
        match what {
            "passed" => self.passed += number,
            "failed" | "flaky" | "interrupted" => self.failed += number,
            "ignored" | "skipped" | "did not run" => self.skipped += number,
            _ => {}
        }
    }

    /// Counts the failed tests as passed, since they did pass in a second run.
    pub(crate) fn pass_second_time(&mut self) {
        self.passed += self.failed;
        self.failed = 0;
        self.second_time.append(&mut self.failures);
    }

    pub(crate) fn add(&mut self, mut other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.append(&mut other.failures);
        self.second_time.append(&mut other.second_time);
    }
}

/// `text` without the escape sequences that color it.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        let end = part.find(|char: char| char.is_ascii_alphabetic()).map_or(part.len(), |end| end + 1);
        plain + &part[end..]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(runner: Runner, output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(runner, &without_colors(line)));
        tally
    }

    fn tally(passed: usize, failed: usize, skipped: usize, failures: &[&str]) -> Tally {
        let failures = failures.iter().map(|name| (*name).to_owned()).collect();
        Tally { passed, failed, skipped, failures, second_time: Vec::new() }
    }

    #[test]
    fn the_results_of_several_test_programs_add_up() {
        let output = "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n    a::c\n\n\
            test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s\n\n\
            test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        assert_eq!(read(Runner::Libtest, output), tally(8, 1, 1, &["a::c"]));
    }

    #[test]
    fn a_test_that_passes_the_second_time_is_named() {
        let mut tally = tally(8, 1, 1, &["a::c"]);
        tally.pass_second_time();
        assert_eq!(tally.to_string(), "9 passed, 0 failed, 1 skipped");
        assert_eq!((tally.failures, tally.second_time), (vec![], vec!["a::c".to_owned()]));
    }

    #[test]
    fn playwright_names_the_place_of_a_failure() {
        let output = "  ✘  2 [chromium] › tests/a.spec.ts:7:3 › says 3 passed (5.0s)\n\
            \u{1b}[31m  1 failed\u{1b}[39m\n\
            \u{20}   [chromium] › tests/a.spec.ts:7:3 › says 3 passed ─────\n\
            \u{20} 2 skipped\n  1 did not run\n  120 passed (4.0m)\n";
        assert_eq!(read(Runner::Playwright, output), tally(120, 1, 3, &["tests/a.spec.ts:7:3"]));
    }
}
