//! `framescope check`: runs scenarios against a server, for tests in CI. `docs/check.md` describes the files and the results.
//!
//! | module | what it does |
//! |---|---|
//! | `prepare` | reads the files, payloads and environment variables |
//! | `secrets` | the values of variables, which appear nowhere |
//! | `steps` | runs the steps of a scenario |
//! | `handshake` | connects, and checks the response |
//! | `proxy` | HTTP and SOCKS5 proxies |
//! | `conversation`, `inbox` | the open connection, and what arrives on it |
//! | `recorder` | the observations for the recording |
//! | `report`, `junit` | the results, for people and for CI systems |

mod conversation;
mod handshake;
mod inbox;
mod junit;
mod prepare;
mod proxy;
mod recorder;
mod report;
mod secrets;
mod steps;

use crate::args::CheckOptions;
use crate::key_log::KeyLogFile;
use prepare::{Prepared, prepare};
use report::{Finished, Report};
use std::io::{self, Write};
use std::sync::Arc;
use steps::{Failure, Outcome};
use tokio::time::Instant;
use url::Url;

/// How a check ended. Each has its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every scenario passed: 0.
    Passed,
    /// A server was not reached, and no scenario failed: 3.
    Unreachable,
    /// A scenario failed: 1.
    Failed,
    /// The command line, a file or an environment variable is wrong, or the results cannot be written: 2.
    Usage,
}

impl Verdict {
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
        }
    }
}

/// Runs the scenarios one after another. Results go to `out`, and what is wrong with the files to `errors`.
pub fn run(options: &CheckOptions, out: &mut impl Write, errors: &mut impl Write) -> Verdict {
    match checked(options, out, errors) {
        Ok(verdict) => verdict,
        Err(error) => {
            let _ = writeln!(errors, "the results cannot be written: {error}");
            Verdict::Usage
        }
    }
}

fn checked(options: &CheckOptions, out: &mut impl Write, errors: &mut impl Write) -> io::Result<Verdict> {
    let url = Url::parse(&options.url).ok().filter(|url| matches!(url.scheme(), "ws" | "wss") && url.has_host());
    let Some(mut url) = url.filter(|url| url.username().is_empty() && url.password().is_none()) else {
        writeln!(
            errors,
            "the URL is not that of a WebSocket server; write one such as wss://server.example/chat, without a user name"
        )?;
        return Ok(Verdict::Usage);
    };
    url.set_fragment(None);
    let key_log = match options.key_log.as_ref().map(|path| (path, KeyLogFile::open(path))) {
        None => None,
        Some((_, Ok(file))) => Some(Arc::new(file)),
        Some((path, Err(error))) => {
            writeln!(
                errors,
                "cannot write TLS secrets to {} ({error}); name another file with --key-log",
                path.display()
            )?;
            return Ok(Verdict::Usage);
        }
    };
    let scenarios = match prepare(&url, &options.files, key_log.as_ref()) {
        Ok(scenarios) => scenarios,
        Err(problems) => {
            for problem in problems {
                writeln!(errors, "{problem}")?;
            }
            return Ok(Verdict::Usage);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let finished = runtime.block_on(run_all(options, &scenarios, out));
    // A thread may be stuck in a name lookup. The exit does not wait for it.
    runtime.shutdown_background();
    let finished = finished?;
    writeln!(out, "{}", summary(&finished))?;
    if let Some(path) = &options.junit {
        let mut xml = Vec::new();
        let written = junit::report(&finished).serialize(&mut xml).map_err(io::Error::other);
        if let Err(error) = written.and_then(|()| std::fs::write(path, xml)) {
            writeln!(errors, "cannot write {} ({error}); name another file with --junit", path.display())?;
            return Ok(Verdict::Usage);
        }
    }
    Ok(finished.iter().map(verdict).max().unwrap_or(Verdict::Passed))
}

async fn run_all(options: &CheckOptions, scenarios: &[Prepared], out: &mut impl Write) -> io::Result<Vec<Finished>> {
    let until = Instant::now() + options.time;
    let (mut report, mut finished) = (Report::new(&options.recordings), Vec::new());
    for prepared in scenarios {
        let began = Instant::now();
        let ran = if began < until {
            let (outcome, recorder) = steps::run(prepared, until).await;
            (outcome, Some(recorder))
        } else {
            let (expected, came) = ("the scenario runs", "the time of --time was over before it");
            (Outcome::Failed(Failure { step: None, expected: expected.to_owned(), came: came.to_owned() }), None)
        };
        finished.push(report.add(out, prepared, ran, began.elapsed())?);
    }
    Ok(finished)
}

fn verdict(finished: &Finished) -> Verdict {
    match finished.outcome {
        Outcome::Passed => Verdict::Passed,
        Outcome::Failed(_) => Verdict::Failed,
        Outcome::Unreachable(_) => Verdict::Unreachable,
    }
}

fn summary(finished: &[Finished]) -> String {
    let count = |wanted| finished.iter().filter(|finished| verdict(finished) == wanted).count();
    let (passed, failed, unreachable) = (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::Unreachable));
    format!("{passed} passed, {failed} failed, {unreachable} could not connect")
}
