//! How middleboxes interfere with data and with connections.

use super::{Legs, Seen, open_via};
use crate::behaviours::limits::flood;
use crate::support::clock::{Clock, wakeups};
use crate::support::deflate::noise;
use crate::support::{HOUR, Lab, masked, soon};
use observation::event::Cause;
use observation::{Origin, Party};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

fn act_of<'s>(leg: &'s Seen, what: &str) -> &'s str {
    let acts = leg.acts();
    let act = acts.iter().find(|act| act.deliberate.what == what);
    let act = act.unwrap_or_else(|| panic!("an act `{what}` among {acts:?}"));
    assert_eq!((act.deliberate.by, act.refused.as_ref()), (Origin::Middlebox, None));
    &act.deliberate.explanation
}

#[tokio::test]
async fn a_silent_connection_is_dropped_without_a_close_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open_via(&lab, "idle-cut,after=150ms", "").await;
    raw.send(&masked(0x81, b"a")).await;
    assert_eq!(raw.frame().await, (0x81, b"a".to_vec()));
    clock.pass(Duration::from_millis(150)).await;
    drop(clock);
    assert_eq!(raw.rest().await, b"", "no close frame");
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("idle-cut");
    assert_eq!((near.closed().cause, near.closed().first), (Cause::Dropped, None));
    assert_eq!((far.closed().cause, far.closed().clean), (Cause::ConnectionEnded, false));
    assert!(act_of(&near, "idle-cut").contains("150ms"));

    let mut raw = open_via(&lab, "idle-cut,after=150ms,by=reset", "").await;
    let error = soon(raw.0.read_to_end(&mut Vec::new())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("idle-cut");
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Reset, Cause::ConnectionLost));
}

#[tokio::test]
async fn a_heartbeat_keeps_it_alive() {
    let lab = Lab::new().await;
    let clock = Clock::stop();
    let mut raw = open_via(&lab, "idle-cut,after=600ms", "?ping-every=100ms").await;
    for _ in 0..15 {
        let (first, payload) = clock.pass_until(raw.frame()).await;
        assert_eq!(first, 0x89);
        raw.send(&masked(0x8A, &payload)).await;
    }
    raw.send(&masked(0x81, b"still here")).await;
    assert_eq!(raw.frame().await, (0x81, b"still here".to_vec()));
}

#[tokio::test]
async fn small_frames_are_buffered_until_there_are_enough() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open_via(&lab, "buffer,size=30,wait=10s", "").await;
    for n in 0..3 {
        raw.send(&masked(0x81, &[b'a' + n; 8])).await;
        // The lab receives and answers the frames one by one.
    }
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    // 30 bytes are enough for the buffer. The timeout cannot pass, because the clock is stopped.
    let mut all = raw.take(30).await;
    drop(clock);
    all.extend(raw.take(4).await);
    let expect = [&b"\x81\x08aaaaaaaa\x81\x08bbbbbbbb\x81\x08cccccccc"[..], b"\x88\x02\x03\xe8"].concat();
    assert_eq!(all, expect);
    drop(raw);
    let (near, _) = Legs::over(&mut feed, 2).await.over_box("buffer");
    assert!(act_of(&near, "buffer").contains("bytes from the server"));
}

#[tokio::test]
async fn small_frames_are_buffered_until_the_timeout() {
    let lab = Lab::new().await;
    let mut raw = open_via(&lab, "buffer,wait=300ms", "").await;
    let began = Instant::now();
    raw.send(&masked(0x81, b"late")).await;
    assert_eq!(raw.frame().await, (0x81, b"late".to_vec()));
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_slow_connection_is_slow_in_both_directions() {
    let lab = Lab::new().await;
    let mut raw = open_via(&lab, "slow,rate=10KiB,latency=50ms", "").await;
    let payload = noise(3, 2500);
    let began = Instant::now();
    raw.send(&masked(0x82, &payload)).await;
    assert_eq!(raw.frame().await, (0x82, payload));
    // At least a quarter of a second for each direction, although they overlap, and twice the latency.
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

/// Data in flight still arrives after the close frames, even if it takes long.
#[tokio::test]
async fn a_slow_connection_loses_nothing_at_the_end() {
    let lab = Lab::with(|config| config.close_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let mut raw = open_via(&lab, "slow,rate=10KiB,latency=100ms", "").await;
    // The lab echoes text once all of it has arrived, so it sends the close frame while most of the echo is still in flight.
    let payload = vec![b'x'; 9000];
    raw.send(&[masked(0x81, &payload), masked(0x88, b"\x03\xe8")].concat()).await;
    assert_eq!(raw.frame().await, (0x81, payload));
    assert_eq!(raw.close_code().await, 1000);
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("slow");
    assert_eq!((near.closed().cause, near.closed().clean), (Cause::ClosingHandshake, true));
    assert_eq!(far.closed().cause, Cause::ClosingHandshake);
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_message() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open_via(&lab, "reset,after=20", "").await;
    raw.send(&masked(0x82, &[7; 100])).await;
    // Data from before the reset may or may not arrive, because TCP discards its buffers.
    let mut came = Vec::new();
    let error = soon(raw.0.read_to_end(&mut came)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(came.len() <= 20, "{came:?}");
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("reset");
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Reset, Cause::ConnectionLost));
    let half = near.frames().into_iter().find(|frame| frame.from == Party::Server).unwrap();
    assert_eq!((half.length, half.payload_bytes), (100, 18));
    assert_eq!(near.closed().server.bytes, 20);
    assert!(act_of(&near, "reset").contains("20 bytes"));
}

/// The relay uses no CPU while it waits for a client that does not read. Then it drops the client.
#[tokio::test]
async fn a_slow_connection_that_nobody_reads_uses_no_cpu_and_ends() {
    for middlebox in ["slow,rate=1MiB,latency=1ms", "buffer,size=64KiB,wait=100ms"] {
        let change = |config: &mut framescope::args::Config| {
            (config.max_frame, config.max_message) = (u64::MAX, u64::MAX);
            (config.write_timeout, config.idle_timeout) = (HOUR, 2 * HOUR);
        };
        let lab = Lab::with(change).await;
        let mut raw = open_via(&lab, middlebox, "").await;
        // Sends an endless frame until all buffers are full. The client does not read the echo.
        raw.send(b"\x82\xff\0\0\x01\0\0\0\0\0\0\0\0\0").await;
        while flood(&mut raw, &[0; 64 << 10]).await > 0 {
            wakeups(Duration::from_secs(60)).await;
        }
        let woken = wakeups(Duration::from_secs(60)).await;
        assert!(woken < 200, "{middlebox}: it woke up {woken} times in a minute");
        // The write timeout passes.
        wakeups(HOUR).await;
        assert!(soon(raw.0.read_to_end(&mut Vec::new())).await.is_err(), "{middlebox}");
    }
}
