//! How a connection through a hop ends: the data that the hop has read arrives, and each leg has one end.

use super::upstream::Upstream;
use super::{Legs, relay_path};
use crate::ended_sessions;
use crate::support::clock::Clock;
use crate::support::deflate::noise;
use crate::support::kernel::most_buffered;
use crate::support::{HOUR, Lab, Raw, handshake, masked, soon};
use observation::event::Cause;
use observation::{Event, Intermediary, Party};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A relay in front of a server that the test plays. Returns the client's and the server's connection.
pub(crate) async fn pair(change: impl FnOnce(&mut framescope::args::Config)) -> (Lab, Raw, Raw) {
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let lab = Lab::with(|config| {
        config.relay_to = vec![allowed];
        change(config);
    })
    .await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &upstream.url("/")), "").as_bytes()).await;
    let server = upstream.accept().await.0;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    (lab, raw, server)
}

#[tokio::test]
async fn a_closing_handshake_is_forwarded() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    server.send(b"\x88\x02\x0f\xa0").await;
    assert_eq!(raw.frame().await, (0x88, b"\x0f\xa0".to_vec()));
    let answer = masked(0x88, b"\x0f\xa0");
    raw.send(&answer).await;
    assert_eq!(server.take(answer.len()).await, answer);
    drop(server);
    assert_eq!(raw.rest().await, b"");
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    for leg in [near, far] {
        let closed = leg.closed();
        assert_eq!((closed.cause, closed.clean, closed.first), (Cause::ClosingHandshake, true, Some(Party::Server)));
    }
}

/// The server ends while more data is in flight to a slow client than the sockets can buffer.
#[tokio::test]
async fn data_sent_before_the_end_arrives() {
    let (lab, mut raw, mut server) = pair(|config| config.close_timeout = Duration::from_secs(30)).await;
    let mut feed = lab.feed().await;
    let payload = noise(5, 6 << 20);
    let frame = [&b"\x82\x7f"[..], &(payload.len() as u64).to_be_bytes(), &payload].concat();
    let sending = tokio::spawn(async move {
        server.send(&frame).await;
        drop(server);
    });
    let (first, came) = raw.frame().await;
    assert!(first == 0x82 && came == payload);
    assert_eq!(raw.rest().await, b"");
    soon(sending).await.unwrap();
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::OtherLeg, Cause::ConnectionEnded));
    assert_eq!((near.closed().first, near.closed().clean), (None, false));
}

