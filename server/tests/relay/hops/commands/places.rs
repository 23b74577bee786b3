//! Where a command's frame is placed: never inside a frame, and a message never inside a message.

use super::{FAR, NEAR, answer, ask, by_hand, masked_frame, pair, text};
use crate::hops::relay::leading_to;
use crate::hops::upstream::Upstream;
use crate::hops::{Legs, relay_path};
use crate::support::deflate::{Deflating, Inflating, noise};
use crate::support::{DEFLATE_OFFER, handshake, masked};
use observation::{Command, Intermediary, Party};

#[tokio::test]
async fn a_frame_that_is_being_forwarded_is_not_interrupted() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    // A frame is cut in its payload, in its extended length, and after its first byte.
    let payload = noise(3, 300);
    let frame = [&b"\x82\x7e\x01\x2c"[..], &payload].concat();
    for (id, cut) in [(1, 100), (2, 3), (3, 1)] {
        server.send(&frame[..cut]).await;
        assert!(raw.take(cut).await == frame[..cut]);
        ask(&mut feed, id, NEAR, Command::Ping(b"waits".to_vec())).await;
        server.send(&frame[cut..]).await;
        assert!(raw.take(frame.len() - cut).await == frame[cut..]);
        assert_eq!(raw.frame().await, (0x89, b"waits".to_vec()));
        assert_eq!(answer(&mut feed, id).await, None);
    }
    // The same toward the server, even inside the masking key.
    let frame = masked(0x81, b"from the client");
    raw.send(&frame[..4]).await;
    assert_eq!(server.take(4).await, frame[..4]);
    ask(&mut feed, 4, FAR, text("waits")).await;
    raw.send(&frame[4..]).await;
    assert_eq!(server.take(frame.len() - 4).await, frame[4..]);
    assert_eq!(masked_frame(&mut server).await.2, b"waits");
    assert_eq!(answer(&mut feed, 4).await, None);
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((by_hand(&near).len(), by_hand(&far).len()), (3, 1));
    assert!(near.frames().iter().chain(&far.frames()).all(|frame| frame.violations.is_empty()));
}

/// RFC 6455 §5.4: control frames may come between fragments, other messages may not.
#[tokio::test]
async fn a_message_waits_for_the_last_fragment() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    server.send(b"\x01\x05begun").await;
    assert_eq!(raw.frame().await, (0x01, b"begun".to_vec()));
    ask(&mut feed, 1, NEAR, text("first")).await;
    ask(&mut feed, 2, NEAR, Command::Raw(b"\x81\x03raw".to_vec())).await;
    assert_eq!(feed.command(NEAR, Command::Ping(b"may".to_vec())).await, None);
    assert_eq!(raw.frame().await, (0x89, b"may".to_vec()));
    server.send(b"\x00\x04more").await;
    assert_eq!(raw.frame().await, (0x00, b"more".to_vec()));
    server.send(b"\x80\x05ended\x81\x04next").await;
    assert_eq!(raw.frame().await, (0x80, b"ended".to_vec()));
    let mut rest = [raw.frame().await, raw.frame().await, raw.frame().await];
    // Both frames of the server may have come in one read.
    let next = rest.iter().position(|(_, payload)| payload == b"next").unwrap();
    rest[..=next].rotate_right(1);
    assert_eq!(rest.map(|(_, payload)| payload), [b"next".to_vec(), b"first".to_vec(), b"raw".to_vec()]);
    assert_eq!([answer(&mut feed, 1).await, answer(&mut feed, 2).await], [None, None]);
    drop((raw, server));
    let (near, _) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert!(near.frames().iter().all(|frame| frame.violations.is_empty()));
}

/// A message without compression may come between compressed ones, and changes nothing in their shared context. RFC 7692 §6.
#[tokio::test]
async fn a_message_between_compressed_messages() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &upstream.url("/")), DEFLATE_OFFER).as_bytes()).await;
    let (mut server, _) = upstream.accept_with("Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    raw.head().await;
    let (mut sends, mut reads) = (Deflating::new(), Inflating::new());
    let content = b"the same content, the same content";
    for _ in 0..3 {
        let payload = sends.message(content);
        server.send(&[&[0xc1, payload.len() as u8][..], &payload].concat()).await;
        let (first, payload) = raw.frame().await;
        assert_eq!((first, reads.message(&[payload])), (0xc1, content.to_vec()));
        assert_eq!(feed.command(NEAR, text("plain")).await, None);
        assert_eq!(raw.frame().await, (0x81, b"plain".to_vec()));
    }
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    for (seen, messages) in [(&near, 6), (&far, 3)] {
        let frames: Vec<_> = seen.frames().into_iter().filter(|frame| frame.from == Party::Server).collect();
        assert_eq!(frames.len(), messages);
        assert!(frames.iter().all(|frame| frame.violations.is_empty()));
        assert!(frames.iter().filter(|frame| frame.rsv1).all(|frame| frame.content() == content));
    }
}

/// A single client flood, and commands in between: every frame arrives whole, and in order.
#[tokio::test]
async fn commands_during_a_flood() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let payload = noise(9, 1000);
    let frame = [&b"\x82\x7e\x03\xe8"[..], &payload].concat();
    let flood = tokio::spawn(async move {
        for _ in 0..2000 {
            server.send(&frame).await;
        }
        server
    });
    let reading = tokio::spawn(async move {
        let (mut forwarded, mut inserted) = (0, 0);
        while forwarded < 2000 || inserted < 20 {
            match raw.frame().await {
                (0x82, came) => {
                    assert!(came == payload);
                    forwarded += 1;
                }
                (0x81, came) => {
                    assert_eq!(came, inserted.to_string().into_bytes());
                    inserted += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        raw
    });
    for n in 0..20 {
        assert_eq!(feed.command(NEAR, text(&n.to_string())).await, None);
    }
    drop((reading.await.unwrap(), flood.await.unwrap()));
}
