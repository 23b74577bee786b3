//! Compression bombs, a few bytes that inflate to many: the limit bounds their size, their memory, and the delay for others.

use crate::support::deflate::{Inflating, deflated, noise};
use crate::support::kernel::most_buffered;
use crate::support::process::Process;
use crate::support::{Lab, Raw, masked, soon};
use observation::event::Cause;
use observation::{Event, Party};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// This many zeros, compressed to about a thousandth of their size.
fn bomb(content: usize) -> Vec<u8> {
    deflated(&vec![0; content])
}

#[tokio::test]
async fn a_bomb_over_the_limit_stops_at_the_limit() {
    let lab = Lab::with(|config| config.max_message = 1 << 20).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    let payload = bomb(16 << 20);
    assert!(payload.len() < 20_000, "{} bytes on the wire", payload.len());
    raw.send(&masked(0xC2, &payload)).await;
    assert_eq!(raw.close_code().await, 1009);
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.code), (Cause::TooBig, Some(Party::Server), Some(1009)));
    let Event::Frame(frame) = &events[0] else { panic!("a frame, not {:?}", events[0]) };
    assert_eq!(frame.violations[0].rule, "message-too-big");
    // The relay inflated exactly as much as the limit allows.
    assert_eq!(frame.inflated.as_ref().unwrap().bytes, 1 << 20);
}

#[tokio::test]
async fn the_limit_applies_to_content_and_to_payload_bytes() {
    const LIMIT: usize = 100_000;
    let check = async |frames: &[Vec<u8>], right: bool| {
        let lab = Lab::with(|config| config.max_message = LIMIT as u64).await;
        let mut raw = lab.open_deflate("").await;
        raw.send(&frames.concat()).await;
        match right {
            true => assert_eq!(raw.frame().await.0 & 0xC0, 0xC0),
            false => assert_eq!(raw.close_code().await, 1009),
        }
    };
    for first in [0xC1, 0xC2] {
        check(&[masked(first, &bomb(LIMIT))], true).await;
        check(&[masked(first, &bomb(LIMIT + 1))], false).await;
        let payload = bomb(LIMIT + 1);
        let (front, back) = payload.split_at(payload.len() / 2);
        check(&[masked(first & 0x7F, front), masked(0x80, back)], false).await;
    }
    // Content that does not compress is slightly longer on the wire. The limit applies to that length too.
    let stored = deflated(&noise(1, LIMIT - 10));
    assert!(stored.len() > LIMIT);
    check(&[masked(0xC2, &stored)], false).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_bombs_under_the_limit_do_not_grow_the_process() {
    let relay = Process::start(&[]).await;
    let mut raw = Raw::open_deflate(relay.address, "/echo").await;
    let mut inflating = Inflating::new();
    raw.send(&masked(0xC2, &deflated(b"so that all is there that a first message makes"))).await;
    inflating.frames(&raw.message().await);
    let before = relay.peak_kib();
    // The first message would show up in memory if the relay kept all of it. The others would if the relay kept any part of them.
    let mut bombs = vec![masked(0xC2, &bomb(16 << 20))];
    bombs.resize(13, masked(0xC2, &bomb(1 << 20)));
    for frame in bombs {
        raw.send(&frame).await;
        for (_, payload) in raw.message().await {
            assert!(payload.len() < 50_000, "{} bytes for 16 MiB of zeros at the most", payload.len());
        }
    }
    let grown = relay.peak_kib() - before;
    assert!(grown < 6 << 10, "{grown} KiB more than before");
}

#[tokio::test]
async fn a_bomb_under_the_limit_does_not_block_others() {
    // The relay and both clients run on one thread.
    let lab = Lab::new().await;
    let mut greedy = lab.open_deflate("").await;
    let mut other = lab.open().await;
    // They are about 80 KiB on the wire, so they are sent at once, and take about 30 turns.
    let frame = masked(0xC2, &deflated(&noise(4, 600).repeat(14_000)));
    assert!(frame.len() < 150_000, "{} bytes", frame.len());
    greedy.send(&frame).await;
    let mut answered = 0;
    let others = async {
        loop {
            other.send(&masked(0x81, b"me too")).await;
            assert_eq!(other.frame().await, (0x81, b"me too".to_vec()));
            answered += 1;
        }
    };
    tokio::select! {
        _ = greedy.message() => {}
        () = others => {}
    }
    assert!(answered >= 10, "{answered} answers while 8 MiB were inflated and deflated");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_echoes_is_slowed_down_and_dropped() {
    let lab = Lab::with(|config| config.write_timeout = Duration::from_millis(300)).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    let frame = masked(0xC2, &deflated(&noise(2, 1 << 20)));
    let mut sent = 0;
    let flood = async {
        // Sends until the connection accepts no more bytes. Then the relay has stopped reading too.
        while raw.0.write_all(&frame).await.is_ok() {
            sent += 1;
        }
    };
    soon(flood).await;
    // Only the buffers of the sockets hold data. There is no queue.
    assert!(sent << 20 < most_buffered() + (4 << 20), "{sent} MiB went in and nothing was read");
    feed.opening().await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.clean), (Cause::NotReading, false));
}
