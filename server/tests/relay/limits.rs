//! The limits of a connection: the boundary of each limit, and the memory for incomplete messages.

use crate::support::{Lab, Raw, masked, soon};
use observation::event::Cause;
use observation::{Event, Party};
use tokio::io::AsyncWriteExt;

/// The header of a client's frame with a payload of `length` bytes, and a masking key of zeros.
fn header(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0xFF][..], &length.to_be_bytes(), &[0; 4]].concat()
}

/// Checks whether `frames` are echoed with a limit of `limit.0` bytes per frame and `limit.1` bytes per message. If not, the relay
/// must answer with 1009.
async fn check(limit: (u64, u64), frames: &[(u8, usize)], right: bool) {
    let lab = Lab::with(|config| (config.max_frame, config.max_message) = limit).await;
    let mut raw = Raw::open(lab.address(), "/echo").await;
    let payload = |length: usize| vec![b'x'; length];
    let sent: Vec<_> = frames.iter().map(|(first, length)| masked(*first, &payload(*length))).collect();
    raw.send(&sent.concat()).await;
    let whole = if right { frames.len() } else { frames.len() - 1 };
    for (first, length) in &frames[..whole] {
        assert_eq!(raw.frame().await, (*first, payload(*length)), "{frames:?} within {limit:?}");
    }
    if !right {
        assert_eq!(raw.close_code().await, 1009, "{frames:?} within {limit:?}");
    }
}

#[tokio::test]
async fn the_size_limits_are_inclusive() {
    for first in [0x81, 0x82] {
        // Sizes around each form of the length. The largest needs more than one read.
        for limit in [125, 126, 0xFFFF, 0x1_0000, 1 << 20] {
            check((limit, u64::MAX), &[(first, limit as usize)], true).await;
            check((limit, u64::MAX), &[(first, limit as usize + 1)], false).await;
            check((u64::MAX, limit), &[(first, limit as usize)], true).await;
            check((u64::MAX, limit), &[(first, limit as usize + 1)], false).await;
        }
    }
}

#[tokio::test]
async fn the_message_limit_counts_the_fragments_of_one_message() {
    for first in [0x01, 0x02] {
        let full = [(first, 600), (0x00, 0), (0x80, 400)];
        check((u64::MAX, 1000), &full, true).await;
        check((u64::MAX, 1000), &[&full[..], &full].concat(), true).await;
        check((u64::MAX, 1000), &[&full[..], &[(first, 600), (0x80, 401)]].concat(), false).await;
    }
}

#[tokio::test]
async fn a_limit_can_be_zero() {
    check((0, u64::MAX), &[(0x82, 0)], true).await;
    check((u64::MAX, 0), &[(0x81, 0), (0x81, 1)], false).await;
}

#[tokio::test]
async fn memory_is_not_reserved_by_the_announced_length() {
    let lab = Lab::new().await;
    for length in [u64::MAX >> 1, 1 << 40, (16 << 20) + 1] {
        let mut raw = Raw::open(lab.address(), "/echo").await;
        raw.send(&header(0x81, length)).await;
        assert_eq!(raw.close_code().await, 1009, "{length}");
    }
}

