//! The challenges whose server follows a script, with Node as the client: the starter fails, each wrong attempt fails at the
//! check that its author names, and the solution passes. All attempts run at the same time, each in its own session.

use super::post;
use crate::support::{Lab, http};
use curriculum::grade::Report;
use curriculum::load::{LabRules, Loaded, Source, load};
use curriculum::values::fill;
use observation::SessionId;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

pub(super) fn course() -> Loaded {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/curriculum/course");
    let anything = &|_: &str| Ok(());
    load(&Source::Folder(folder), &LabRules { query: anything, via: anything }).unwrap()
}

/// What must come of an attempt.
enum Expected {
    Fails,
    FailsAt { check: String, says: String },
    Passes,
}

struct Attempt<'a> {
    name: String,
    challenge: &'a str,
    code: String,
    expected: Expected,
}

/// As the page shows it.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// A Node with a WebSocket, and what it must be started with.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(super) async fn node() -> Option<Command> {
    for options in [&[][..], &["--experimental-websocket"]] {
        let mut command = Command::new("node");
        command.args(options).args(["--eval", "new WebSocket('ws://x').onerror = () => {}"]).stderr(Stdio::null());
        if command.status().await.is_ok_and(|status| status.success()) {
            let mut command = Command::new("node");
            command.args(options).arg("--no-warnings").kill_on_drop(true);
            return Some(command);
        }
    }
    println!("SKIPPED: this needs Node 20.10 or newer as `node` on PATH");
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attempt_ends_as_its_author_says() {
    if node().await.is_none() {
        return;
    }
    let course = course();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/curriculum/course");
    let lab = Lab::with(|config| config.course = Some(folder)).await;
    let attempts = attempts(&course);
    let mut faults = faults(&lab, &course, &attempts, 16).await;
    if !faults.is_empty() {
        // Beside so many others, a client can be late for its challenge. Alone, it is not.
        let again: Vec<_> = faults.into_iter().map(|(attempt, _)| attempt).collect();
        faults = self::faults(&lab, &course, again, 1).await;
    }
    let words: Vec<_> = faults.into_iter().map(|(_, found)| found).collect();
    assert!(words.is_empty(), "{}", words.join("\n"));
}

/// All attempts at the challenges with a script; `FRAMESCOPE_CHALLENGE` names the only one.
fn attempts(course: &Loaded) -> Vec<Attempt<'_>> {
    let only = std::env::var("FRAMESCOPE_CHALLENGE").ok();
    let mut attempts = Vec::new();
    for (id, challenge) in course.challenges.iter().filter(|(_, challenge)| challenge.script.is_some()) {
        if only.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        let mut add = |file: &str, code: &str, expected| {
            attempts.push(Attempt { name: format!("{id}/{file}"), challenge: id, code: code.to_owned(), expected });
        };
        add("starter.js", &challenge.starter, Expected::Fails);
        add("solution.js", &course.solutions[id].code, Expected::Passes);
        for wrong in &course.wrong[id] {
            let says = wrong.says.clone().unwrap_or_default();
            add(&wrong.file, &wrong.code, Expected::FailsAt { check: wrong.fails.clone(), says });
        }
    }
    assert!(only.is_some() || attempts.len() > 30);
    attempts
}

/// Runs attempts, each in a new session and so many at once. Gives those that did not end as expected, with what was found.
async fn faults<'a: 'b, 'b>(
    lab: &Lab,
    course: &Loaded,
    attempts: impl IntoIterator<Item = &'b Attempt<'a>>,
    at_once: usize,
) -> Vec<(&'b Attempt<'a>, String)> {
    let (mut running, mut input) = (Vec::new(), Vec::new());
    for attempt in attempts {
        let challenge = &course.challenges[attempt.challenge];
        let created = http(lab.address(), "POST", "/api/sessions", "").await;
        let session = created.json()["id"].as_str().unwrap().to_owned();
        let values = challenge.open_values(&SessionId::parse(&session).unwrap());
        let url = format!("ws://{}/lab/{session}?{}", lab.address(), challenge.lab_query());
        // It must come too early. Beside many others it would come late enough.
        let alone = matches!(&attempt.expected, Expected::FailsAt { says, .. } if says.contains("Wait at least"));
        let code = fill(&attempt.code, &values);
        input.push(json!({ "url": url, "given": values, "code": code, "limit": challenge.limit_ms, "alone": alone }));
        running.push((attempt, session));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/run.mjs");
    let mut node = node().await.unwrap();
    node.arg(script).arg(at_once.to_string());
    let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&serde_json::to_vec(&input).unwrap()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let threw: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(threw.len(), running.len());

    let mut faults = Vec::new();
    for ((attempt, session), threw) in running.into_iter().zip(threw) {
        let request = json!({ "challenge": attempt.challenge, "since": 0 }).to_string();
        let answer = post(lab.address(), &format!("/api/sessions/{session}/receipts"), request.as_bytes()).await;
        let passed = answer.status == 200;
        let report: Option<Report> = (!passed).then(|| serde_json::from_slice(&answer.body).unwrap());
        let verdicts = report.map(|report| report.verdicts).unwrap_or_default();
        let is_right = match &attempt.expected {
            Expected::Passes => passed && threw.is_null(),
            Expected::Fails => !passed && threw.is_null(),
            Expected::FailsAt { check, says } => verdicts
                .iter()
                .any(|verdict| verdict.check == *check && !verdict.met && plain(&verdict.found).contains(&plain(says))),
        };
        if !is_right {
            let found: Vec<_> =
                verdicts.iter().map(|it| format!("    {} {}: {}", it.met, it.check, it.found)).collect();
            faults
                .push((attempt, format!("{}: status {}, {threw}\n{}", attempt.name, answer.status, found.join("\n"))));
        }
    }
    faults
}
