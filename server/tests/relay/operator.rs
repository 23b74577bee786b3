//! What an operator gets at start: dangerous combinations are refused, and the limit of open files is compared with the
//! configuration.

use crate::support::process::Process;
use crate::support::{Raw, http, soon};
use rlimit::Resource;
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Runs the relay with `ulimit -n` as given, until it ends or has started. Returns what it printed.
async fn start(files: u64, flags: &str) -> (String, bool) {
    let serve =
        format!("ulimit -n {files} && exec {} serve --listen 127.0.0.1:0 {flags}", env!("CARGO_BIN_EXE_framescope"));
    let mut child = Command::new("sh")
        .args(["-c", &serve])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let started = soon(lines.next_line()).await.unwrap().is_some();
    if started {
        child.start_kill().unwrap();
    }
    let Output { stderr, .. } = soon(child.wait_with_output()).await.unwrap();
    (String::from_utf8(stderr).unwrap(), started)
}

#[tokio::test]
async fn a_dangerous_configuration_is_refused_with_what_to_do() {
    let flags = "--tls-listen 0.0.0.0:0 --tls-self-signed --relay-to ws://10.0.0.7:9000 --client-connections off --client-handshakes 0";
    let (text, started) = start(4096, flags).await;
    assert!(!started, "{text}");
    for says in ["dangerous", "ws://10.0.0.7:9000", "--host", "--client-connections", "--accept-risks"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let (text, started) = start(4096, &format!("{flags} --accept-risks")).await;
    assert!(started, "{text}");
    let (text, started) = start(4096, "--relay-header Cookie=ws://10.0.0.7").await;
    assert!(!started && text.contains("no --relay-to or --relay-to-private lists"), "{text}");
}

#[tokio::test]
async fn the_limit_of_open_files_is_compared_with_the_configuration() {
    // `ulimit -n` lowers the hard limit too, so the relay cannot raise it.
    let (text, started) = start(300, "").await;
    assert!(started && text.contains("--max-connections 4096") && text.contains("accepts 44 connections"), "{text}");
    let (text, started) = start(100, "").await;
    assert!(!started && text.contains("only 100 open files") && text.contains("ulimit -n"), "{text}");
    let (text, started) = start(300, "--max-connections 44").await;
    assert!(started && !text.contains("open files"), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_descriptors_the_relay_waits_and_says_so_once() {
    let mut relay = Process::start_with_log(&[]).await;
    let pid = i32::try_from(relay.child.id().unwrap()).unwrap();
    let mut log = BufReader::new(relay.child.stderr.take().unwrap()).lines();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    let mut before = (0, 0);
    rlimit::prlimit(pid, Resource::NOFILE, None, Some((&mut before.0, &mut before.1))).unwrap();
    rlimit::prlimit(pid, Resource::NOFILE, Some((open, before.1)), None).unwrap();
    // The kernel accepts these, and the relay cannot.
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut raw = Raw::connect(relay.address).await;
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n").await;
        waiting.push(raw);
    }
    let said = async {
        loop {
            let line = log.next_line().await.unwrap().unwrap();
            if line.contains("cannot accept connections") {
                return;
            }
        }
    };
    soon(said).await;
    rlimit::prlimit(pid, Resource::NOFILE, Some(before), None).unwrap();
    for mut raw in waiting {
        assert!(raw.head().await.starts_with("HTTP/1.1 200 "), "served once there are descriptors");
    }
    assert_eq!(http(relay.address, "GET", "/healthz", "").await.status, 200);
    relay.child.start_kill().unwrap();
    while let Some(line) = soon(log.next_line()).await.unwrap() {
        assert!(!line.contains("cannot accept"), "an outage has one line");
    }
}
