//! What all clients share: the writes of behaviors, and the bytes to observers.

use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, masked};
use observation::{Event, Party, deliberate};
use std::time::Duration;
use tokio::time::Instant;

/// The attack: connections that send nothing, and ask for a write each millisecond.
#[tokio::test]
async fn behaviors_that_write_too_often_gather_what_they_send() {
    let lab = Lab::with(|config| config.timed_writes = "1/h".parse().unwrap()).await;
    let mut feed = lab.feed().await;
    let mut raw = Raw::open(lab.address(), &format!("{}?greet=hello+world,+byte+by+byte&drip=1ms", lab.path())).await;
    let clock = Clock::stop();
    let (first, payload) = clock.pass_until(raw.frame()).await;
    assert_eq!((first, &payload[..]), (0x81, &b"hello world, byte by byte"[..]), "nothing is lost");
    feed.opening().await;
    let mut acts = Vec::new();
    let frame = loop {
        match feed.next().await.event {
            Event::Act(act) => acts.push(act.deliberate),
            Event::Frame(frame) => break frame,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(frame.from, Party::Server);
    assert_eq!(
        acts.iter().map(|act| (act.by, &*act.what)).collect::<Vec<_>>(),
        [(deliberate::Origin::Limit, "timed-writes")]
    );
    // Another connection has no more of them, and still sends.
    let mut other = Raw::open(lab.address(), "/echo?push-every=20ms&push=x").await;
    let began = Instant::now();
    let pushed = async {
        for _ in 0..4 {
            other.frame().await;
        }
    };
    clock.pass_until(pushed).await;
    assert!(began.elapsed() >= Duration::from_millis(4 * 250), "{:?}", began.elapsed());
}

#[tokio::test]
async fn observers_share_a_rate() {
    let lab = Lab::with(|config| config.observer_bytes = "64KiB/s".parse().unwrap()).await;
    let mut raw = lab.open().await;
    for _ in 0..40 {
        raw.send(&masked(0x82, &[7; 8 << 10])).await;
        raw.frame().await;
    }
    // More than 20 KiB of JSON for each message and its echo.
    let clock = Clock::stop();
    let mut feeds = [lab.feed().await, lab.feed().await];
    let began = Instant::now();
    let read = async |feed: &mut Feed| {
        for _ in 0..81 {
            feed.next().await;
        }
    };
    let [one, two] = &mut feeds;
    clock.pass_minutes_until(async { tokio::join!(read(one), read(two)) }).await;
    assert!(began.elapsed() >= Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((one.gaps.len(), two.gaps.len()), (0, 0), "nothing is lost while the log keeps it");
}
