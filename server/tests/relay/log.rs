//! What the log of the process contains, and what it never contains.

use crate::support::{DEFLATE_OFFER, Feed, Raw, http, masked, soon};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

const COOKIE: &str = "COOKIE-VALUE-7Q";
const PAYLOAD: &str = "PAYLOAD-TEXT-9K";
const TOKEN: &str = "TOKEN-VALUE-4Z";

/// Runs a relay with `flags` while `act` uses it. Returns its log.
async fn log_of(flags: &[&str], act: impl AsyncFnOnce(SocketAddr)) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_framescope"))
        .args(["serve", "--listen", "127.0.0.1:0", "--host", "lab", "--shutdown-grace", "200ms"])
        .args(flags)
        .env("FRAMESCOPE_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut log = String::new();
        stderr.read_to_string(&mut log).await.unwrap();
        log
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = soon(lines.next_line()).await.unwrap().unwrap();
    act(first.strip_prefix("Framescope is listening on http://").unwrap().parse().unwrap()).await;
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().await.unwrap().success());
    assert!(soon(child.wait()).await.unwrap().success());
    soon(log).await.unwrap()
}

/// Everything that a visitor does with a session, and some things that are refused.
async fn use_a_session(relay: SocketAddr) -> String {
    let id = http(relay, "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
    let secrets = format!("Cookie: id={COOKIE}\r\nAuthorization: Bearer {TOKEN}\r\n{DEFLATE_OFFER}");
    let mut raw = Raw::connect(relay).await;
    raw.send(crate::support::handshake(&format!("/lab/{id}?deflate=off"), &secrets).as_bytes()).await;
    raw.head().await;
    let mut feed = Feed::open(relay, &id, 0).await;
    raw.send(&masked(0x81, PAYLOAD.as_bytes())).await;
    raw.frame().await;
    feed.opening().await;
    // Refused: a setting that does not exist, an unmasked frame, one observer too many, an unknown session.
    let refused = format!("/lab/{id}?nothing={PAYLOAD}");
    assert_eq!(http(relay, "GET", &refused, &secrets).await.status, 426);
    let observe = format!("/api/sessions/{id}/observe");
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for _ in 0..3 {
        let mut second = Raw::connect(relay).await;
        second
            .send(format!("GET {observe} HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\n{upgrade}\r\n").as_bytes())
            .await;
        assert!(second.head().await.starts_with("HTTP/1.1 503 "));
    }
    assert_eq!(http(relay, "GET", &format!("/api/sessions/{id}/export.json"), &secrets).await.status, 200);
    raw.send(b"\x81\x05Hello").await;
    raw.rest().await;
    // A head that never becomes a request.
    let mut broken = Raw::connect(relay).await;
    broken.send(format!("GET /lab/{id} HTTP/1.1\r\n{PAYLOAD} {COOKIE}\r\n\r\n").as_bytes()).await;
    broken.rest().await;
    id
}

#[tokio::test]
async fn the_log_has_no_names_payloads_or_credentials() {
    for format in ["text", "json"] {
        let mut id = String::new();
        let act = async |relay| id = use_a_session(relay).await;
        let log = log_of(&["--session-observers", "1", "--log-format", format], act).await;
        for secret in [&*id, COOKIE, TOKEN, PAYLOAD] {
            assert!(!log.contains(secret), "{secret} in {format}:\n{log}");
        }
        assert!(log.contains("a WebSocket ended"), "what it does have:\n{log}");
    }
}

#[tokio::test]
async fn each_line_of_json_says_which_connection_and_limits_say_who() {
    let flags = ["--session-observers", "1", "--log-format", "json"];
    let log = log_of(&flags, async |relay| drop(use_a_session(relay).await)).await;
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let [limit] = of("a limit was reached")[..] else { panic!("three refusals in a second are one line:\n{log}") };
    assert_eq!((&limit["level"], &limit["reason"]), (&"INFO".into(), &"session-observers".into()));
    assert!(limit["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{limit}");
    assert_eq!(limit["session"].as_str().unwrap().len(), 12, "{limit}");
    let [begins] = of("a lab connection begins")[..] else { panic!("one line:\n{log}") };
    assert_eq!(begins["session"], limit["session"], "the same session has the same tag");
    let connection = &begins["connection"];
    for message in ["accepted a connection", "a WebSocket opened", "a WebSocket ended"] {
        assert!(of(message).iter().any(|line| line["connection"] == *connection), "{message}:\n{log}");
    }
}
