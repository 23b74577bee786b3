//! A client that closes its half of the connection, as `printf … | nc` does: it still gets the replies that are due.

use super::{close, ending, events_and_end, frame, open, summary};
use crate::support::clock::Clock;
use crate::support::{HOUR, Lab, Raw, handshake, masked};
use observation::event::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn half_close(raw: &mut Raw, bytes: &[u8]) {
    raw.send(bytes).await;
    raw.0.shutdown().await.unwrap();
}

/// Everything that the relay sends after the client has sent these bytes and its end.
async fn replies(clock: &Clock, lab: &Lab, query: &str, bytes: &[u8]) -> Vec<u8> {
    let mut raw = open(lab, query).await;
    half_close(&mut raw, bytes).await;
    let mut replies = Vec::new();
    clock.pass_minutes_until(raw.0.read_to_end(&mut replies)).await.unwrap();
    replies
}

#[tokio::test]
async fn replies_that_are_due_still_come() {
    let lab = Lab::with(|config| config.idle_timeout = HOUR).await;
    let clock = Clock::stop();
    let two = [masked(0x81, b"hi"), masked(0x82, b"ho")].concat();
    let replied = [frame(0x81, b"hi"), frame(0x82, b"ho")].concat();
    assert_eq!(replies(&clock, &lab, "delay=500ms", &two).await, replied);
    assert_eq!(replies(&clock, &lab, "delay=60s", &two).await, replied);
    assert_eq!(replies(&clock, &lab, "drip=1s", &two).await, replied);
    let fragments = [frame(0x01, b"h"), frame(0x80, b"i"), frame(0x02, b"h"), frame(0x80, b"o")].concat();
    assert_eq!(replies(&clock, &lab, "fragments=2&delay=1s", &two).await, fragments);
    let closes = [replied.clone(), frame(0x88, &close(4000, "done"))].concat();
    let query = "delay=1s&close-after=2&close-code=4000&close-reason=done";
    assert_eq!(replies(&clock, &lab, query, &two).await, closes);
    // At once, or nothing: an unfinished message has no reply, and the server begins nothing new.
    assert_eq!(replies(&clock, &lab, "", &two).await, replied);
    assert_eq!(replies(&clock, &lab, "delay=1s", &masked(0x01, b"begun")).await, b"");
    assert_eq!(replies(&clock, &lab, "reply=none&push-every=1s&ping-every=1s&close-after=2s", &two).await, b"");
}

/// The whole conversation in one write.
#[tokio::test]
async fn the_request_may_come_with_the_end() {
    let lab = Lab::new().await;
    let clock = Clock::stop();
    let mut raw = lab.raw().await;
    let request = handshake(&format!("{}?delay=500ms", lab.path()), "");
    half_close(&mut raw, &[request.as_bytes(), &masked(0x81, b"hi")].concat()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(clock.pass_until(raw.rest()).await, frame(0x81, b"hi"));
}

#[tokio::test]
async fn the_end_is_recorded_after_the_replies() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    assert_eq!(replies(&clock, &lab, "delay=1s", &masked(0x81, b"hi")).await, frame(0x81, b"hi"));
    drop(clock);
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["> text", "< text"]);
    assert_eq!(ending(&closed), (Cause::ConnectionEnded, None, false));
}

/// A frame of 200 bytes at one byte a second takes longer than the relay sends to a half-closed connection.
#[tokio::test]
async fn a_half_closed_connection_has_an_end() {
    let lab = Lab::with(|config| config.idle_timeout = HOUR).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let sent = replies(&clock, &lab, "drip=1s", &masked(0x82, &[7; 200])).await;
    drop(clock);
    assert!((60..80).contains(&sent.len()), "{} bytes", sent.len());
    let (_, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::ConnectionEnded, None, false));
}
