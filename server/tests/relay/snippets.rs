//! Runs the snippets, and checks their output and the relay's observations. A browser runs the JavaScript ones, in
//! `e2e/tests/snippets.spec.ts`.

use crate::python::interpreter;
use crate::support::{Answer, Feed, Lab, http, soon};
use observation::event::Cause;
use observation::{Event, MessageKind, Party};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// The same as in `crates/export/tests/snippets.rs`, which creates the Rust examples.
const ODD: [&str; 4] = [
    "it's \"quoted\" \\ and\nin two lines\t<URL>",
    "</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #",
    "Grüße, 世界 🦀 \u{202e}\u{1b}[31m\u{2028}\0",
    "-n",
];
const ODD_SUBPROTOCOLS: [&str; 2] = ["it's", "$`|~"];

/// A query with these parameters.
fn query(parameters: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("/api/snippets?{}", parameters.join("&"))
}

async fn ask(lab: &Lab, parameters: &[(&str, &str)]) -> Answer {
    http(lab.address(), "GET", &query(parameters), "").await
}

/// The snippet in this language.
async fn snippet(lab: &Lab, language: &str, url: &str, subprotocols: &[&str], messages: &[&str]) -> String {
    let list = subprotocols.join(",");
    let mut parameters = vec![("url", url), ("subprotocol", &list)];
    parameters.extend(messages.iter().map(|message| ("message", *message)));
    let answer = ask(lab, &parameters).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let snippets = answer.json()["snippets"].as_array().unwrap().clone();
    let wanted: Vec<_> = snippets.iter().filter(|snippet| snippet["language"] == language).collect();
    assert_eq!(wanted.len(), 1);
    wanted[0]["code"].as_str().unwrap().to_owned()
}

/// How to run a client.
#[derive(Clone, Copy)]
enum Client {
    Python,
    Rust { example: &'static str },
    Websocat,
}

impl Client {
    fn language(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust { .. } => "rust",
            Self::Websocat => "websocat",
        }
    }

    /// Runs `code`, or the example compiled from it, against `url`.
    async fn run(self, code: &str, url: &str) -> Output {
        let mut command = match self {
            Self::Python => {
                let mut command = Command::new(interpreter().await);
                // -X utf8: Python prints UTF-8 on every machine.
                command.args(["-X", "utf8", "-c", code]);
                command
            }
            Self::Rust { example } => {
                let mut command = Command::new(built(example));
                command.arg(url);
                command
            }
            Self::Websocat => {
                let mut command = Command::new("sh");
                let path = std::env::var_os("PATH").unwrap_or_default();
                let folders = websocat().await.into_iter().chain(std::env::split_paths(&path));
                command.args(["-c", code]).env("PATH", std::env::join_paths(folders).unwrap());
                command
            }
        };
        for name in ["http_proxy", "https_proxy", "all_proxy", "ws_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        soon(command.output()).await.unwrap()
    }
}

/// The examples are beside the folder of the test binaries.
pub(crate) fn built(example: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let name = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    let path = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        path.is_file(),
        "these tests run an example that `cargo test` builds unless it is told of one test target; build it by `cargo \
         build -p framescope --examples` ({} is not there)",
        path.display()
    );
    path
}

/// The folder of the websocat that `cargo xtask test` installed; `None` to use the one on PATH.
async fn websocat() -> Option<PathBuf> {
    let named = std::env::var_os("FRAMESCOPE_WEBSOCAT").map(PathBuf::from);
    let program = named.clone().unwrap_or_else(|| "websocat".into());
    let runs = Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(
        runs.await.is_ok_and(|status| status.success()),
        "these tests need websocat: run them by `cargo xtask test native`, which builds it, or name one in \
         FRAMESCOPE_WEBSOCAT ({} is none)",
        program.display()
    );
    named.and_then(|path| path.parent().map(PathBuf::from))
}

