//! How the server ends a connection: it sends a close frame, ignores the client's close frame, or drops the connection.

use super::{
    acts, close, close_from_client, close_from_server, ending, events_and_end, frame, frames, name, nothing_but_a_pong,
    open, summary, until_broken,
};
use crate::support::clock::Clock;
use crate::support::{Lab, masked};
use observation::Party;
use observation::event::Cause;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn after_a_time() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "close-after=300ms&close-code=1012&close-reason=back+s%C3%B6%C3%B6n").await;
    raw.send(&masked(0x81, b"hi")).await;
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    clock.pass(Duration::from_millis(290)).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(10)).await;
    close_from_server(&mut raw, 1012, "back söön").await;
    drop(clock);
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::DeliberateClose, Some(1012), true));
    assert_eq!((closed.first, closed.reason.as_str()), (Some(Party::Server), "back söön"));
    let close_frame = frames(events, Party::Server).pop().unwrap();
    assert_eq!(close_frame.deliberate.as_ref().map(name), Some(("close-after", Some((6455, "5.5.1")))));
}

#[tokio::test]
async fn the_server_closes_after_n_messages() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    // Fragments count as one message, text or binary. Pings do not count.
    let first = [masked(0x01, b"a"), masked(0x89, b""), masked(0x80, b"b"), masked(0x82, b"c")].concat();
    let back = [frame(0x01, b"a"), frame(0x8a, b""), frame(0x80, b"b"), frame(0x82, b"c")].concat();
    for one_read in [true, false] {
        let mut raw = open(&lab, "close-after=3").await;
        if one_read {
            raw.send(&[&first[..], &masked(0x81, b"d"), &masked(0x81, b"e")].concat()).await;
        } else {
            raw.send(&first).await;
            assert_eq!(raw.take(back.len()).await, back);
            raw.send(&masked(0x81, b"d")).await;
        }
        if one_read {
            assert_eq!(raw.take(back.len()).await, back);
        }
        assert_eq!(raw.take(3).await, b"\x81\x01d");
        close_from_server(&mut raw, 1000, "").await;
        let (_, closed) = events_and_end(&mut feed).await;
        assert_eq!(ending(&closed), (Cause::DeliberateClose, Some(1000), true));
    }
    // Unanswered and compressed messages count too.
    let mut raw = open(&lab, "close-after=2&reply=none").await;
    raw.send(&[masked(0x81, b"a"), masked(0x81, b"b")].concat()).await;
    close_from_server(&mut raw, 1000, "").await;
    let mut raw = super::open_deflate(&lab, "close-after=1").await;
    raw.send(&masked(0xc1, &crate::support::deflate::deflated(b"hello"))).await;
    assert_eq!(crate::support::deflate::Inflating::new().frames(&raw.message().await), b"hello");
    close_from_server(&mut raw, 1000, "").await;
}

#[tokio::test]
async fn a_close_frame_that_is_not_answered() {
    let lab = Lab::with(|config| config.close_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "close-after=1&push-every=20ms").await;
    raw.send(&masked(0x81, b"hi")).await;
    // Nothing follows the close frame, even if pushes are due.
    let all = raw.rest().await;
    assert!(all.ends_with(&frame(0x88, &close(1000, ""))), "{all:?}");
    let (_, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::NoCloseAnswer, Some(1000), false));
}

#[tokio::test]
async fn the_clients_close_frame_is_left_unanswered() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "close-answer=off&ping-every=20ms&delay=50ms").await;
    raw.send(&[masked(0x81, b"dropped"), masked(0x88, &close(1000, "bye"))].concat()).await;
    // The close frame cancels queued replies and timed messages.
    clock.pass(Duration::from_millis(300)).await;
    drop(clock);
    raw.0.shutdown().await.unwrap();
    assert_eq!(raw.rest().await, b"");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::ConnectionEnded, Some(1000), false));
    assert_eq!((closed.first, closed.reason.as_str()), (Some(Party::Client), "bye"));
    let act = acts(&events)[0];
    assert_eq!(name(&act.deliberate), ("close-answer", Some((6455, "5.5.1"))));
    // The server still answers a violation.
    let mut raw = open(&lab, "close-answer=off").await;
    raw.send(&[masked(0x88, b""), masked(0x81, b"data after close")].concat()).await;
    assert_eq!(raw.close_code().await, 1002);
}

