//! `framescope check`, as a process of its own, against servers that share no code with it and against the relay.

mod credentials;
mod documentation;
mod endings;
mod exported;
#[cfg(target_os = "linux")]
mod proxies;
mod tls;

use crate::python::server::Server;
use crate::support::{Lab, soon};
use crate::tls::Folder;
use observation::{Document, Event, Party};
use serde_json::Value;
use std::fs;
use tokio::process::Command;

/// A folder with scenarios, in which the check runs.
pub(crate) struct Check {
    pub(crate) folder: Folder,
}

/// What a check printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    out: String,
    errors: String,
}

impl Check {
    /// A folder with `a.toml`.
    pub(crate) fn new(text: &str) -> Self {
        let folder = Folder::new("check");
        fs::create_dir_all(&folder.0).unwrap();
        let this = Self { folder };
        this.write("a.toml", text);
        this
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.0.join(name), content).unwrap();
    }

    async fn run(&self, url: &str) -> Ran {
        self.run_with(url, &["a.toml"], &[]).await
    }

    /// Runs it with more arguments and environment variables.
    pub(crate) async fn run_with(&self, url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_framescope"));
        command.arg("check").arg(url).args(arguments).envs(variables.iter().copied());
        command.current_dir(&self.folder.0).kill_on_drop(true);
        let output = soon(command.output()).await.unwrap();
        let [out, errors] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        Ran { code: output.status.code().unwrap(), out, errors }
    }

    /// A recording, as the page reads it.
    fn recording(&self, name: &str) -> Document {
        let path = self.folder.0.join("framescope-recordings").join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Document::read(&text, 64 << 20).unwrap()
    }

    fn recordings(&self) -> usize {
        fs::read_dir(self.folder.0.join("framescope-recordings")).map_or(0, Iterator::count)
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn passed(&self) {
        assert_eq!(self.code, 0, "{self:#?}");
    }

    /// One scenario failed, and the output has these parts.
    #[track_caller]
    pub(crate) fn failed(&self, says: &[&str]) {
        assert_eq!(self.code, 1, "{self:#?}");
        self.says(says);
    }

    #[track_caller]
    pub(crate) fn says(&self, says: &[&str]) {
        for part in says {
            assert!(self.out.contains(part) || self.errors.contains(part), "{self:#?}\nhas no\n{part}");
        }
    }
}

/// A file with one scenario, which has these lines.
fn one(lines: &str) -> String {
    format!("[[scenario]]\nname = \"one\"\n{lines}\n")
}

/// The URL of the relay's echo.
fn echo(lab: &Lab) -> String {
    format!("ws://{}/echo", lab.relay.address())
}

/// Runs one scenario against the relay's echo with a query that changes its behavior.
async fn against(query: &str, lines: &str) -> (Check, Ran) {
    let lab = Lab::new().await;
    let check = Check::new(&one(lines));
    let ran = check.run(&format!("{}{query}", echo(&lab))).await;
    (check, ran)
}

/// Python's server pings first and waits for the pong, sends binary messages in fragments, and compresses if asked.
#[tokio::test]
async fn a_conversation_with_a_server_in_python() {
    let lines = r#"
steps = [
  { expect.ping = "are you there?" },
  { send.text = '{"type":"chat","id":7}' },
  { expect = { message = "text", contains = "chat", matches = '^\{.*\}$', json = [
    { path = "$.type", equals = "chat" }, { path = "$.id", equals = 7 } ] } },
  { send.file = "noise.bin" },
  { expect.frame = { opcode = "binary", fin = false, masked = false, length = 10000 } },
  { expect.frame = { opcode = "continuation", fin = false, length = 2345, length-bits = 16 } },
  { expect.frame = { fin = true, length = 0 } },
  { send.hex = "00 ff" },
  { expect.hex = "00ff" },
  { send.base64 = "AP8=" },
  { expect.base64 = "AP8=" },
  { send.ping = "1" },
  { expect.pong = "1" },
  { send.frame = { opcode = "text", fin = false, text = "in " } },
  { send.frame = { opcode = "continuation", text = "parts" } },
  { expect.text = "in parts" },
  { expect.silence = "1ms" },
  { send.text = "close 3999 adiós" },
  { expect.close = { code = 3999, reason = "adiós" } },
]
"#;
    let mut server = Server::start(&Value::Null).await;
    let check = Check::new(&one(lines));
    check.write("noise.bin", vec![7; 12_345]);
    check.run(&format!("ws://{}/", server.address)).await.passed();
    assert_eq!(server.received().await, "3999 ");
    assert_eq!(check.recordings(), 0, "nothing failed");
}

