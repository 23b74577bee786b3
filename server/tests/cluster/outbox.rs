//! What waits in a relay while Redis is away: it is bounded, and what does not fit is a gap with its count.

use crate::cluster::Cluster;
use crate::support::fault_line::{Direction, FaultLine};
use crate::support::redis::RedisServer;
use crate::support::{Feed, Raw, masked, message};
use observation::{Event, FeedMessage, Observation};

/// No relay is taken for lost here, however long its line is down.
const FLAGS: [&str; 2] = ["--redis-lease", "1h"];

/// Two relays. The first one reaches Redis through the line.
async fn site() -> Option<(Cluster, FaultLine)> {
    let redis = RedisServer::start().await?;
    let line = FaultLine::to(redis.address).await;
    let (through_line, direct) = (format!("redis://{}", line.address), redis.url());
    Some((Cluster::with(redis, &[&through_line, &direct], &FLAGS).await?, line))
}

async fn echo(raw: &mut Raw, count: usize, bytes: usize) {
    for number in 0..count {
        // Different payloads, so that they do not share memory.
        let payload = format!("{number:>bytes$}");
        raw.send(&masked(0x81, payload.as_bytes())).await;
        assert_eq!(raw.frame().await.1, payload.as_bytes());
    }
}

async fn close(mut raw: Raw) {
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
}

/// Waits until the relay has said that recording is interrupted, or that it goes on.
async fn until_interrupted(watcher: &mut Feed, interrupted: bool) {
    loop {
        let message = message(&mut watcher.socket).await.unwrap();
        if matches!(message, FeedMessage::Recording(recording) if recording.interrupted == interrupted) {
            return;
        }
    }
}

/// Everything up to the end of the connection.
async fn to_the_end(feed: &mut Feed) -> Vec<Observation> {
    let mut all = Vec::new();
    loop {
        all.push(feed.next().await);
        if matches!(all[all.len() - 1].event, Event::Closed(_)) {
            return all;
        }
    }
}

#[tokio::test]
async fn what_fits_is_recorded_later() {
    let Some((site, line)) = site().await else { return };
    let (mut here, mut there, mut watcher) = (site.feed(0).await, site.feed(1).await, site.feed(0).await);
    let mut raw = site.open(0).await;
    echo(&mut raw, 1, 10).await;
    line.cut();
    echo(&mut raw, 200, 10).await;
    close(raw).await;
    until_interrupted(&mut watcher, true).await;
    line.heal();
    until_interrupted(&mut watcher, false).await;
    let all = to_the_end(&mut here).await;
    assert_eq!((all.len(), here.gaps.len()), (1 + 2 * 201 + 3, 0));
    assert_eq!(to_the_end(&mut there).await, all);
}

#[tokio::test]
async fn a_stalled_line_heals() {
    let Some((site, line)) = site().await else { return };
    let (mut here, mut watcher) = (site.feed(0).await, site.feed(0).await);
    let mut raw = site.open(0).await;
    line.stall(Direction::ToUpstream);
    line.stall(Direction::FromUpstream);
    echo(&mut raw, 5, 10).await;
    until_interrupted(&mut watcher, true).await;
    line.heal();
    until_interrupted(&mut watcher, false).await;
    close(raw).await;
    assert_eq!(to_the_end(&mut here).await.len(), 1 + 2 * 5 + 3);
}

#[tokio::test]
async fn what_does_not_fit_is_a_gap_with_its_count() {
    let Some((site, line)) = site().await else { return };
    let (mut here, mut there) = (site.feed(0).await, site.feed(1).await);
    let mut raw = site.open(0).await;
    echo(&mut raw, 1, 10).await;
    for _ in 0..3 {
        there.next().await;
    }
    line.stall(Direction::ToUpstream);
    echo(&mut raw, 100, 16_000).await;
    line.cut();
    echo(&mut raw, 3, 10).await;
    close(raw).await;
    line.heal();
    let all = to_the_end(&mut there).await;
    // Every observation has its number, whether it was dropped or not.
    let count = 1 + 2 * 104 + 3;
    assert_eq!(all[all.len() - 1].seq.0, count);
    let missing: u64 = there.gaps.iter().map(|gap| gap.to.0 - gap.from.0 + 1).sum();
    assert_eq!(3 + missing + all.len() as u64, count);
    // 256 KiB are at least 16 payloads; the relay may hold as much again in a batch that Redis has not acknowledged.
    assert!((208 - 64..208 - 15).contains(&missing), "{missing} are missing");
    let same = to_the_end(&mut here).await;
    assert_eq!((same[3..].to_vec(), &here.gaps), (all, &there.gaps));
}

#[tokio::test]
async fn a_connection_opens_without_redis() {
    let Some((site, line)) = site().await else { return };
    let mut there = site.feed(1).await;
    close(site.open(0).await).await;
    to_the_end(&mut there).await;
    line.cut();
    let mut raw = site.open(0).await;
    echo(&mut raw, 2, 10).await;
    line.heal();
    let opened = there.next().await;
    assert!(matches!(opened.event, Event::Opening(_)));
    // A number that no relay gets from Redis.
    assert!(opened.connection.0 > 1_000_000, "{opened:?}");
    close(raw).await;
    assert_eq!(to_the_end(&mut there).await.len(), 7);
}
