//! A behavior has the same limits as everything else: memory, slots, CPU time, and the end of the relay.

use super::{ask, close, events_and_end, frame, nothing_but_a_pong, open, summary};
use crate::support::clock::{Clock, wakeups};
use crate::support::kernel::{deaf, more_than_buffered, nothing_more};
use crate::support::{Feed, HOUR, Lab, Raw, handshake, masked, soon};
use observation::event::Cause;
use observation::{Command, Event};
use std::io::ErrorKind;
use std::time::Duration;

/// Sends until the connection accepts no more bytes, and returns how many it accepted.
pub(crate) async fn flood(raw: &mut Raw, frame: &[u8]) -> usize {
    let mut sent = 0;
    loop {
        tokio::select! {
            biased;
            ready = raw.0.writable() => ready.unwrap(),
            () = nothing_more() => return sent,
        }
        match raw.0.try_write(frame) {
            Ok(count) => sent += count,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

#[tokio::test]
async fn a_flood_with_delayed_replies_pauses_reading() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "delay=60s").await;
    let sent = flood(&mut raw, &masked(0x81, &[b'x'; 90])).await;
    assert!(sent > 100_000, "{sent}: more has gone out than was read");
    assert_eq!(feed.command(1, Command::Drop(observation::command::DropBy::Reset)).await, None);
    let (events, closed) = events_and_end_unanswered(&mut feed).await;
    assert!((256..300).contains(&events.len()), "{}", events.len());
    assert_eq!(closed.cause, Cause::Reset);
}

async fn events_and_end_unanswered(feed: &mut Feed) -> (Vec<Event>, observation::event::Closed) {
    feed.opening().await;
    feed.until_closed().await
}

#[tokio::test]
async fn delayed_replies_count_as_unfinished_messages() {
    let lab = Lab::with(|config| config.max_unfinished = 100_000).await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "delay=60s").await;
    // The first message fits, and may wait for its whole delay.
    raw.send(&masked(0x82, &[0; 60_000])).await;
    nothing_but_a_pong(&mut raw).await;
    raw.send(&masked(0x82, &[0; 60_000])).await;
    assert_eq!(raw.close_code().await, 1013);
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!((closed.cause, closed.code), (Cause::OutOfMemory, Some(1013)));
    assert!(summary(&events).ends_with(&["< close".to_owned()]) || summary(&events).contains(&"< close".to_owned()));
    // All the memory is available again.
    let mut raw = open(&lab, "delay=50ms").await;
    raw.send(&masked(0x82, &[0; 90_000])).await;
    assert_eq!(raw.frame().await.1.len(), 90_000);
}

/// No memory is left, and a frame is half sent. The client would take a close frame for a part of it.
#[tokio::test]
async fn out_of_memory_during_a_frame() {
    let lab = Lab::with(|config| config.max_unfinished = 1_000).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x82, &[0; 100])[..56]).await;
    raw.take(52).await;
    feed.opening().await;
    assert_eq!(feed.command(1, Command::Binary(vec![0; 2_000])).await, None);
    assert_eq!(raw.rest().await, b"");
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.code), (Cause::OutOfMemory, None));
}

#[tokio::test]
async fn a_drip_of_a_huge_message() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "drip=1s").await;
    let content = vec![7; 8 << 20];
    raw.send(&masked(0x82, &content)).await;
    assert_eq!(raw.take(1).await, [0x82]);
    // The drip would take three months, but the close frame ends it at once.
    raw.send(&masked(0x88, &close(1000, ""))).await;
    let rest = raw.rest().await;
    assert_eq!(rest.len(), 9 + content.len() + 4);
    assert!(rest.ends_with(&frame(0x88, &close(1000, ""))));
}

