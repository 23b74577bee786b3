//! The relay closes while a frame is half sent: a close frame never comes inside another frame.

use crate::support::clock::Clock;
use crate::support::{Lab, Raw, masked, soon};
use observation::Party;
use observation::event::Cause;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HALF: usize = 200_000;

/// Sends the first half of a binary frame, and receives its echo.
async fn half_a_frame(lab: &Lab) -> Raw {
    let mut raw = lab.open().await;
    let header = [&[0x82, 0xFF][..], &(2 * HALF as u64).to_be_bytes(), &[0; 4]].concat();
    raw.send(&[&header[..], &[7; HALF]].concat()).await;
    raw.take(10 + HALF).await;
    raw
}

#[tokio::test]
async fn a_shutdown_waits_for_the_end_of_the_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = half_a_frame(&lab).await;
    let mut idle = Raw::open(lab.address(), "/echo").await;
    let stopping = tokio::spawn(lab.relay.stop());
    // When another connection has received the close frame, the shutdown has reached all of them.
    assert_eq!(idle.frame().await.0, 0x88);
    raw.send(&[7; HALF]).await;
    assert!(raw.take(HALF).await.iter().all(|byte| *byte == 7));
    let (first, payload) = raw.frame().await;
    assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
    raw.send(&masked(0x88, &1001_u16.to_be_bytes())).await;
    assert_eq!(raw.rest().await, b"");
    drop((raw, idle));
    feed.opening().await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Shutdown, Some(Party::Server), true));
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn a_close_frame_may_be_answered_during_the_whole_close_timeout() {
    let (idle, close) = (Duration::from_millis(300), Duration::from_secs(10));
    for (answered_after, expected) in
        [(close - Duration::from_millis(100), (Cause::Idle, true)), (close, (Cause::NoCloseAnswer, false))]
    {
        let lab = Lab::with(|config| (config.idle_timeout, config.close_timeout) = (idle, close)).await;
        let mut feed = lab.feed().await;
        let clock = Clock::stop();
        let mut raw = lab.open().await;
        feed.opening().await;
        clock.pass(idle).await;
        let (first, payload) = raw.frame().await;
        assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
        clock.pass(answered_after).await;
        drop(clock);
        if answered_after < close {
            raw.send(&masked(0x88, &1001_u16.to_be_bytes())).await;
        }
        assert_eq!(raw.rest().await, b"");
        let (_, closed) = feed.until_closed().await;
        assert_eq!((closed.cause, closed.clean), expected, "answered after {answered_after:?}");
    }
}

#[tokio::test]
async fn a_shutdown_cuts_off_an_endless_frame() {
    let short = Duration::from_millis(200);
    let lab = Lab::with(|config| config.close_timeout = short).await;
    let mut feed = lab.feed().await;
    let mut raw = half_a_frame(&lab).await;
    let stopping = tokio::spawn(lab.relay.stop());
    assert_eq!(raw.rest().await, b"", "no close frame inside a frame");
    feed.opening().await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Shutdown, None, false));
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn a_client_that_pauses_in_a_frame_may_still_finish_it() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = half_a_frame(&lab).await;
    feed.opening().await;
    clock.pass(Duration::from_millis(300)).await;
    drop(clock);
    raw.send(&[7; HALF]).await;
    raw.take(HALF).await;
    let (first, payload) = raw.frame().await;
    assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
    raw.send(&masked(0x88, &1001_u16.to_be_bytes())).await;
    assert_eq!(raw.rest().await, b"");
    let (frames, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Idle, Some(Party::Server), true));
    assert_eq!(frames.len(), 4, "the frame, its echo, and two close frames");
}

#[tokio::test]
async fn a_client_that_stays_silent_in_a_frame_is_cut_off() {
    let short = Duration::from_millis(200);
    let lab = Lab::with(|config| (config.idle_timeout, config.close_timeout) = (short, short)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = half_a_frame(&lab).await;
    clock.pass(2 * short).await;
    drop(clock);
    assert_eq!(raw.rest().await, b"", "no close frame inside a frame");
    feed.opening().await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Idle, None, false));
}

#[tokio::test]
async fn half_a_text_frame_does_not_delay_a_close_frame() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let text = masked(0x81, &[b'x'; 1000]);
    raw.send(&text[..500]).await;
    // The relay has not echoed any part of it, and will not.
    let (first, payload) = raw.frame().await;
    assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
    raw.send(&[&text[500..], &masked(0x88, &1001_u16.to_be_bytes())].concat()).await;
    assert_eq!(raw.rest().await, b"");
    feed.opening().await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.clean, closed.client.frames, closed.server.frames), (Cause::Idle, true, 2, 1));
}

#[tokio::test]
async fn a_client_that_sends_without_pause_gets_the_close_frame() {
    const LENGTH: usize = 300_001;
    let lab = Lab::new().await;
    let raw = lab.open().await;
    let (mut reading, mut writing) = raw.0.into_split();
    // Frames that are longer than one read, so each read ends inside a frame.
    let frame = masked(0x82, &[7; LENGTH]);
    let flood = tokio::spawn(async move { while writing.write_all(&frame).await.is_ok() {} });
    let mut room = vec![0; 10 + LENGTH];
    soon(reading.read_exact(&mut room)).await.unwrap();
    let stopping = tokio::spawn(lab.relay.stop());
    // The close frame follows the last frame.
    let mut head = [0; 4];
    loop {
        soon(reading.read_exact(&mut head)).await.expect("the connection ends with a close frame");
        if head[0] != 0x82 {
            break;
        }
        soon(reading.read_exact(&mut room[4..])).await.expect("a started frame is sent completely");
    }
    assert_eq!((head[0], &head[2..]), (0x88, &1001_u16.to_be_bytes()[..]));
    drop(reading);
    soon(flood).await.unwrap();
    soon(stopping).await.unwrap();
}
