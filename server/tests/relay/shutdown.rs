//! The end of the relay: clients and observers get a close frame, everything is recorded, and the process exits.

use crate::support::process::Process;
use crate::support::{HOUR, Lab, Raw, eventually, http, masked, message, soon};
use observation::Party;
use observation::event::Cause;
use std::time::Duration;
use tokio::process::Command;

const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();

#[tokio::test]
async fn everyone_gets_1001_and_the_end_is_recorded() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let mut echo = Raw::open(lab.address(), "/echo").await;
    let mut idle = lab.raw().await;
    feed.opening().await;
    let stopping = tokio::spawn(lab.relay.stop());
    for line in [&mut raw, &mut echo] {
        let close = line.take(4).await;
        assert_eq!((close[0], &close[2..]), (0x88, &GOING_AWAY[..]));
        line.take(usize::from(close[1]) - 2).await;
        line.send(&crate::support::masked(0x88, &GOING_AWAY)).await;
        assert_eq!(line.rest().await, b"");
    }
    assert_eq!(idle.rest().await, b"");
    let ended = loop {
        match message(&mut feed.socket).await {
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(ended, Some(1001));
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn observers_receive_the_end_of_a_lab_connection() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    feed.opening().await;
    let stopping = tokio::spawn(lab.relay.stop());
    raw.take(4).await;
    raw.send(&crate::support::masked(0x88, &GOING_AWAY)).await;
    let (frames, closed) = feed.until_closed().await;
    assert_eq!(frames.len(), 2);
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Shutdown, Some(Party::Server), true));
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn observers_receive_the_end_of_a_dropped_connection() {
    let lab = Lab::with(|config| config.shutdown_grace = Duration::from_millis(600)).await;
    let mut feed = lab.feed().await;
    let _silent = lab.open().await;
    feed.opening().await;
    let stopping = tokio::spawn(lab.relay.stop());
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Shutdown, Some(Party::Server), false));
    assert_eq!(message(&mut feed.socket).await, Err(Some(1001)));
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn nobody_can_hold_it_up() {
    // The grace period ends it; no other limit applies.
    let change = |config: &mut framescope::args::Config| {
        config.shutdown_grace = Duration::from_millis(300);
        (config.close_timeout, config.write_timeout, config.head_timeout) = (HOUR, HOUR, HOUR);
    };
    let lab = Lab::with(change).await;
    let _silent = lab.open().await;
    let mut deaf = lab.open().await;
    let frame = crate::support::masked(0x82, &vec![0; 1 << 20]);
    let flood = async { while tokio::io::AsyncWriteExt::write_all(&mut deaf.0, &frame).await.is_ok() {} };
    let _ = tokio::time::timeout(Duration::from_millis(500), flood).await;
    let _feed = lab.feed().await;
    let mut half = lab.raw().await;
    half.send(b"GET /lab").await;
    soon(lab.relay.stop()).await;
}

#[tokio::test]
async fn a_relay_that_drains_creates_no_sessions_and_goes_on_otherwise() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut before = lab.open().await;
    feed.opening().await;
    lab.relay.drain(HOUR);
    let refused = http(lab.address(), "POST", "/api/sessions", "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("30")));
    assert!(refused.json()["error"].as_str().unwrap().contains("about to stop"), "{}", refused.json());
    // The sessions that exist go on, with the connections that they have and with new ones.
    let mut after = lab.open().await;
    for raw in [&mut before, &mut after] {
        raw.send(&masked(0x81, b"Hello")).await;
        assert_eq!(raw.frame().await, (0x81, b"Hello".to_vec()));
    }
    let left = Duration::from_millis(feed.draining().await.left_ms);
    assert!(left <= HOUR && left > HOUR / 2, "{left:?}");
    // Somebody who comes later is told too.
    lab.feed().await.draining().await;
}

/// A second signal ends the wait.
#[cfg(unix)]
#[tokio::test]
async fn the_process_drains_on_the_first_signal() {
    let mut relay = Process::start(&["--drain", "1h"]).await;
    let id = relay.child.id().unwrap().to_string();
    let signal = async || assert!(Command::new("kill").args(["-s", "TERM", &id]).status().await.unwrap().success());
    signal().await;
    eventually(async || http(relay.address, "POST", "/api/sessions", "").await.status == 503).await;
    let mut raw = Raw::open(relay.address, "/echo").await;
    signal().await;
    assert_eq!(&raw.take(4).await[2..], &GOING_AWAY);
    drop(raw);
    assert!(soon(relay.child.wait()).await.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn the_process_exits_successfully_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let mut relay = Process::start(&[]).await;
        let mut raw = Raw::open(relay.address, "/echo").await;
        let id = relay.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().await.unwrap().success());
        let close = raw.take(4).await;
        assert_eq!((close[0], &close[2..]), (0x88, &GOING_AWAY[..]));
        drop(raw);
        assert!(soon(relay.child.wait()).await.unwrap().success());
    }
}

/// Reading a named pipe that nobody writes to takes a thread that no signal ends, like a name lookup that hangs.
#[cfg(unix)]
#[tokio::test]
async fn the_process_exits_although_a_system_call_hangs() {
    let page = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipe-{}", std::process::id()));
    std::fs::create_dir_all(&page).unwrap();
    std::fs::write(page.join("index.html"), "page").unwrap();
    let pipe = page.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().await.unwrap().success());
    let mut relay = Process::start(&["--shutdown-grace", "200ms", "--page", page.to_str().unwrap()]).await;
    let mut raw = Raw::connect(relay.address).await;
    raw.send(b"GET /pipe HTTP/1.1\r\nHost: lab\r\n\r\n").await;
    // Once this is answered, the relay has read the request before it.
    let healthy = crate::support::http(relay.address, "GET", "/healthz", "").await;
    assert_eq!(healthy.status, 200);
    let id = relay.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().await.unwrap().success());
    assert!(soon(relay.child.wait()).await.unwrap().success());
    std::fs::remove_dir_all(page).unwrap();
}
