//! The end of the relay: clients and observers get a close frame, everything is recorded, and the process exits.

use crate::support::process::Process;
use crate::support::{HOUR, Lab, Raw, message, soon};
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