/// Runs the snippet, and compares its output and the observations with `messages`. The relay echoes each of them.
async fn check(client: Client, subprotocols: &[&str], messages: &[&str]) {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let url = format!("ws://{}{}", lab.address(), lab.path());
    let code = snippet(&lab, client.language(), &url, subprotocols, messages).await;
    let output = client.run(&code, &url).await;
    let (printed, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{code}\n{printed}\n{log}");

    observed(&mut feed, subprotocols, messages).await;
    let expect = match client {
        Client::Python | Client::Rust { .. } => {
            let texts: String = messages.iter().map(|text| format!("text {text}\n")).collect();
            let first = subprotocols.first();
            let open = match client {
                Client::Python => first.copied().unwrap_or_default().to_owned(),
                _ => format!("{:?}", first),
            };
            format!("open {open}\n{texts}closed 1000 \n")
        }
        Client::Websocat => {
            assert_eq!(log.matches("incoming text").count(), messages.len(), "{log}");
            assert!(log.contains("status_code: 1000"), "{log}");
            messages.concat()
        }
    };
    assert_eq!(printed, expect, "{code}\n{log}");
}

/// Checks that the relay recorded exactly an opening, the messages and their echoes, and a clean end.
async fn observed(feed: &mut Feed, subprotocols: &[&str], messages: &[&str]) {
    let opening = feed.opening().await;
    assert_eq!(opening.subprotocol.as_deref(), subprotocols.first().copied());
    let request = String::from_utf8(opening.request).unwrap();
    let offered = request.lines().filter_map(|line| line.split_once(": "));
    let offered = offered.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    let offered: Vec<_> = offered.flat_map(|(_, list)| list.split(',')).map(str::trim).collect();
    assert_eq!(offered, subprotocols);
    let (events, closed) = feed.until_closed().await;
    let said = events.iter().filter_map(|event| match event {
        Event::Frame(frame) if frame.from == Party::Client && frame.position.is_some() => {
            assert_eq!(frame.position.unwrap().kind, MessageKind::Text);
            Some(String::from_utf8(frame.content()).unwrap())
        }
        _ => None,
    });
    assert_eq!(said.collect::<Vec<_>>(), messages);
    assert_eq!((closed.cause, closed.clean, closed.code), (Cause::ClosingHandshake, true, Some(1000)));
    assert_eq!(closed.first, Some(Party::Client));
}

#[tokio::test]
async fn in_python() {
    check(Client::Python, &[], &["Hello"]).await;
    check(Client::Python, &["chat"], &["Hello", ""]).await;
    check(Client::Python, &ODD_SUBPROTOCOLS, &ODD).await;
}

#[tokio::test]
async fn in_rust() {
    check(Client::Rust { example: "snippet" }, &["chat"], &["Hello"]).await;
    check(Client::Rust { example: "snippet-odd" }, &ODD_SUBPROTOCOLS, &ODD).await;
}

#[tokio::test]
async fn the_rust_examples_match_the_rendered_snippets() {
    let lab = Lab::new().await;
    let url = "ws://127.0.0.1:8080/echo";
    let plain = snippet(&lab, "rust", url, &["chat"], &["Hello"]).await;
    assert_eq!(plain, include_str!("../../../crates/export/golden/connect.rs"));
    let odd = snippet(&lab, "rust", &format!("{url}?a='b\"&c=${{d}}"), &ODD_SUBPROTOCOLS, &ODD).await;
    assert_eq!(odd, include_str!("../../../crates/export/golden/odd.rs"));
}

#[tokio::test]
async fn by_websocat() {
    check(Client::Websocat, &[], &["Hello"]).await;
    check(Client::Websocat, &["chat", "superchat"], &["it's one\nin two lines"]).await;
    check(Client::Websocat, &ODD_SUBPROTOCOLS, &ODD).await;
    check(Client::Websocat, &[], &[&"x".repeat(4096), &"y".repeat(256)]).await;
}

#[tokio::test]
async fn websocat_cannot_send_an_empty_message() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let url = format!("ws://{}{}", lab.address(), lab.path());
    let code = snippet(&lab, "websocat", &url, &[], &["", "Hello"]).await;
    assert!(code.contains("# websocat cannot send an empty message"));
    assert!(Client::Websocat.run(&code, &url).await.status.success());
    observed(&mut feed, &[], &["Hello"]).await;
    let code = snippet(&lab, "websocat", &url, &[], &[""]).await;
    assert!(Client::Websocat.run(&code, &url).await.status.success());
    observed(&mut feed, &[], &[]).await;
}

#[tokio::test]
async fn an_unusual_url_is_requested_unchanged() {
    for client in [Client::Python, Client::Websocat] {
        let lab = Lab::new().await;
        let mut feed = lab.feed().await;
        let url = format!("ws://{}{}?a='b\"&c=${{d}}\\`;|", lab.address(), lab.path());
        let code = snippet(&lab, client.language(), &url, &[], &["Hello"]).await;
        // The relay has no setting with this name, so it refuses, and records the requested URL.
        client.run(&code, &url).await;
        let request = String::from_utf8(feed.refusal().await.request).unwrap();
        let target = request.split(' ').nth(1).unwrap();
        let mut decoded = target.to_owned();
        for (escape, character) in
            [("%22", "\""), ("%27", "'"), ("%60", "`"), ("%7B", "{"), ("%7D", "}"), ("%7C", "|"), ("%5C", "\\")]
        {
            decoded = decoded.replace(escape, character);
        }
        assert_eq!(decoded, format!("{}?a='b\"&c=${{d}}\\`;|", lab.path()), "{target}");
    }
}

#[tokio::test]
async fn an_invalid_request_explains_the_right_one() {
    let lab = Lab::new().await;
    let url = ("url", "ws://lab/");
    let long = "x".repeat(5000);
    for (parameters, says) in [
        (&[][..], "`url` is missing"),
        (&[("url", "http://lab/")], "`ws://` or `wss://`"),
        (&[("url", "javascript:alert(1)")], "`ws://` or `wss://`"),
        (&[("url", "ws://lab/#x")], "fragment"),
        (&[("url", "ws://lab/ä")], "percent-encode it"),
        (&[url, ("subprotocol", "a,,b")], "use letters, digits"),
        (&[url, ("subprotocol", "a\r\nX: y")], "use letters, digits"),
        (&[url, ("subprotocol", "a,A")], "twice"),
        (&[url, ("message", &long)], "4096 bytes"),
        (&[url, ("massage", "x")], "use `url`, `subprotocol`, `message` and `secrets`"),
    ] {
        let answer = ask(&lab, parameters).await;
        let json = answer.json();
        assert_eq!(answer.status, 400, "{json}");
        assert!(json["error"].as_str().unwrap().contains(says), "{json}");
        assert!(json["hint"].as_str().unwrap().contains("?url=ws://"), "{json}");
    }
    // Omitted parameters have their defaults.
    let all = ask(&lab, &[url]).await.json();
    let languages: Vec<_> =
        all["snippets"].as_array().unwrap().iter().map(|snippet| snippet["language"].clone()).collect();
    assert_eq!(languages, ["javascript", "python", "rust", "websocat"].map(Value::from));
    for snippet in all["snippets"].as_array().unwrap() {
        assert!(snippet["code"].as_str().unwrap().contains("Hello"));
        assert!(snippet["title"].is_string() && snippet["run"].is_string());
    }
}
