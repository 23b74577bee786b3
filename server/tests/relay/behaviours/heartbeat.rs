//! The server's pings, the timeout of their pongs, and idle connections.

use super::{
    acts, close, close_from_client, close_from_server, ending, events_and_end, frame, frames, name, nothing_but_a_pong,
    open, summary, until_broken,
};
use crate::support::clock::Clock;
use crate::support::{Lab, masked};
use observation::event::Cause;
use observation::round_trip::RoundTrips;
use observation::{Command, Event, Party};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

#[tokio::test]
async fn repeated_pings_and_their_round_trip_times() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let began = Instant::now();
    let mut raw = open(&lab, "ping-every=50ms").await;
    for n in [b"1", b"2", b"3"] {
        assert_eq!(raw.frame().await, (0x89, n.to_vec()));
        raw.send(&masked(0x8a, n)).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(150));
    raw.send(&masked(0x88, b"")).await;
    raw.rest().await;
    let mut trips = RoundTrips::new(10);
    loop {
        let observation = feed.next().await;
        trips.observe(&observation);
        match &observation.event {
            Event::Frame(frame) if frame.opcode == 9 => {
                let why = frame.deliberate.as_ref().unwrap();
                assert_eq!(name(why), ("ping-every", Some((6455, "5.5.2"))));
            }
            Event::Closed(_) => break,
            _ => {}
        }
    }
    let trips: Vec<_> = trips.of(observation::ConnectionNumber(1)).collect();
    assert_eq!(trips.len(), 3);
    assert!(trips.iter().all(|trip| trip.ping < trip.pong));
}

#[tokio::test]
async fn a_ping_has_the_configured_payload() {
    let lab = Lab::new().await;
    let longest = "é".repeat(62) + "!";
    let query = format!("ping-every=20ms&ping-payload={}!", "%C3%A9".repeat(62));
    let mut raw = open(&lab, &query).await;
    assert_eq!(raw.frame().await, (0x89, longest.clone().into_bytes()));
    assert_eq!(raw.frame().await, (0x89, longest.into_bytes()));
    let mut raw = open(&lab, "ping-every=20ms&ping-payload=").await;
    assert_eq!(raw.take(4).await, b"\x89\x00\x89\x00");
}

#[tokio::test]
async fn no_pong_in_time() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "ping-every=100ms&pong-within=200ms").await;
    clock.pass(Duration::from_millis(100)).await;
    assert_eq!(raw.frame().await, (0x89, b"1".to_vec()));
    // The server waits for a different pong.
    raw.send(&[masked(0x8a, b""), masked(0x8a, b"11"), masked(0x81, b"1"), masked(0x89, b"1")].concat()).await;
    let answers = [(0x81, b"1".to_vec()), (0x8a, b"1".to_vec())];
    assert_eq!([raw.frame().await, raw.frame().await], answers);
    clock.pass(Duration::from_millis(100)).await;
    assert_eq!(raw.frame().await, (0x89, b"2".to_vec()));
    clock.pass(Duration::from_millis(90)).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(10)).await;
    drop(clock);
    assert_eq!(raw.frame().await, (0x88, close(1011, "no pong arrived in time")));
    raw.send(&masked(0x88, &close(1011, ""))).await;
    assert_eq!(raw.rest().await, b"");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::NoPong, Some(1011), true));
    let close_frame = super::frames(events, Party::Server).pop().unwrap();
    assert_eq!(close_frame.deliberate.as_ref().map(name), Some(("pong-within", Some((6455, "5.5.3")))));
}

/// Answers pings that come every 50 ms as `answer` says. Returns whether the relay has closed.
async fn closes(lab: &Lab, query: &str, pings: usize, answer: impl Fn(usize, &[u8]) -> Option<Vec<u8>>) -> bool {
    let clock = Clock::stop();
    let mut raw = open(lab, &format!("ping-every=50ms&{query}")).await;
    for n in 1..=pings {
        let (first, payload) = clock.pass_until(raw.frame()).await;
        if first == 0x88 {
            return true;
        }
        assert_eq!(first, 0x89);
        if let Some(pong) = answer(n, &payload) {
            raw.send(&masked(0x8a, &pong)).await;
        }
    }
    false
}

