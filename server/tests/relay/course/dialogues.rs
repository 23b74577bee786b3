//! The challenges whose server follows a script, with Node as the client: the starter fails, each wrong attempt fails at the
//! check that its author names, and the solution passes. All attempts run at the same time, each in its own session.

use super::post;
use crate::support::{Lab, http};
use curriculum::grade::Report;
use curriculum::load::{LabRules, Loaded, Source, load};
use curriculum::values::{Values, fill};
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
    session: String,
    values: Values,
    code: String,
    limit: u32,
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
    let Some(mut node) = node().await else { return };
    let course = course();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/curriculum/course");
    let lab = Lab::with(|config| config.course = Some(folder)).await;
    let only = std::env::var("FRAMESCOPE_CHALLENGE").ok();
    let mut attempts = Vec::new();
    for (id, challenge) in course.challenges.iter().filter(|(_, challenge)| challenge.script.is_some()) {
        if only.as_ref().is_some_and(|only| only != id) {
            continue;
        }
        let mut all = vec![
            ("starter.js".to_owned(), challenge.starter.clone(), Expected::Fails),
            ("solution.js".to_owned(), course.solutions[id].code.clone(), Expected::Passes),
        ];
        for wrong in course.wrong[id].iter() {
            let says = wrong.says.clone().unwrap_or_default();
            let expected = Expected::FailsAt { check: wrong.fails.clone(), says };
            all.push((wrong.file.clone(), wrong.code.clone(), expected));
        }
        for (file, code, expected) in all {
            let session =
                http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
            let values = challenge.open_values(&SessionId::parse(&session).unwrap());
            attempts.push(Attempt {
                name: format!("{id}/{file}"),
                challenge: id,
                session,
                code: fill(&code, &values),
                values,
                limit: challenge.limit_ms,
                expected,
            });
        }
    }
    assert!(only.is_some() || attempts.len() > 30);

    let input: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            let challenge = &course.challenges[attempt.challenge];
            let url = format!("ws://{}/lab/{}?{}", lab.address(), attempt.session, challenge.lab_query());
            // It must come too early. Beside fifty others it would come late enough.
            let alone = matches!(&attempt.expected, Expected::FailsAt { says, .. } if says.contains("Wait at least"));
            json!({ "url": url, "given": attempt.values, "code": attempt.code, "limit": attempt.limit, "alone": alone })
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/run.mjs");
    let mut child = node.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&serde_json::to_vec(&input).unwrap()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let threw: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(threw.len(), attempts.len());

    let mut faults = Vec::new();
    for (attempt, threw) in attempts.iter().zip(threw) {
        let request = json!({ "challenge": attempt.challenge, "since": 0 }).to_string();
        let answer =
            post(lab.address(), &format!("/api/sessions/{}/receipts", attempt.session), request.as_bytes()).await;
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
            faults.push(format!("{}: status {}, {threw}\n{}", attempt.name, answer.status, found.join("\n")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
