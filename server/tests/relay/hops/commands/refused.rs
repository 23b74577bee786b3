//! Commands that cannot be done on a side of a hop, and the reasons.

use super::{NEAR, acts_in, answer, ask, pair, text};
use crate::hops::Legs;
use crate::support::masked;
use observation::{Command, Intermediary};

#[tokio::test]
async fn a_forwarded_connection_has_no_behavior() {
    let (lab, raw, server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let refused = feed.command(NEAR, Command::Behave("delay=1s".to_owned())).await.unwrap();
    assert!(refused.contains("the server at its other end decides"), "{refused}");
    let refused = feed.command(NEAR, Command::Ping(vec![0; 126])).await.unwrap();
    assert!(refused.contains("at most 125 bytes"), "{refused}");
    let refused = feed.command(NEAR, Command::Raw(Vec::new())).await.unwrap();
    assert!(refused.contains("no bytes"), "{refused}");
    drop((raw, server));
    let (near, _) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let reasons: Vec<_> = acts_in(&near.events).iter().map(|act| act.refused.is_some()).collect();
    assert_eq!(reasons, [true; 3]);
    assert!(feed.command(NEAR, text("late")).await.unwrap().contains("is not open"));
}

#[tokio::test]
async fn what_still_waits_at_the_end_is_refused() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    server.send(b"\x82\x05half").await;
    raw.take(6).await;
    ask(&mut feed, 1, NEAR, text("never")).await;
    drop((raw, server));
    assert_eq!(answer(&mut feed, 1).await.as_deref(), Some("the connection ended before this was done"));
    let (near, _) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!(
        acts_in(&near.events).last().and_then(|act| act.refused.as_deref()),
        Some("the connection ended before this was done")
    );
}

/// After a violation, the relay forwards bytes that it cannot decode.
#[tokio::test]
async fn no_frame_is_added_where_no_place_is_known() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    server.send(b"\x82\x05half").await;
    raw.take(6).await;
    ask(&mut feed, 1, NEAR, text("waits")).await;
    server.send(b"!\xf2\x00").await;
    assert_eq!(raw.take(3).await, b"!\xf2\x00");
    let waited = answer(&mut feed, 1).await.unwrap();
    let refused = feed.command(NEAR, Command::Ping(Vec::new())).await.unwrap();
    for why in [waited, refused] {
        assert!(why.contains("no longer knows where a frame ends"), "{why}");
    }
    // The other direction is still decoded.
    assert_eq!(feed.command(super::FAR, Command::Ping(Vec::new())).await, None);
    assert_eq!(super::masked_frame(&mut server).await.0, 0x89);
}

/// The queue is bounded in bytes, not only in commands.
#[tokio::test]
async fn only_so_much_waits() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    server.send(b"\x82\x05half").await;
    raw.take(6).await;
    let large = "x".repeat(60_000);
    for id in 100..117 {
        ask(&mut feed, id, NEAR, text(&large)).await;
    }
    let full = feed.command(NEAR, text(&large)).await.unwrap();
    assert!(full.contains("too many commands already wait"), "{full}");
    server.send(b"!").await;
    assert_eq!(raw.take(1).await, b"!");
    for id in 100..117 {
        assert_eq!(raw.frame().await.1.len(), 60_000);
        assert_eq!(answer(&mut feed, id).await, None);
    }
    let frame = masked(0x81, b"on");
    raw.send(&frame).await;
    assert_eq!(server.take(frame.len()).await, frame);
}
