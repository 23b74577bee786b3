//! Half-closed clients behind a hop: what is due still reaches them.

use super::endings::pair;
use super::{Legs, open_via};
use crate::support::clock::Clock;
use crate::support::{Lab, masked};
use observation::Intermediary;
use observation::event::Cause;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The lab's reply takes longer than a hop waits for another server.
#[tokio::test]
async fn a_delayed_reply_crosses_a_middlebox() {
    let lab = Lab::with(|config| config.close_timeout = Duration::from_secs(1)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open_via(&lab, "idle-cut,after=60s", "?delay=10s").await;
    raw.send(&masked(0x81, b"hi")).await;
    raw.0.shutdown().await.unwrap();
    let mut replies = Vec::new();
    clock.pass_minutes_until(raw.0.read_to_end(&mut replies)).await.unwrap();
    assert_eq!(replies, b"\x81\x02hi");
    drop(clock);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("idle-cut");
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::ConnectionEnded, Cause::ConnectionEnded));
}

/// A server that goes on sending to a half-closed client is not cut off, and one that falls silent is.
#[tokio::test]
async fn a_server_may_go_on_sending() {
    let (lab, mut raw, mut server) = pair(|config| config.close_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    raw.0.shutdown().await.unwrap();
    assert_eq!(server.rest().await, b"");
    for _ in 0..5 {
        clock.pass(Duration::from_millis(150)).await;
        server.send(b"\x81\x04more").await;
        assert_eq!(raw.frame().await, (0x81, b"more".to_vec()));
    }
    clock.pass(Duration::from_millis(250)).await;
    drop(clock);
    assert_eq!(raw.rest().await, b"");
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::ConnectionEnded, Cause::OtherLeg));
}
