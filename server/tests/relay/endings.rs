//! Each way to end a connection leaves exactly one end in the log, with its cause.

use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, http, masked, soon};
use observation::event::Cause;
use observation::{Event, Party};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// The end of the only connection. Nothing may follow it except what the test requests next.
async fn only_end(lab: &Lab, feed: &mut Feed) -> observation::Closed {
    let (_, closed) = feed.until_closed().await;
    http(lab.address(), "GET", &lab.path(), "").await;
    assert!(matches!(feed.next().await.event, Event::Refusal(_)), "one end and no more");
    closed
}

#[tokio::test]
async fn the_client_hangs_up() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    drop(lab.open().await);
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::ConnectionEnded, None, false));
}

#[tokio::test]
async fn the_client_disconnects_inside_a_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x81, b"whole")).await;
    raw.send(&masked(0x81, b"half")[..8]).await;
    raw.take(7).await;
    drop(raw);
    feed.opening().await;
    feed.frame().await;
    feed.frame().await;
    let cut = feed.frame().await;
    assert_eq!((cut.from, cut.length, cut.payload_bytes), (Party::Client, 4, 2));
    assert_eq!((&cut.unmasked_payload()[..], cut.violations), (&b"ha"[..], vec![]));
    assert_eq!(cut.position.map(|position| position.message), Some(2));
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.client.frames, closed.server.frames), (Cause::ConnectionEnded, 2, 1));
    assert_eq!(closed.client.bytes, 6 + 5 + 6 + 2);
}

#[tokio::test]
async fn the_client_disconnects_inside_its_close_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x88, &1000_u16.to_be_bytes())[..7]).await;
    drop(raw);
    feed.opening().await;
    let cut = feed.frame().await;
    assert_eq!((cut.opcode, cut.length, cut.payload_bytes), (8, 2, 1));
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::ConnectionEnded, None, false));
}

#[tokio::test]
async fn the_client_disconnects_inside_a_header() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x81, b"half")[..5]).await;
    drop(raw);
    feed.opening().await;
    assert_eq!(feed.closed().await.client.frames, 0);
}

#[tokio::test]
async fn a_half_closed_client_still_receives_everything() {
    let lab = Lab::new().await;
    let mut raw = lab.open().await;
    let frames: Vec<_> = (0..500).map(|_| masked(0x82, &[0; 100])).collect();
    raw.send(&frames.concat()).await;
    raw.0.shutdown().await.unwrap();
    assert_eq!(raw.rest().await.len(), 500 * 102);
}

#[tokio::test]
async fn the_connection_breaks() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let raw = lab.open().await;
    #[expect(deprecated, reason = "a reset is what this is about, and dropping the socket sends it at once")]
    raw.0.set_linger(Some(Duration::ZERO)).unwrap();
    drop(raw);
    assert_eq!(only_end(&lab, &mut feed).await.cause, Cause::ConnectionLost);
}

#[tokio::test]
async fn the_client_stops_reading() {
    let lab = Lab::with(|config| config.write_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let frame = masked(0x82, &vec![0; 1 << 20]);
    // Sends until the connection accepts no more bytes. Then the relay has stopped reading too.
    let flood = async { while raw.0.write_all(&frame).await.is_ok() {} };
    soon(flood).await;
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.clean), (Cause::NotReading, false));
    assert!(closed.server.frames <= closed.client.frames);
}

#[tokio::test]
async fn a_silent_connection_is_closed_as_idle() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let close = raw.take(4).await;
    assert_eq!((close[0], &close[2..]), (0x88, &1001_u16.to_be_bytes()[..]));
    raw.take(usize::from(close[1]) - 2).await;
    // Data in flight is still recorded, but no longer answered.
    raw.send(&[masked(0x81, b"late"), masked(0x88, &1001_u16.to_be_bytes())].concat()).await;
    assert_eq!(raw.rest().await, b"");
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.first, closed.code), (Cause::Idle, Some(Party::Server), Some(1001)));
    assert_eq!((closed.clean, closed.client.frames, closed.server.frames), (true, 2, 1));
}

#[tokio::test]
async fn the_relays_close_frame_is_not_answered() {
    let short = Duration::from_millis(200);
    let lab = Lab::with(|config| (config.idle_timeout, config.close_timeout) = (short, short)).await;
    let mut feed = lab.feed().await;
    let _raw = lab.open().await;
    let closed = only_end(&lab, &mut feed).await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::NoCloseAnswer, Some(Party::Server), false));
}

#[tokio::test]
async fn a_busy_connection_is_not_idle() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(500)).await;
    let clock = Clock::stop();
    let mut raw = Raw::open(lab.address(), "/echo").await;
    // In total, this takes longer than the timeout, but no pause is that long.
    for _ in 0..20 {
        clock.pass(Duration::from_millis(50)).await;
        raw.send(&masked(0x81, b"x")).await;
        assert_eq!(raw.take(3).await, b"\x81\x01x");
    }
}