#[tokio::test]
async fn the_connection_is_dropped() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for (by, reset) in [("", false), ("&drop-by=fin", false), ("&drop-by=reset", true)] {
        for (after, sent, back) in [("100ms", &b""[..], &b""[..]), ("2", b"ab", b"\x81\x01a\x81\x01b")] {
            let began = Instant::now();
            let mut raw = open(&lab, &format!("drop-after={after}{by}")).await;
            for byte in sent {
                raw.send(&masked(0x81, &[*byte])).await;
                if *byte == b'a' || !reset {
                    raw.take(3).await;
                }
            }
            let (bytes, ended) = until_broken(&mut raw).await;
            // A reset can discard bytes that were sent just before it.
            assert!(back.ends_with(&bytes), "{bytes:?}");
            match ended {
                Ok(()) => assert!(!reset, "{after}{by}"),
                Err(error) => assert_eq!((error.kind(), reset), (ErrorKind::ConnectionReset, true), "{after}{by}"),
            }
            assert!(after == "2" || began.elapsed() >= Duration::from_millis(100));
            let (events, closed) = events_and_end(&mut feed).await;
            let cause = if reset { Cause::Reset } else { Cause::Dropped };
            assert_eq!(ending(&closed), (cause, None, false));
            assert_eq!(
                (closed.first, closed.client.frames, closed.server.frames),
                (None, sent.len() as u64, sent.len() as u64)
            );
            let act = *acts(&events).last().unwrap();
            assert_eq!(summary(&events).last().map(String::as_str), Some("! drop-after"));
            assert_eq!(name(&act.deliberate), ("drop-after", Some((6455, "7.1.7"))));
        }
    }
}

/// The connection ends in any state of its messages.
#[tokio::test]
async fn a_drop_does_not_wait_for_the_end_of_a_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drop-after=220ms&drip=50ms").await;
    raw.send(&masked(0x82, &[7; 100])).await;
    clock.pass(Duration::from_millis(220)).await;
    drop(clock);
    assert_eq!(raw.rest().await, [0x82, 100, 7, 7, 7], "a byte at once and every 50 ms");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(
        (summary(&events), closed.cause),
        (vec!["> binary".to_owned(), "! drop-after".to_owned()], Cause::Dropped)
    );
    let clock = Clock::stop();
    let mut raw = open(&lab, "drop-after=100ms").await;
    raw.send(&masked(0x82, &[0; 100])[..56]).await;
    raw.take(52).await;
    clock.pass(Duration::from_millis(100)).await;
    drop(clock);
    assert_eq!(raw.rest().await, b"");
    feed.opening().await;
    assert_eq!(feed.until_closed().await.1.cause, Cause::Dropped);
}

#[tokio::test]
async fn a_timed_close_frame_ends_a_drip_at_once() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "close-after=100ms&drip=1s").await;
    raw.send(&masked(0x82, &[7; 100])).await;
    clock.pass(Duration::from_millis(100)).await;
    drop(clock);
    assert_eq!(raw.take(102).await, frame(0x82, &[7; 100]));
    close_from_server(&mut raw, 1000, "").await;
    assert_eq!(summary(&events_and_end(&mut feed).await.0), ["> binary", "< binary", "< close", "> close"]);
}

#[tokio::test]
async fn the_first_of_two_endings_counts() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "close-after=2&drop-after=1").await;
    raw.send(&masked(0x81, b"a")).await;
    assert_eq!(raw.rest().await, b"\x81\x01a");
    let mut raw = open(&lab, "close-after=1&drop-after=1").await;
    raw.send(&masked(0x81, b"a")).await;
    assert_eq!(raw.rest().await, b"\x81\x01a\x88\x02\x03\xe8");
    let mut raw = open(&lab, "close-after=5&drop-after=1h").await;
    nothing_but_a_pong(&mut raw).await;
    close_from_client(&mut raw).await;
}