/// The relay has written the end of the drip and the close frame after it, but the client receives only a part.
#[tokio::test]
async fn an_unsent_close_frame_after_a_drip_is_not_recorded() {
    let length = more_than_buffered();
    let change = |config: &mut framescope::args::Config| {
        (config.idle_timeout, config.write_timeout) = (Duration::from_secs(2), Duration::from_millis(500));
        (config.max_frame, config.max_message, config.max_unfinished) = (u64::MAX, u64::MAX, 4 * length as u64);
    };
    let lab = Lab::with(change).await;
    let mut feed = lab.feed().await;
    let mut raw = deaf(lab.address()).await;
    let clock = Clock::stop();
    raw.send(handshake(&format!("{}?drip=1s", lab.path()), "").as_bytes()).await;
    raw.head().await;
    raw.send(&masked(0x82, &vec![7; length])).await;
    feed.opening().await;
    let (_, closed) = clock.pass_until(feed.until_closed()).await;
    assert_eq!((closed.cause, closed.first, closed.code), (Cause::NotReading, None, None));
    assert_eq!(closed.server, observation::event::Count::default(), "no frame went out whole");
}

#[tokio::test]
async fn every_behaviour_drops_a_client_that_does_not_read() {
    let lab = Lab::with(|config| config.write_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    for query in ["fragments=100&fragment-pings", "delay=1ms", "fault=rsv1@1000000"] {
        let mut raw = open(&lab, query).await;
        let frame = masked(0x82, &vec![0; 1 << 20]);
        let pour = async { while tokio::io::AsyncWriteExt::write_all(&mut raw.0, &frame).await.is_ok() {} };
        soon(pour).await;
        feed.opening().await;
        assert_eq!(feed.until_closed().await.1.cause, Cause::NotReading, "{query}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_is_bounded_for_all_queued_data() {
    let relay = crate::support::process::Process::start(&["--max-unfinished", "4MiB"]).await;
    let before = relay.peak_kib();
    let mut lines = Vec::new();
    for n in 0..40 {
        let query =
            ["delay=60s", "drip=1s", "fragments=100&delay=60s", "delay=60s&fault=message-inside-message@1"][n % 4];
        let mut raw = Raw::open(relay.address, &format!("/echo?{query}")).await;
        let whole = masked(0x82, &vec![0; 300_000]);
        for _ in 0..20 {
            // The relay may close the connection meanwhile.
            if tokio::time::timeout(Duration::from_millis(200), tokio::io::AsyncWriteExt::write_all(&mut raw.0, &whole))
                .await
                .is_err()
            {
                break;
            }
        }
        lines.push(raw);
    }
    let more = relay.peak_kib() - before;
    assert!(more < 64 << 10, "{more} KiB");
}

/// A waiting connection does not check the time repeatedly.
#[tokio::test]
async fn no_behaviour_polls() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut lines = Vec::new();
    let half = &masked(0x82, &[0; 100])[..56];
    let half_text = &masked(0x81, &[b'x'; 100])[..56];
    let message = masked(0x81, &[b'x'; 100]);
    let close_frame = masked(0x88, b"");
    let states: [(&str, &[u8]); 17] = [
        ("", b""),
        ("push-every=50ms&ping-every=50ms", b""),
        ("drip=50ms", &message),
        ("delay=60s", &message),
        ("idle=10s", &message),
        ("idle=20ms", half),
        ("idle=20ms&close-after=30ms", half),
        ("close-after=10s&drop-after=20s&pong-within=60s&ping-every=10s", b""),
        ("push-every=20ms", half),
        ("push-every=20ms&drip=1s", half_text),
        ("push-every=20ms", &masked(0x01, b"begun")),
        ("close-answer=off&push-every=20ms&ping-every=20ms&idle=20ms", &close_frame),
        ("close-answer=off", &close_frame),
        ("fault=message-inside-message&push-every=50ms", &message),
        ("fault=data-after-close", &message),
        ("delay=60s&push-every=20ms&fragments=100", &message),
        ("open=silence", b""),
    ];
    for (query, bytes) in states {
        let mut raw = ask(&lab, query, "").await;
        if query != "open=silence" {
            raw.head().await;
        }
        raw.send(bytes).await;
        lines.push(raw);
    }
    let mut full = open(&lab, "delay=60s").await;
    flood(&mut full, &masked(0x82, b"x")).await;
    assert_eq!(feed.command(1, Command::Pause).await, None);
    // Nothing follows in either case, because the client's close frame ended the connection.
    for query in ["ping-every=20ms&push-every=20ms", "idle=20ms"] {
        assert!(feed.command(13, Command::Behave(query.to_owned())).await.is_some());
    }
    // An observer of all these connections would cause most of the work. This one has nothing to read and waits too.
    drop(feed);
    let silent = crate::support::http(lab.address(), "POST", "/api/sessions", "").await.json();
    let _silent = Feed::open(lab.address(), silent["id"].as_str().unwrap(), 0).await;
    // The settings of 20 ms and 50 ms cause about 350 wakeups a second.
    let each_second = wakeups(Duration::from_secs(5)).await / 5;
    assert!(each_second < 600, "it wakes up {each_second} times a second");
}

/// Answers the relay's close frame as soon as it arrives. Returns whether one arrived.
async fn answer_close(raw: &mut Raw) -> bool {
    let mut bytes = Vec::new();
    let _ = soon(async {
        let mut part = [0; 4096];
        loop {
            match tokio::io::AsyncReadExt::read(&mut raw.0, &mut part).await {
                Ok(count @ 1..) => bytes.extend_from_slice(&part[..count]),
                _ => return,
            }
            if bytes.windows(4).any(|window| window[0] == 0x88 && window[2..] == [0x03, 0xe9]) {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.0, &masked(0x88, &close(1001, ""))).await;
            }
        }
    })
    .await;
    bytes.windows(4).any(|window| window[0] == 0x88 && window[2..] == [0x03, 0xe9])
}

#[tokio::test]
async fn the_relay_ends_in_every_state() {
    let message = masked(0x81, &[b'x'; 100]);
    let states: [(&str, &[u8], Option<Command>); 9] = [
        ("delay=60s", &message, None),
        ("drip=1s", &message, None),
        ("drip=1s&delay=60s&push-every=20ms", &message, None),
        ("reply=none", &message, None),
        ("pong=off&ping-every=20ms", &message, None),
        ("close-after=60s&drop-after=60s&idle=60s", &message, None),
        ("", &message, Some(Command::Pause)),
        ("drip=1s", &message, Some(Command::Pause)),
        ("delay=60s", &message, Some(Command::Pause)),
    ];
    for (query, bytes, command) in states {
        // These limits must not end the connection.
        let change = |config: &mut framescope::args::Config| {
            (config.shutdown_grace, config.close_timeout) = (HOUR, HOUR);
        };
        let lab = Lab::with(change).await;
        let mut feed = lab.feed().await;
        let mut raw = open(&lab, query).await;
        raw.send(bytes).await;
        feed.opening().await;
        if let Some(command) = command.clone() {
            assert_eq!(feed.command(1, command).await, None);
        }
        let stopping = tokio::spawn(lab.relay.stop());
        assert!(answer_close(&mut raw).await, "{query}");
        let (_, closed) = feed.until_closed().await;
        assert_eq!((closed.cause, closed.clean), (Cause::Shutdown, true), "{query} {command:?}");
        drop((feed, raw));
        soon(stopping).await.unwrap();
    }
}

#[tokio::test]
async fn the_relay_ends_without_answers_from_clients() {
    // The grace period ends it; no other limit applies.
    let change = |config: &mut framescope::args::Config| {
        (config.shutdown_grace, config.close_timeout) = (Duration::from_millis(600), HOUR);
    };
    let lab = Lab::with(change).await;
    let mut feed = lab.feed().await;
    let mut lines = [
        open(&lab, "close-answer=off").await,
        open(&lab, "drip=1s&greet=hello").await,
        ask(&lab, "open=silence", "").await,
        ask(&lab, "open-delay=60s", "").await,
        open(&lab, "delay=60s").await,
        lab.open().await,
    ];
    lines[0].send(&masked(0x88, b"")).await;
    lines[4].send(&masked(0x81, b"hello")).await;
    lines[5].send(&masked(0x82, &[0; 100])[..56]).await;
    lines[5].take(52).await;
    assert_eq!(feed.command(2, Command::Pause).await, None);
    let stopping = tokio::spawn(lab.relay.stop());
    let (mut ends, mut refused) = (0, 0);
    while ends + refused < 6 {
        match feed.next().await.event {
            Event::Closed(_) => ends += 1,
            Event::Refusal(_) => refused += 1,
            _ => {}
        }
    }
    drop(feed);
    soon(stopping).await.unwrap();
}