#[tokio::test]
async fn a_binary_frame_is_echoed_before_it_is_complete() {
    // The relay may not keep a single byte of unfinished messages, and does not need to.
    let lab = Lab::with(|config| config.max_unfinished = 0).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let half = vec![7; 512 << 10];
    raw.send(&[&header(0x82, 1 << 20)[..], &half].concat()).await;
    assert_eq!(raw.take(10).await, [0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    assert!(raw.take(half.len()).await == half);
    raw.send(&half).await;
    assert!(raw.take(half.len()).await == half);
    // Both are recorded at their end, as if each had arrived in one piece.
    feed.opening().await;
    let (sent, answered) = (feed.frame().await, feed.frame().await);
    assert_eq!((sent.from, answered.from), (Party::Client, Party::Server));
    assert_eq!((sent.payload_bytes, answered.payload_bytes), (1 << 20, 1 << 20));
    assert_eq!((sent.payload.len(), &sent.payload), (16 << 10, &answered.payload));
}

#[tokio::test]
async fn a_text_frame_is_echoed_once_its_utf8_is_checked() {
    let lab = Lab::new().await;
    // Half a text frame, and then the end of the connection. Nothing was echoed.
    let mut raw = lab.open().await;
    raw.send(&[&header(0x81, 1 << 20)[..], &vec![b'x'; 512 << 10]].concat()).await;
    raw.0.shutdown().await.unwrap();
    assert_eq!(raw.rest().await, b"");
    // The frame turns out not to be UTF-8.
    let mut raw = lab.open().await;
    raw.send(&[&header(0x81, 600_000)[..], &vec![b'x'; 599_999], b"\xff"].concat()).await;
    assert_eq!(raw.close_code().await, 1007);
    // After half a frame, later frames wait. A fragment before it was already echoed.
    let mut raw = lab.open().await;
    raw.send(&[&masked(0x01, b"first ")[..], &header(0x80, 300_000), &vec![b'x'; 299_999]].concat()).await;
    assert_eq!(raw.frame().await, (0x01, b"first ".to_vec()));
    raw.send(&[b"y", &masked(0x82, b"next")[..]].concat()).await;
    let (first, payload) = raw.frame().await;
    assert_eq!((first, payload.len(), payload.last()), (0x80, 300_000, Some(&b'y')));
    assert_eq!(raw.frame().await, (0x82, b"next".to_vec()));
}

#[tokio::test]
async fn all_unfinished_text_shares_one_limit() {
    let lab = Lab::with(|config| config.max_unfinished = 100_000).await;
    let mut feed = lab.feed().await;
    let (mut one, mut other) = (lab.open().await, lab.open().await);
    let part = [&header(0x81, 90_000)[..], &vec![b'x'; 60_000]].concat();
    one.send(&part).await;
    other.send(&part).await;
    // The order of arrival decides which of them exceeds the limit.
    let ((first, payload), lost, mut kept) = tokio::select! {
        frame = one.frame() => (frame, one, other),
        frame = other.frame() => (frame, other, one),
    };
    assert_eq!((first, &payload[..2]), (0x88, &1013_u16.to_be_bytes()[..]));
    assert_eq!(payload[2..], *b"this relay has no memory left for incomplete messages; try again later");
    feed.opening().await;
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.code), (Cause::OutOfMemory, Some(Party::Server), Some(1013)));
    let [Event::Frame(close), Event::Frame(half)] = &events[..] else { panic!("two frames, not {events:?}") };
    assert_eq!((close.opcode, half.from, closed.clean), (8, Party::Client, false));
    assert_eq!((half.length, half.payload_bytes < 90_000), (90_000, true), "as far as it arrived");
    // The other connection has lost no data.
    kept.send(&[b'y'; 30_000]).await;
    let (first, payload) = kept.frame().await;
    assert_eq!((first, payload.len()), (0x81, 90_000));
    // All the memory is available again at once, although the closed connection still exists.
    let mut next = Raw::open(lab.address(), "/echo").await;
    next.send(&[&header(0x81, 99_000)[..], &[b'x'; 98_999]].concat()).await;
    next.send(b"y").await;
    let (first, payload) = next.frame().await;
    assert_eq!((first, payload.len()), (0x81, 99_000));
    drop(lost);
}

/// The attack: a few large messages that never end.
#[tokio::test]
async fn large_unfinished_messages_leave_memory_for_small_ones() {
    let lab = Lab::with(|config| config.max_unfinished = 1 << 20).await;
    let mut feed = lab.feed().await;
    let part = |length: usize| [&header(0x81, 600_000)[..], &vec![b'x'; length]].concat();
    let (mut one, mut other) = (lab.open().await, lab.open().await);
    one.send(&part(500_000)).await;
    other.send(&part(500_000)).await;
    // One of them exceeds what is left for large messages.
    tokio::select! {
        (first, _) = one.frame() => assert_eq!(first, 0x88),
        (first, _) = other.frame() => assert_eq!(first, 0x88),
    }
    feed.opening().await;
    feed.opening().await;
    assert_eq!(feed.until_closed().await.1.cause, Cause::OutOfMemory);
    // Others still have memory for small ones.
    let mut small = lab.open().await;
    small.send(&[&header(0x81, 65_536)[..], &[b'x'; 65_535]].concat()).await;
    small.send(b"y").await;
    let (first, payload) = small.frame().await;
    assert_eq!((first, payload.len()), (0x81, 65_536), "{}", String::from_utf8_lossy(&payload));
}

#[tokio::test]
async fn one_connection_cannot_exceed_the_shared_limit() {
    let lab = Lab::with(|config| config.max_unfinished = 100_000).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let flood = async {
        let part = [&header(0x81, 10 << 20)[..], &vec![b'x'; 9 << 20]].concat();
        // The relay may close before everything is sent.
        let _ = raw.0.write_all(&part).await;
    };
    soon(flood).await;
    assert_eq!(raw.close_code().await, 1013);
    feed.opening().await;
    assert_eq!(feed.until_closed().await.1.cause, Cause::OutOfMemory);
    // A connection that ends inside a message frees its memory too.
    for _ in 0..5 {
        let mut raw = lab.open().await;
        raw.send(&[&header(0x81, 90_000)[..], &vec![b'x'; 60_000]].concat()).await;
        raw.0.shutdown().await.unwrap();
        assert_eq!(raw.rest().await, b"");
    }
}