#[tokio::test]
async fn a_half_closed_client_still_gets_the_rest() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    raw.0.shutdown().await.unwrap();
    assert_eq!(server.rest().await, b"", "the end was forwarded");
    server.send(b"\x81\x04more").await;
    assert_eq!(raw.frame().await, (0x81, b"more".to_vec()));
    drop(server);
    assert_eq!(raw.rest().await, b"");
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::ConnectionEnded, Cause::OtherLeg));
    assert_eq!((near.frames().len(), far.frames().len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_does_not_end_after_the_client_is_dropped() {
    let (lab, raw, mut server) = pair(|config| config.close_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::ConnectionEnded, Cause::OtherLeg));
    assert_eq!(server.rest().await, b"");
}

#[tokio::test]
async fn a_reset_is_forwarded_as_a_reset() {
    for from_client in [true, false] {
        let (lab, raw, server) = pair(|_| {}).await;
        let mut feed = lab.feed().await;
        let (broken, mut other) = if from_client { (raw, server) } else { (server, raw) };
        broken.0.set_zero_linger().unwrap();
        drop(broken);
        let error = soon(other.0.read_to_end(&mut Vec::new())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        let causes = if from_client {
            (Cause::ConnectionLost, Cause::OtherLeg)
        } else {
            (Cause::OtherLeg, Cause::ConnectionLost)
        };
        assert_eq!((near.closed().cause, far.closed().cause), causes);
    }
}

#[tokio::test]
async fn a_truncated_frame_is_recorded_on_both_legs() {
    let (lab, mut raw, server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    raw.send(&masked(0x82, &noise(1, 5000))[..3000]).await;
    raw.0.shutdown().await.unwrap();
    drop(server);
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let cut =
        |leg: &super::Seen| leg.frames().iter().map(|frame| (frame.length, frame.payload_bytes)).collect::<Vec<_>>();
    assert_eq!(cut(&near), cut(&far));
    assert!(matches!(cut(&near)[..], [] | [(5000, ..3000)]), "{:?}", cut(&near));
}

/// One side does not read: the other is slowed down after a bounded number of bytes, and the connection is finally dropped.
#[tokio::test]
async fn a_side_that_does_not_read_slows_the_other_and_is_dropped() {
    for deaf_server in [true, false] {
        let (lab, raw, server) = pair(|config| config.write_timeout = Duration::from_millis(700)).await;
        let mut feed = lab.feed().await;
        let (mut talks, _deaf) = if deaf_server { (raw, server) } else { (server, raw) };
        let header =
            if deaf_server { b"\x82\xff\0\0\0\0\x40\0\0\0".to_vec() } else { b"\x82\x7f\0\0\0\0\x40\0\0\0".to_vec() };
        let key = if deaf_server { vec![0; 4] } else { Vec::new() };
        talks.send(&[header, key].concat()).await;
        let mut taken = 0_usize;
        let piece = vec![0; 64 << 10];
        let pour = async {
            while let Ok(count @ 1..) = talks.0.write(&piece).await {
                taken += count
            }
        };
        soon(pour).await;
        // The kernel's buffers of two connections, and one read of the relay.
        assert!(taken < most_buffered() + (1 << 20), "{taken} bytes");
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        let causes =
            if deaf_server { (Cause::OtherLeg, Cause::NotReading) } else { (Cause::NotReading, Cause::OtherLeg) };
        assert_eq!((near.closed().cause, far.closed().cause), causes);
    }
}

#[tokio::test]
async fn both_sides_get_1001_when_the_relay_shuts_down() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let stopping = tokio::spawn(lab.relay.stop());
    let (first, said) = raw.frame().await;
    assert_eq!((first, &said[..2]), (0x88, &b"\x03\xe9"[..]));
    let head = server.take(2).await;
    assert_eq!((head[0], head[1] & 0x80), (0x88, 0x80), "masked, as a client must");
    let mut said = server.take(usize::from(head[1] & 0x7f) + 4).await;
    let key: Vec<u8> = said.drain(..4).collect();
    let said: Vec<u8> = said.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    assert_eq!(said[..2], *b"\x03\xe9");
    raw.send(&masked(0x88, b"\x03\xe9")).await;
    server.send(b"\x88\x02\x03\xe9").await;
    drop(server);
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!(near.closed().first, Some(Party::Server));
    assert_eq!(far.closed().first, Some(Party::Client));
    assert!(near.closed().clean && far.closed().clean);
    drop(feed);
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn both_sides_get_1001_when_the_operator_ends_the_session() {
    let (lab, mut raw, mut server) =
        pair(|config| config.operation.admin_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let mut feed = lab.feed().await;
    let admin = lab.relay.admin_address().unwrap();
    assert_eq!(ended_sessions::end(admin, &ended_sessions::tags(admin).await[0]).await.status, 204);
    assert_eq!(raw.frame().await, (0x88, ended_sessions::close_payload()));
    let head = server.take(2).await;
    assert_eq!((head[0], head[1] & 0x80), (0x88, 0x80), "masked, as a client must");
    server.take(usize::from(head[1] & 0x7f) + 4).await;
    raw.send(&masked(0x88, b"\x03\xe9")).await;
    server.send(b"\x88\x02\x03\xe9").await;
    drop(server);
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Operator, Cause::Operator));
}

/// The connections end even if nobody answers the close frame. They are then not recorded as clean.
#[tokio::test]
async fn nobody_can_delay_the_end_of_the_relay() {
    // The grace period ends it; no other limit applies.
    let change = |config: &mut framescope::args::Config| {
        // The feed must tell of all ends within it too.
        (config.shutdown_grace, config.close_timeout) = (Duration::from_secs(3), HOUR);
    };
    let (lab, _raw, _server) = pair(change).await;
    let via = Raw::open(lab.address(), &super::via(&lab, "idle-cut", "")).await;
    let mut feed = lab.feed().await;
    let stopping = tokio::spawn(lab.relay.stop());
    let Legs(legs) = Legs::over(&mut feed, 4).await;
    for events in legs.values() {
        let Some(Event::Closed(closed)) = events.last() else { panic!("an end, not {events:?}") };
        assert!(!closed.clean, "{closed:?}");
    }
    drop((feed, via));
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn an_idle_route_is_ended_and_a_used_one_is_not() {
    let (lab, mut raw, mut server) = pair(|config| config.idle_timeout = Duration::from_millis(600)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    for _ in 0..15 {
        server.send(b"\x89\x00").await;
        assert_eq!(raw.frame().await, (0x89, Vec::new()));
        clock.pass(Duration::from_millis(100)).await;
        assert_eq!(raw.0.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "nothing else arrives");
    }
    clock.pass(Duration::from_millis(500)).await;
    drop(clock);
    assert!(soon(raw.0.read_to_end(&mut Vec::new())).await.is_err());
    assert!(soon(server.0.read_to_end(&mut Vec::new())).await.is_err());
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::Idle, Cause::Idle));
}

/// The middlebox forwards the lab's close frame.
#[tokio::test]
async fn the_end_of_the_relay_is_forwarded_by_a_middlebox() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = Raw::open(lab.address(), &super::via(&lab, "idle-cut", "")).await;
    let stopping = tokio::spawn(lab.relay.stop());
    let (first, said) = raw.frame().await;
    assert_eq!((first, &said[..2]), (0x88, &b"\x03\xe9"[..]));
    raw.send(&masked(0x88, b"\x03\xe9")).await;
    let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.over_box("idle-cut");
    assert_eq!((near.closed().cause, far.closed().cause), (Cause::ClosingHandshake, Cause::Shutdown));
    assert!(near.closed().clean && far.closed().clean);
    drop(feed);
    soon(stopping).await.unwrap();
}