#[tokio::test]
async fn timely_pongs_keep_the_connection_open() {
    let lab = Lab::new().await;
    // In total, this takes longer than the pong timeout.
    let every = |_: usize, payload: &[u8]| Some(payload.to_vec());
    assert!(!closes(&lab, "pong-within=200ms", 30, every).await);
    // RFC 6455 §5.5.3: an answer to the last of several pings answers all of them.
    let third = |n: usize, payload: &[u8]| n.is_multiple_of(3).then(|| payload.to_vec());
    assert!(!closes(&lab, "pong-within=200ms", 45, third).await);
    // Only the first ping is answered.
    let first = |n: usize, payload: &[u8]| (n == 1).then(|| payload.to_vec());
    assert!(closes(&lab, "pong-within=500ms", 15, first).await);
    // All pings have the same payload.
    assert!(!closes(&lab, "pong-within=200ms&ping-payload=x", 30, every).await);
}

/// A pong may answer any of several equal pings, so it counts for the oldest: the newer ones still have their deadlines.
#[tokio::test]
async fn a_late_pong_does_not_excuse_a_newer_ping() {
    let lab = Lab::new().await;
    // At the third ping, one pong comes late for the first, and then none.
    let late = |n: usize, payload: &[u8]| (n == 3).then(|| payload.to_vec());
    assert!(
        !closes(&lab, "pong-within=200ms", 5, late).await,
        "a payload of its own proves that the third was answered"
    );
    assert!(closes(&lab, "pong-within=200ms&ping-payload=x", 7, late).await);
}

/// A ping by command has the payload of a heartbeat. Its pong is not the heartbeat's.
#[tokio::test]
async fn the_pong_of_another_ping_does_not_answer_a_heartbeat() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "ping-every=100ms&pong-within=150ms&ping-payload=x").await;
    assert_eq!(feed.command(1, Command::Ping(b"x".to_vec())).await, None);
    assert_eq!(raw.frame().await, (0x89, b"x".to_vec()));
    clock.pass(Duration::from_millis(100)).await;
    assert_eq!(raw.frame().await, (0x89, b"x".to_vec()));
    raw.send(&masked(0x8a, b"x")).await;
    let second = clock.pass_until(raw.frame()).await;
    assert_eq!(second, (0x89, b"x".to_vec()));
    let closing = clock.pass_until(raw.frame()).await;
    assert_eq!(closing, (0x88, close(1011, "no pong arrived in time")));
}

/// A pong is not late because its ping had to wait for the end of a frame.
#[tokio::test]
async fn the_pong_timeout_starts_when_the_ping_is_sent() {
    let lab = Lab::new().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drip=20ms&ping-every=20ms&pong-within=300ms").await;
    raw.send(&masked(0x82, &[0; 40])).await;
    let whole = clock.pass_until(raw.take(42)).await;
    assert_eq!(whole, frame(0x82, &[0; 40]), "and so long nothing can come between");
    let (first, payload) = clock.pass_until(raw.frame()).await;
    assert_eq!(first, 0x89);
    raw.send(&masked(0x8a, &payload)).await;
    assert_eq!(clock.pass_until(raw.frame()).await.0, 0x89);
    // The same while the client's own frame is half echoed.
    let mut raw = open(&lab, "ping-every=20ms&pong-within=300ms").await;
    raw.send(&masked(0x82, &[0; 100])[..56]).await;
    raw.take(52).await;
    clock.pass(Duration::from_millis(600)).await;
    raw.send(&masked(0x82, &[0; 100])[56..]).await;
    assert_eq!(raw.take(50).await, [0; 50]);
    assert_eq!(raw.frame().await.0, 0x89);
}