#[tokio::test]
async fn compressed_messages() {
    let mut server = Server::start(&serde_json::json!({ "client_max_window_bits": 9 })).await;
    let text = "Grüße, 世界! ".repeat(200);
    let lines = format!(
        "connect.deflate = true\nhandshake.deflate = true\nsteps = [\n{}{{ send.close = {{ code = 1000 }} }},\n{{ expect.close.code = 1000 }}, ]",
        format!("{{ send.text = \"{text}\" }},\n{{ expect.frame = {{ rsv1 = true, text = \"{text}\" }} }},\n")
            .repeat(2)
    );
    let check = Check::new(&one(&lines));
    check.run(&format!("ws://{}/", server.address)).await.passed();
    assert_eq!(server.received().await, "1000 ");
    // Without an offer, nothing is compressed.
    let lines = "connect.deflate = false\nhandshake.deflate = true";
    let ran = Check::new(&one(lines)).run(&format!("ws://{}/", server.address)).await;
    ran.failed(&[
        "handshake, line 1: expected a response with status 101 and permessage-deflate",
        "came: a response without permessage-deflate",
    ]);
}

#[tokio::test]
async fn every_scenario_of_every_file_runs() {
    let lab = Lab::new().await;
    let check = Check::new(
        r#"
[[scenario]]
name = "echo"
steps = [{ send.text = "a" }, { expect.text = "a" }]

[[scenario]]
name = "another path"
url = "/echo?refuse=403&body=not+today"
handshake = { status = 403, contains = "not today" }

[[scenario]]
name = "a choice"
url = "?subprotocol=first"
connect.subprotocols = ["v2", "v1"]
handshake.subprotocol = "v2"
"#,
    );
    check.write("b.toml", one("steps = [{ send.text = \"a\" }, { expect.text = \"b\" }]"));
    let ran = check.run_with(&echo(&lab), &["a.toml", "b.toml", "--junit", "junit.xml"], &[]).await;
    ran.failed(&[
        "ok    a.toml: echo (",
        "ok    a.toml: another path (",
        "ok    a.toml: a choice (",
        "FAIL  b.toml: one (",
        "3 passed, 1 failed, 0 could not connect",
    ]);
    let read = "import sys, xml.etree.ElementTree as tree\n\
        root = tree.parse(sys.argv[1]).getroot()\n\
        print(root.tag, root.get('tests'), root.get('failures'), root.get('errors'))\n\
        for suite in root.iter('testsuite'): print(suite.get('name'), suite.get('tests'))\n\
        for case in root.iter('testcase'): print(case.get('classname'), case.get('name'), [child.tag for child in case])\n\
        print(next(root.iter('failure')).get('message'))";
    let python = crate::python::interpreter().await;
    let read = Command::new(python).args(["-c", read]).arg(check.folder.0.join("junit.xml")).output();
    let read = soon(read).await.unwrap();
    let lines = [
        "testsuites 4 1 0",
        "a.toml 3",
        "b.toml 1",
        "a.toml echo []",
        "a.toml another path []",
        "a.toml a choice []",
        "b.toml one ['failure']",
        "step 2, line 3: expected a text message equal to `b`, within 5s",
    ];
    assert_eq!(String::from_utf8(read.stdout).unwrap().lines().collect::<Vec<_>>(), lines);
}

#[tokio::test]
async fn a_failure_says_what_came_and_is_recorded() {
    let lines = "steps = [\n{ send.text = \"hello\" },\n{ expect.text = \"other\" },\n]";
    let (check, ran) = against("", lines).await;
    ran.failed(&[
        "step 2, line 5: expected a text message equal to `other`, within 5s",
        "came: a text message of 5 bytes, `hello`: it differs from `other` at byte 0",
        " s  text, 5 bytes: `hello`",
        "close, 1000",
        "recording: framescope-recordings/a-one.json; open it in the page under /recording",
    ]);
    let document = check.recording("a-one.json");
    let frames: Vec<_> = document
        .observations
        .iter()
        .filter_map(|observation| match &observation.event {
            Event::Frame(frame) => Some((frame.from, frame.opcode, frame.content())),
            _ => None,
        })
        .collect();
    let close = 1000_u16.to_be_bytes().to_vec();
    let expected = [
        (Party::Client, 1, b"hello".to_vec()),
        (Party::Server, 1, b"hello".to_vec()),
        (Party::Client, 8, close.clone()),
        (Party::Server, 8, close),
    ];
    assert_eq!(frames, expected);
    let events: Vec<_> = document.observations.iter().map(|observation| &observation.event).collect();
    let Some(Event::Opening(opening)) = events.first() else { panic!("{events:?}") };
    assert!(opening.request.starts_with(b"GET /echo HTTP/1.1\r\n") && opening.route.hop.is_some());
    assert!(matches!(events.last(), Some(Event::Closed(closed)) if closed.clean));
}
