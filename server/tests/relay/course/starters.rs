//! The starters for the reader's own machine: each connects and fails the challenge, and the same file with the solution passes.

use super::dialogues::{course, node};
use super::{folder, post};
use crate::python::interpreter;
use crate::snippets::built;
use crate::support::Lab;
use curriculum::grade::Report;
use curriculum::starter::{Starter, starters};
use curriculum::values::{Values, fill};
use observation::SessionId;
use serde_json::json;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// A relay with the course, and a session of it.
struct Desk {
    lab: Lab,
    values: Values,
    url: String,
    challenge: &'static str,
}

impl Desk {
    async fn at(challenge: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/curriculum/course");
        let lab = Lab::with(|config| config.course = Some(folder)).await;
        let read = &course().challenges[challenge];
        let values = read.open_values(&SessionId::parse(&lab.id).unwrap());
        let url = format!("ws://{}{}?{}", lab.address(), lab.path(), read.lab_query());
        Self { lab, values, url, challenge }
    }

    /// The starters with this JavaScript in Node's.
    fn starters(&self, javascript: &str) -> [Starter; 4] {
        starters(&fill(javascript, &self.values), &self.url, &self.values)
    }

    /// Saves a starter and runs it with `command`.
    async fn run(&self, starter: &Starter, mut command: Command) -> Output {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(starter.file);
        std::fs::write(&file, &starter.code).unwrap();
        let output = command.arg(file).stdin(Stdio::null()).kill_on_drop(true).output();
        tokio::time::timeout(Duration::from_secs(60), output).await.expect("the starter ends").unwrap()
    }

    /// Whether the challenge is passed, and how many connections counted.
    async fn passed(&self) -> (bool, u32) {
        let request = json!({ "challenge": self.challenge, "since": 0 }).to_string();
        let answer =
            post(self.lab.address(), &format!("/api/sessions/{}/receipts", self.lab.id), request.as_bytes()).await;
        match answer.status {
            200 => (true, 1),
            _ => (false, serde_json::from_slice::<Report>(&answer.body).unwrap().golf.connections),
        }
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_python() {
    for challenge in ["first-echo", "login-first"] {
        let desk = Desk::at(challenge).await;
        let [python, ..] = desk.starters("");
        let output = desk.run(&python, Command::new(interpreter().await)).await;
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).starts_with("open {") && text(&output).contains("\nclosed "), "{}", text(&output));
        assert_eq!(desk.passed().await, (false, 1), "{challenge}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_node() {
    for challenge in ["login-first", "check-origin"] {
        let course = course();
        let desk = Desk::at(challenge).await;
        for (code, passes) in
            [(&course.challenges[challenge].starter, false), (&course.solutions[challenge].code, true)]
        {
            let Some(node) = node().await else { return };
            let [_, starter, ..] = desk.starters(code);
            let output = desk.run(&starter, node).await;
            assert!(output.status.success(), "{}", text(&output));
            assert_eq!(desk.passed().await, (passes, 1), "{challenge}: {}", text(&output));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_rust() {
    let values = Values::from([
        ("key".to_owned(), "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        ("words".to_owned(), "amber basil".to_owned()),
    ]);
    let [_, _, rust, _] = starters("", "ws://127.0.0.1:8080/lab/ID?deflate=off", &values);
    assert_eq!(rust.code, include_str!("../../../../crates/curriculum/golden/starter.rs"));
    let desk = Desk::at("login-first").await;
    let output = Command::new(built("starter")).arg(&desk.url).stdin(Stdio::null()).output().await.unwrap();
    assert!(output.status.success() && text(&output).starts_with("open [("), "{}", text(&output));
    assert_eq!(desk.passed().await, (false, 1));
}

/// Only where Go and its module cache are there: nothing is downloaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
async fn in_go() {
    let desk = Desk::at("login-first").await;
    let [.., go] = desk.starters("");
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("starter.go"), &go.code).unwrap();
    std::fs::write(folder.join("go.mod"), "module starter\n\nrequire github.com/gorilla/websocket v1.5.3\n").unwrap();
    let mut command = Command::new("go");
    command.args(["run", "-mod=mod", "."]).current_dir(&folder).env("GOFLAGS", "").env("GOPROXY", "off");
    let output = command.env("GONOSUMDB", "*").env("GONOSUMCHECK", "1").env("GOFLAGS", "-mod=mod").output().await;
    let missing = |log: &str| log.contains("cannot find module") || log.contains("module lookup disabled");
    match output {
        Ok(output) if !missing(&text(&output)) => {
            assert!(output.status.success() && text(&output).contains("open map["), "{}", text(&output));
            assert_eq!(desk.passed().await, (false, 1));
        }
        _ => println!("SKIPPED: this needs Go with github.com/gorilla/websocket v1.5.3 in its module cache"),
    }
}