#[tokio::test]
async fn a_server_that_forgets_to_pong() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "pong=off").await;
    raw.send(&[masked(0x89, b"1"), masked(0x89, b"2"), masked(0x81, b"hi")].concat()).await;
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    let names: Vec<_> = acts(&events).iter().map(|act| name(&act.deliberate)).collect();
    assert_eq!(names, [("pong", Some((6455, "5.5.2"))); 2]);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let began = Instant::now();
    let mut raw = open(&lab, "idle=200ms").await;
    close_from_server(&mut raw, 1001, "no traffic for too long").await;
    assert!(began.elapsed() >= Duration::from_millis(200));
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::Idle, Some(1001), true));
    assert_eq!(frames(events, Party::Server)[0].deliberate.as_ref().map(name), Some(("idle", None)));

    let mut raw = open(&lab, "idle=100ms&idle-end=drop").await;
    assert_eq!(raw.rest().await, b"");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::Dropped, None, false));
    assert_eq!((summary(&events), name(&acts(&events)[0].deliberate)), (vec!["! idle".to_owned()], ("idle", None)));

    let mut raw = open(&lab, "idle=100ms&idle-end=reset").await;
    let (bytes, ended) = until_broken(&mut raw).await;
    assert_eq!((&bytes[..], ended.unwrap_err().kind()), (&b""[..], ErrorKind::ConnectionReset));
    assert_eq!(events_and_end(&mut feed).await.1.cause, Cause::Reset);
}

/// A connection with traffic in either direction is not idle.
#[tokio::test]
async fn traffic_in_both_directions_resets_the_idle_timeout() {
    let lab = Lab::new().await;
    let clock = Clock::stop();
    for (query, first) in [
        ("idle=400ms&ping-every=50ms", 0x89),
        ("idle=400ms&push-every=50ms", 0x81),
        ("idle=400ms&drip=50ms&greet=12345678901234567890", 0x81),
    ] {
        let raw = open(&lab, query).await;
        clock.pass(Duration::from_millis(900)).await;
        let mut came = vec![0; 100];
        let count = raw.0.try_read(&mut came).unwrap();
        assert!(count >= 15 && came[0] == first && !came.contains(&0x88), "{query}: {:?}", &came[..count]);
    }
    // Only the client sends: the server does not answer a pong or half a text frame.
    let mut raw = open(&lab, "idle=400ms&idle-end=drop").await;
    raw.send(&[0x81, 0x80 | 100, 0, 0, 0, 0]).await;
    for _ in 0..18 {
        clock.pass(Duration::from_millis(50)).await;
        raw.send(b"x").await;
    }
    clock.pass(Duration::from_millis(350)).await;
    assert_eq!(raw.0.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "it is still open");
    clock.pass(Duration::from_millis(50)).await;
    assert_eq!(raw.rest().await, b"");
}

/// The client would take a close frame for a part of the half-sent frame. The server can only drop the connection.
#[tokio::test]
async fn idle_during_a_half_echoed_frame() {
    let lab = Lab::with(|config| config.close_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    for (query, cause) in [("idle=50ms", Cause::Idle), ("idle=50ms&idle-end=drop", Cause::Dropped)] {
        let clock = Clock::stop();
        let mut raw = open(&lab, query).await;
        raw.send(&masked(0x82, &[0; 100])[..56]).await;
        clock.pass(Duration::from_millis(50)).await;
        drop(clock);
        assert_eq!(raw.rest().await, [&[0x82, 100][..], &[0; 50]].concat(), "{query}");
        feed.opening().await;
        let (_, closed) = feed.until_closed().await;
        assert_eq!(ending(&closed), (cause, None, false), "{query}");
    }
    // If the frame ends in time, the close frame follows it.
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "close-after=50ms&close-code=4000&close-reason=enough").await;
    let whole = masked(0x82, &[0; 100]);
    raw.send(&whole[..56]).await;
    raw.take(52).await;
    clock.pass(Duration::from_millis(100)).await;
    drop(clock);
    raw.send(&whole[56..]).await;
    assert_eq!(raw.take(50).await, [0; 50]);
    close_from_server(&mut raw, 4000, "enough").await;
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["> binary", "< binary", "< close", "> close"]);
    assert_eq!(ending(&closed), (Cause::DeliberateClose, Some(4000), true));
}
